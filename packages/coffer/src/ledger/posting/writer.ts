/**
 * The writer of one book. Requests that arrive together are decided and committed together. While the database commits one batch, the next
 * is looked up, decided and sent behind it.
 *
 *   queue → take → look up → decide → send → (committed) → answer
 *
 * A writer posts under the term of the lease by which its process owns the book, and stops when the term has ended. Safety does not depend
 * on that: each batch names its predecessor, so a batch that was decided on anything but the end of the log is not committed.
 */
import { assert, Backoff } from '../../kernel/index.ts';
import { decideBatch, mayMissRetry } from './batch.ts';
import type { Batch } from './batch.ts';
import { DatabaseClock } from './clock.ts';
import { lookUpDue, mayHaveDue, neverReleased } from './due.ts';
import { readBook } from './live.ts';
import type { Live } from './live.ts';
import { lookUp, lookUpDefinitions, lookUpKeys, lookUpSpent, namesUnknown, uncounted } from './lookup.ts';
import { notifyObserver } from './observer.ts';
import type { BookFault, WriterStatus } from './observer.ts';
import { History, HistoryLost } from './history.ts';
import {
  FencedOut,
  KeyUsedBefore,
  LedgerBehind,
  LedgerHalted,
  LedgerUnavailable,
  NotOwner,
  isAssetRetired,
  isFenceLost,
  isKeyUsedBefore,
  isOutage,
  isReplaced,
} from './outages.ts';
import { RequestQueue, failExpired } from './queue.ts';
import type { Request } from './queue.ts';
import type { WriterOptions } from './options.ts';
import { BookStore } from './store.ts';
import type { Head } from './store.ts';

/** Small enough that five hundred callers make two overlapping batches: 37,000/s, compared with 25,000 for one of 500 at a time. */
const operationsPerBatch = 250;
/** Two in flight keep the database busy while a third is decided; more would only make the batches smaller. */
const batchesInFlight = 2;
/**
 * A batch overlaps another only when it has this many operations; a smaller one waits, and grows, until the other is committed. A batch
 * costs as much as forty operations. With constant overlap, 64 callers over REST made batches of 7 and 11,700 transfers/s; with waiting,
 * 16,300. A higher threshold would cost 16 callers the overlap.
 */
const operationsToOverlap = 16;
/**
 * An unknown key is assumed to be new. If it is not, the unique index rejects the batch, which is decided again. Keys are then looked up
 * ahead for this long, so that a run of old keys costs look-ups, not batches. Constant look-ups would cost 8 µs per transfer, a fifth of
 * the total.
 */
const keysCheckedForMs = 10_000;
/** A database that has not answered for this long is unavailable, even if the connection is open. */
const silenceMaxMs = 3_000;
/** A batch that is not committed within this time shows that nothing can be. */
const commitMaxMs = 5_000;
/** How often a writer whose log was cut off looks whether the loss was accepted. */
const acceptedEveryMs = 1_000;
const reconnectMs = { first: 50, most: 1_000 } as const;

