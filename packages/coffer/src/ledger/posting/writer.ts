/**
 * The writer of one book. Requests that arrive together are decided and committed together. While the database commits one batch, the next
 * is looked up, decided and sent behind it.
 *
 *   queue → take → look up → decide → send → (committed) → answer
 *
 * Several processes may write to one book. Each batch names its predecessor, so a writer that fell behind cannot commit. It rolls back its
 * batch, reads what the others wrote, and decides again, from then on under the book's lock.
 */
import { assert, Backoff } from '../../kernel/index.ts';
import { decideBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { DatabaseClock } from './clock.ts';
import { lookUpDue, mayHaveDue, neverReleased } from './due.ts';
import { FellBehind, followOthers, readBook } from './live.ts';
import type { Live } from './live.ts';
import { lookUp, lookUpKeys, lookUpSharedKeys, lookUpSpent, uncounted } from './lookup.ts';
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
/** How long each batch takes the book's lock after another process wrote to the book. */
const sharedForMs = 2_000;
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

/** `shared`: under the book's lock. `keysLookedUp`: before the decision, so none of them can turn out to have been used. */
type Posting = { readonly shared: boolean; readonly keysLookedUp: boolean };

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
  #sharedUntilMs = 0;
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

  /** True while postings can be answered. */
  get ready(): boolean {
    return this.fault === null;
  }

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
    return this.#inFlight.length < batchesInFlight && this.#queue.operations >= operationsToOverlap && !this.#isShared();
  }

  #isShared(): boolean {
    return performance.now() < this.#sharedUntilMs;
  }

  /** One batch, from the queue to the wire. */
  async #postNext(live: Live): Promise<void> {
    const { store, state } = live;
    const shared = this.#isShared();
    this.#taken = this.#queue.take(operationsPerBatch);
    if (shared) {
      await store.lockBook();
      await this.#catchUp(live);
    }
    // Taken before the look-ups, so that no hold expires between them and the decision.
    const now = this.#now();
    await lookUp(store, state, this.#taken);
    await lookUpSharedKeys(store, state, this.#taken);
    const toCount = uncounted(state, this.#taken);
    const toRelease = mayHaveDue(state, this.#taken, now);
    if (toCount.length + toRelease.length > 0) {
      await Promise.all(this.#inFlight.map((batch) => batch.done));
      await lookUpSpent(store, state, toCount, now);
      await lookUpDue(store, state, toRelease, this.#options.releasedUntil?.() ?? neverReleased, now);
    }
    const keysLookedUp = shared || performance.now() < this.#keysCheckedUntilMs;
    if (keysLookedUp) {
      const usedBefore = await lookUpKeys(store, state, this.#taken);
      if (usedBefore) this.#checkKeysForAWhile();
    }
    const requests = this.#taken.filter((request) => !request.givenUp);
    assert(this.#head, 'a connected writer knows the head');
    this.#send(store, decideBatch(this.#options.book, state, this.#head, requests, now), { shared, keysLookedUp });
    this.#taken = [];
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

  /** Sends a batch behind those in flight and answers it after them, because it was decided on their outcome. */
  #send(store: BookStore, batch: Batch, how: Posting): void {
    for (const request of batch.requests) request.sent ||= batch.sealed !== null;
    const sentAtMs = performance.now();
    if (this.#inFlight.length === 0) this.#sentAtMs = sentAtMs;
    const earlier = this.#inFlight.at(-1)?.done;
    const committed = this.#commit(store, batch, how);
    batch.done = Promise.all([earlier, committed]).then(() => this.#answer(batch, sentAtMs));
    batch.done.catch((failure: Error) => {
      this.#failure ??= failure;
      this.#queue.wake();
    });
    this.#head = batch.head;
    this.#inFlight.push(batch);
  }

  async #commit(store: BookStore, batch: Batch, { shared, keysLookedUp }: Posting): Promise<void> {
    if (batch.sealed) {
      const databaseMs = await store.post(batch.sealed, this.#options.term ?? null).catch((failure: unknown) => {
        throw isKeyUsedBefore(failure) && !keysLookedUp ? new KeyUsedBefore() : failure;
      });
      assert(databaseMs !== null || !shared, 'no other writer can commit while this one holds the lock');
      if (databaseMs === null) throw new FencedOut();
      this.#clock.anchor({ databaseMs, logEndMs: batch.head.recordedAt.getTime() });
    }
    if (shared) await store.unlockBook();
  }

  #answer(batch: Batch, sentAtMs: number): void {
    assert(this.#inFlight.shift() === batch, 'batches are answered in the order of the log');
    this.#sentAtMs = performance.now();
    if (batch.sealed) this.#history.committed(batch.head);
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

    if (failure instanceof FencedOut) {
      this.#enterSharedMode();
      this.#options.log.debug({ book: this.#options.book }, 'Another process writes to this book: switching to shared mode');
    } else if (failure instanceof KeyUsedBefore) {
      this.#checkKeysForAWhile();
    } else if (failure instanceof FellBehind) {
      this.#dropConnection();
    } else if (failure instanceof HistoryLost) {
      await this.#waitForAcceptance(failure);
    } else if (isReplaced(failure)) {
      this.#leave();
      this.#options.replaced?.();
    } else if (isFenceLost(failure)) {
      // Its transaction is over, and memory may be behind: a new connection reads the book again.
      this.#enterSharedMode();
      await this.#disconnect(failure, 'Another process wrote to this book at the same time; reading it again');
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

  #enterSharedMode(): void {
    this.#sharedUntilMs = performance.now() + sharedForMs;
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
    // Also releases the book's lock, which other processes may be waiting for.
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
      const { state, head, reading } = await readBook(store, this.#options);
      await this.#history.compare(store, head);
      this.#clock.anchor(reading);
      this.#head = head;
      this.#live = { store, state };
      return this.#live;
    } catch (failure) {
      await store.close();
      throw failure;
    }
  }

  /** Under the book's lock: brings memory up to the end of the log when others wrote to it. */
  async #catchUp(live: Live): Promise<void> {
    assert(this.#head, 'a connected writer knows the head');
    const head = await followOthers(live, this.#head);
    if (head !== this.#head) this.#enterSharedMode();
    this.#head = head;
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
