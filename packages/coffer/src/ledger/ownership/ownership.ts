/**
 * Which books this process owns, and where the others are. It renews its leases, takes books that nobody owns, and asks for its share of
 * those of others. A lease decides who should post; that a stale owner cannot post is up to the posting function.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import type { Log } from '../../kernel/index.ts';
import { attend, claim, giveBack, leave } from './leases.ts';
import type { Credential, Peer } from './leases.ts';
import { leaseMs, Observed } from './observed.ts';
import { bookToAskFor } from './rendezvous.ts';

export const renewEveryMs = 1_000;
const keyBytes = 32;
/** While a book has no owner, the leases are looked at many times a second; a key must outlive the greeting in which it is shown. */
const keyLivesMs = 900;
/** A process that has just started does not ask for the books of others yet: it may be one of many that start. */
const settledAfterMs = 5_000;

export type OwnershipOptions = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly self: Peer;
  readonly books: readonly number[];
  /** It owns the book from now on, under this term. */
  readonly gained: (book: number, term: number) => Promise<void>;
  /** Another process owns the book, or will: answers what is in flight and posts nothing more. */
  readonly lost: (book: number) => Promise<void>;
  /** Asks the owner of a book for it. */
  readonly ask: (owner: Peer, book: number) => void;
};

export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #observed = new Observed();
  readonly #loop: Loop;
  readonly #startedAtMs = performance.now();
  /** The terms of the books that this process owns. */
  readonly #owned = new Map<number, number>();
  readonly #changing = new Set<number>();
  /** Owners that do not listen any more: their books are taken without waiting for the end of their leases. */
  readonly #gone = new Set<string>();
  /** The process that asked for a book goes first. */
  readonly #handedOverAtMs = new Map<number, number>();
  #key: Buffer | null = null;
  #keyAtMs = 0;
  #looks = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];

  private constructor(options: OwnershipOptions) {
    this.#options = options;
    const { log } = options;
    this.#loop = startLoop({
      everyMs: renewEveryMs,
      firstMs: renewEveryMs,
      work: () => this.#look(),
      pauses: { first: 100, most: renewEveryMs },
      failed: (failure, isFirst) => {
        if (isFirst) log.debug({ err: failure }, 'Could not renew the leases of books; retrying');
        this.#changed();
      },
    });
  }

  /** Returns when the books that nobody owned are this process'. Throws when the database cannot be reached. */
  static async start(options: OwnershipOptions): Promise<Ownership> {
    const ownership = new Ownership(options);
    try {
      await ownership.#look();
      return ownership;
    } catch (failure) {
      await ownership.stop();
      throw failure;
    }
  }

  /** Proves to other processes that this one works on the database; null before it has attended. */
  get credential(): Credential | null {
    return this.#key && { process: this.#options.self.id, key: this.#key };
  }

  /** The owner of a book as last seen; null: nobody, or this process. */
  ownerOf(book: number): Peer | null {
    const process = this.#observed.lease(book)?.process ?? null;
    return process === null || process === this.#options.self.id ? null : this.#observed.peer(process);
  }

  /** The term of the book's owner, as last seen; 0: it had none. */
  termOf(book: number): number {
    return this.#owned.get(book) ?? this.#observed.lease(book)?.term ?? 0;
  }

  /** Resolves after the next look at the leases, or at the deadline (by performance.now). */
  async change(deadlineMs: number): Promise<void> {
    const looks = this.#looks;
    const until = new AbortController();
    const looked = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#loop.notify();
    await Promise.race([
      looked,
      sleep(Math.max(0, deadlineMs - performance.now()), undefined, { signal: until.signal }).catch(() => undefined),
    ]);
    until.abort();
    // A look that changed nothing: the next one is worth a moment.
    if (this.#looks > looks) await sleep(10);
  }

  /** Looks at the leases at once. */
  look(): void {
    this.#loop.notify();
  }

  /** The address of this owner refuses connections: it has ended. */
  isGone(owner: Peer): void {
    this.#gone.add(owner.id);
    this.#loop.notify();
  }

  /** The owner answers after all. */
  isBack(owner: Peer): void {
    this.#gone.delete(owner.id);
    this.#changed();
  }

  /** Hands a book over to a process that asks for it. */
  async handOver(book: number): Promise<void> {
    if (!this.#owned.has(book) || this.#changing.has(book)) return;
    await this.#lose(book);
    this.#handedOverAtMs.set(book, performance.now());
    await giveBack(this.#options.pool, this.#options.self.id, [book]);
  }

  /** The posting function says that another process owns the book. */
  wasReplaced(book: number): void {
    void this.#lose(book).then(() => this.#loop.notify());
  }

  /** Gives every book back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    const owned = [...this.#owned.keys()];
    await Promise.all(owned.map((book) => this.#lose(book)));
    const { pool, self, log } = this.#options;
    try {
      await giveBack(pool, self.id, owned);
      await leave(pool, self.id);
    } catch (failure) {
      log.debug({ err: failure }, 'Could not give books back; others take them when the leases end');
    }
    this.#changed();
  }

  async #look(): Promise<void> {
    const { pool, self, books } = this.#options;
    const atMs = performance.now();
    const key = this.#key && atMs - this.#keyAtMs < keyLivesMs ? this.#key : randomBytes(keyBytes);
    this.#observed.see(await attend(pool, self, key, books), atMs);
    if (key !== this.#key) this.#keyAtMs = atMs;
    this.#key = key;
    await Promise.all(books.map((book) => this.#settle(book, atMs)));
    this.#askForShare(atMs);
    this.#changed();
  }

  async #settle(book: number, atMs: number): Promise<void> {
    if (this.#changing.has(book)) return;
    const { self } = this.#options;
    const lease = this.#observed.lease(book);
    const term = this.#owned.get(book);
    if (term !== undefined) {
      if (lease?.process !== self.id || lease.term !== term) await this.#lose(book);
      return;
    }
    // A process that restarts under the same id does not exist, so a lease of this process that it does not know is one it gave up.
    const isFree = this.#observed.isFree(book, atMs) || lease?.process === self.id || (lease?.process && this.#gone.has(lease.process));
    const isPromised = atMs - (this.#handedOverAtMs.get(book) ?? Number.NEGATIVE_INFINITY) < leaseMs;
    if (self.owns !== 'none' && isFree && !isPromised && !this.#stopped) await this.#claim(book);
  }

  async #claim(book: number): Promise<void> {
    const { pool, self, gained, log } = this.#options;
    this.#changing.add(book);
    try {
      const term = await claim(pool, self.id, book, this.#observed.lease(book));
      if (term === null) return;
      this.#owned.set(book, term);
      log.debug({ book, term }, 'This process owns the book');
      await gained(book, term);
    } catch (failure) {
      if (this.#owned.delete(book)) await giveBack(pool, self.id, [book]).catch(() => undefined);
      throw failure;
    } finally {
      this.#changing.delete(book);
    }
  }

  async #lose(book: number): Promise<void> {
    if (!this.#owned.delete(book)) return;
    this.#changing.add(book);
    try {
      await this.#options.lost(book);
    } finally {
      this.#changing.delete(book);
    }
  }

  #askForShare(atMs: number): void {
    const { self, ask } = this.#options;
    if (self.owns !== 'share' || this.#stopped || atMs - this.#startedAtMs < settledAfterMs) return;
    const owners = new Map<number, string>();
    for (const book of this.#options.books) {
      const owner = this.#owned.has(book) ? self.id : this.#observed.lease(book)?.process;
      if (owner) owners.set(book, owner);
    }
    const book = bookToAskFor(self.id, this.#observed.servers(atMs), owners);
    const owner = book === null ? null : this.ownerOf(book);
    if (book !== null && owner) ask(owner, book);
  }

  #changed(): void {
    this.#looks++;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