export class BookWriter {
  readonly #options: WriterOptions;
  readonly #queue: RequestQueue;
  readonly #clock: DatabaseClock;
  readonly #watch: NodeJS.Timeout;
  /** Set while connected and in step with the log. */
  #live: Live | null = null;
  /** The newest decided batch, committed or not: the next one follows it. */
  #head: Head | null = null;
  readonly #history: History;
  /** When the oldest batch in flight was sent. */
  #sentAtMs = 0;
  #taken: readonly Request[] = [];
  #inFlight: Batch[] = [];
  #failure: Error | null = null;
  #keysCheckedUntilMs = 0;
  readonly #backoff = new Backoff(reconnectMs);
  #halted: LedgerHalted | null = null;
  #isReplaced = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#clock = new DatabaseClock(options);
    this.#history = new History(options);
    this.#queue = new RequestQueue(options.patienceMs ?? 10_000, () => this.#refusal());
    this.#watch = setInterval(() => {
      this.#expire();
      if (this.#live) void this.#clock.probe(this.#live.store);
    }, 250).unref();
  }

  /** Connects and reads the head; rejects when the database cannot be reached. */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (failure) {
      if (!(failure instanceof HistoryLost)) throw failure;
      this.#failure = failure;
    }
    this.#running = this.#run();
  }

  /** Accepts nothing more, answers what is queued, disconnects. */
  async stop(): Promise<void> {
    this.#queue.close();
    await this.#running;
    clearInterval(this.#watch);
    await this.#live?.store.close();
    this.#live = null;
  }

  /** Why postings cannot be answered; null while they can. */
  get fault(): BookFault | null {
    if (this.#halted) return 'halted';
    if (this.#history.lost) return 'history_lost';
    if (!this.#isAllowed) return 'unsafe';
    if (this.#live === null || this.#clock.silentMs >= silenceMaxMs) return 'unavailable';
    return this.#inFlight.length > 0 && performance.now() - this.#sentAtMs > commitMaxMs ? 'stalled' : null;
  }

  get #isAllowed(): boolean {
    return this.#options.mayPost?.() ?? true;
  }

  get status(): WriterStatus {
    const { fault } = this;
    return {
      book: this.#options.book,
      ready: fault === null,
      fault,
      queueOperations: this.#queue.operations,
      clockSilentMs: this.#clock.silentMs,
      aheadMs: this.#clock.aheadMs,
    };
  }

  /** Where operations are posted. */
  get queue(): Pick<RequestQueue, 'add' | 'addPrepared'> {
    return this.#queue;
  }

  /** Assets are read again before the next decision. */
  definitionsChanged(): void {
    if (this.#live) this.#live.state.doubtsDefinitions = true;
  }

  /** Why nothing can be posted at all; null while it can, or may soon. */
  #refusal(): Error | null {
    if (this.#isReplaced) return new NotOwner(false);
    if (this.#halted) return this.#halted;
    const { lost } = this.#history;
    if (lost) return new LedgerBehind({ cause: lost });
    return this.#isAllowed ? null : new LedgerUnavailable('not_done');
  }

  async #run(): Promise<void> {
    while (!this.#halted) {
      if (this.#queue.closed && this.#queue.empty && this.#inFlight.length === 0) return;
      try {
        if (this.#failure !== null) throw this.#failure;
        // Even with nothing to post: readiness must recover.
        const live = this.#live ?? (await this.#connect());
        if (this.#mayPost()) await this.#postNext(live);
        else await this.#queue.somethingNew();
      } catch (failure) {
        await this.#recover(failure);
      }
    }
  }

  #mayPost(): boolean {
    if (this.#queue.empty) return false;
    if (this.#inFlight.length === 0) return true;
    return this.#inFlight.length < batchesInFlight && this.#queue.operations >= operationsToOverlap;
  }

  /** One batch, from the queue to the wire. */
  async #postNext(live: Live): Promise<void> {
    this.#taken = this.#queue.take(operationsPerBatch);
    await this.#postTaken(live, performance.now() < this.#keysCheckedUntilMs);
    this.#taken = [];
  }

  async #postTaken(live: Live, looksUpKeys: boolean): Promise<void> {
    const { store, state } = live;
    // Taken before the look-ups, so that no hold expires between them and the decision.
    const now = this.#now();
    await lookUp(live, this.#taken);
    const isUnknown = namesUnknown(state, this.#taken);
    const toCount = uncounted(state, this.#taken);
    const toRelease = mayHaveDue(state, this.#taken, now);
    if (isUnknown || toCount.length + toRelease.length > 0) {
      await Promise.all(this.#inFlight.map((batch) => batch.done));
      if (isUnknown) await lookUpDefinitions(store, state);
      await lookUpSpent(store, state, toCount, now);
      await lookUpDue(store, state, toRelease, this.#options.releasedUntil?.() ?? neverReleased, now);
    }
    if (looksUpKeys && (await lookUpKeys(store, state, this.#taken))) this.#checkKeysForAWhile();
    const requests = this.#taken.filter((request) => !request.givenUp);
    assert(this.#head, 'a connected writer knows the head');
    const batch = decideBatch(this.#options.book, state, this.#head, requests, now);
    if (looksUpKeys || !mayMissRetry(state, batch)) return this.#send(store, batch, looksUpKeys);
    state.takeBack(batch.changes);
    await this.#postTaken(live, true);
  }

  /** The moment at which an operation would be decided now; null while disconnected. */
  get now(): Date | null {
    return this.#live && this.#now();
  }

  /** By the database's clock, and never before the end of the log. */
  #now(): Date {
    assert(this.#head, 'a connected writer knows the head');
    return this.#clock.now(this.#head.recordedAt);
  }

  /**
   * Sends a batch behind those in flight and answers it after them, because it was decided on their outcome. `keysLookedUp`: before the
   * decision, so none of its keys can turn out to have been used.
   */
  #send(store: BookStore, batch: Batch, keysLookedUp: boolean): void {
    for (const request of batch.requests) request.sent ||= batch.sealed !== null;
    const sentAtMs = performance.now();
    if (this.#inFlight.length === 0) this.#sentAtMs = sentAtMs;
    const earlier = this.#inFlight.at(-1)?.done;
    const committed = this.#commit(store, batch, keysLookedUp);
    batch.done = Promise.all([earlier, committed]).then(() => this.#answer(batch, sentAtMs));
    batch.done.catch((failure: Error) => {
      this.#failure ??= failure;
      this.#queue.wake();
    });
    this.#head = batch.head;
    this.#inFlight.push(batch);
  }

  async #commit(store: BookStore, { sealed, head }: Batch, keysLookedUp: boolean): Promise<void> {
    if (!sealed) return;
    const databaseMs = await store.post(sealed, this.#options.term).catch((failure: unknown) => {
      throw isKeyUsedBefore(failure) && !keysLookedUp ? new KeyUsedBefore() : failure;
    });
    if (databaseMs === null) throw new FencedOut();
    this.#clock.anchor({ databaseMs, logEndMs: head.recordedAt.getTime() });
  }

  #answer(batch: Batch, sentAtMs: number): void {
    assert(this.#inFlight.shift() === batch, 'batches are answered in the order of the log');
    this.#sentAtMs = performance.now();
    if (batch.sealed) {
      this.#history.committed(batch.head);
      this.#live?.newest.committed(batch.entries);
    }
    this.#backoff.reset();
    this.#queue.wake();
    for (const [at, request] of batch.requests.entries()) request.answer(batch.answers[at] ?? []);
    const { observe, log } = this.#options;
    if (observe) notifyObserver(observe, batch, performance.now() - sentAtMs, log);
  }

  /** Rolls back what was not committed, requeues its requests at the front, and resynchronizes with the log. */
  async #recover(failure: unknown): Promise<void> {
    await Promise.allSettled(this.#inFlight.map((batch) => batch.done));
    const undone = this.#inFlight;
    for (const batch of undone.toReversed()) this.#live?.state.takeBack(batch.changes);
    if (undone[0]) this.#head = undone[0].follows;
    this.#queue.putBack([...undone.flatMap((batch) => batch.requests), ...this.#taken]);
    this.#inFlight = [];
    this.#taken = [];
    this.#failure = null;

    if (failure instanceof KeyUsedBefore) {
      this.#checkKeysForAWhile();
    } else if (isAssetRetired(failure)) {
      this.definitionsChanged();
    } else if (failure instanceof HistoryLost) {
      await this.#waitForAcceptance(failure);
    } else if (isReplaced(failure)) {
      this.#leave();
      this.#options.replaced();
    } else if (isFenceLost(failure)) {
      // The term holds, so only this process posts, and memory knows the end of the log, unless something wrote to the log beside the
      // leases (an operator's command, a repair by hand). Balances and keys in memory may be outdated too: none of it is used again.
      await this.#disconnect(failure, 'The log of this book does not end where this process left it; reading the book again');
    } else if (isOutage(failure)) {
      await this.#disconnect(failure, "The ledger's database is unavailable; retrying");
    } else {
      this.#halt(failure);
    }
  }

  async #disconnect(failure: unknown, sentence: string): Promise<void> {
    const { book, log } = this.#options;
    log.warn({ book, reason: failure instanceof Error ? failure.message : String(failure) }, sentence);
    this.#dropConnection();
    const delayMs = this.#backoff.nextMs();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.#queue.closed) this.#queue.failAll((request) => new LedgerUnavailable(request.sent ? 'unknown' : 'not_done'));
  }

  /** The log lacks what was committed. Only an operator may decide to go on. */
  async #waitForAcceptance(failure: HistoryLost): Promise<void> {
    this.#dropConnection();
    this.#history.lose(failure);
    this.#queue.failAll((request) =>
      request.sent ? new LedgerUnavailable('unknown', { cause: failure }) : new LedgerBehind({ cause: failure }),
    );
    await new Promise((resolve) => setTimeout(resolve, acceptedEveryMs));
  }

  /** Another process owns the book: its requests ask there. */
  #leave(): void {
    this.#isReplaced = true;
    this.#dropConnection();
    this.#queue.close();
    this.#queue.failAll((request) => new NotOwner(request.sent));
  }

  #checkKeysForAWhile(): void {
    this.#keysCheckedUntilMs = performance.now() + keysCheckedForMs;
  }

  #dropConnection(): void {
    // Not awaited: closing a hung connection can hang too.
    void this.#live?.store.close();
    this.#live = null;
  }

  #halt(failure: unknown): void {
    const { book, log } = this.#options;
    log.fatal({ book, err: failure }, 'Book halted: invariant violated');
    const halted = new LedgerHalted(failure);
    this.#halted = halted;
    this.#dropConnection();
    this.#queue.failAll((request) => (request.sent ? new LedgerUnavailable('unknown', { cause: failure }) : halted));
  }

  async #connect(): Promise<Live> {
    const { book, url } = this.#options;
    let connected: BookStore | null = null;
    const store = await BookStore.connect(url, book, (failure) => {
      // One of the two connections may end before the other is made; the first statement on it then fails.
      if (connected === null || this.#live?.store !== connected) return;
      this.#failure ??= failure;
      this.#queue.wake();
    });
    connected = store;
    try {
      const { state, newest, head, reading } = await readBook(store, this.#options);
      await this.#history.compare(store, head);
      this.#clock.anchor(reading);
      this.#head = head;
      this.#live = { store, state, newest };
      // What changed since they were read was reported before there was a state to note it.
      this.definitionsChanged();
      return this.#live;
    } catch (failure) {
      await store.close();
      throw failure;
    }
  }

  /** Rejects requests past their deadline. Those that were sent may still be posted. */
  #expire(): void {
    this.#queue.dropExpired();
    const nowMs = performance.now();
    for (const requests of [this.#taken, ...this.#inFlight.map((batch) => batch.requests)]) {
      for (const request of requests) if (request.deadlineMs <= nowMs) failExpired(request);
    }
  }
}
