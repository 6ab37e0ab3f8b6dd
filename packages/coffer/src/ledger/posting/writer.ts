/**
 * The writer of one book. Requests that arrive together are decided together and committed together; while the database
 * commits one batch, the next is looked up, decided and sent behind it.
 *
 *   post() → queue → take → look up → decide → send → (committed) → answer
 *
 * Several processes may write to one book. Each batch names its predecessor, so a writer that lost its place cannot commit: it
 * takes back what it decided, reads what the others wrote, and decides again, from then on under the book's turn.
 */
import { assert, Backoff } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import { decideBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { DatabaseClock } from './clock.ts';
import { FellBehind, followOthers, readBook } from './live.ts';
import type { Live } from './live.ts';
import { lookUp, lookUpKeys, lookUpSpent, uncounted } from './lookup.ts';
import { tellObserver } from './observer.ts';
import type { BookStatus, LedgerObserver } from './observer.ts';
import { LedgerHalted, LedgerUnavailable, isKeyUsedBefore, isOutage } from './outages.ts';
import { RequestQueue, failExpired } from './queue.ts';
import type { Request } from './queue.ts';
import type { BookState } from './state.ts';
import { BookStore } from './store.ts';
import type { Head } from './store.ts';
import type { Operation, Outcome } from '../rules/types.ts';

export type WriterOptions = {
  readonly book: number;
  readonly url: string;
  readonly log: Log;
  /** How long a request waits for its answer before the caller is told that there is none; 10 s when absent. */
  readonly patienceMs?: number;
  readonly observe?: LedgerObserver | undefined;
  /** Whether a wallet of this id has its place in this book; every one when absent. */
  readonly keeps?: (walletId: string) => boolean;
};

/** Small enough that five hundred callers make two batches which overlap: 37,000/s, where one of 500 at a time made 25,000. */
const operationsPerBatch = 250;
/** Two on their way keep the database busy while a third is decided; more would only make the batches smaller. */
const batchesInFlight = 2;
/**
 * A batch overlaps another only when it has this many operations; a smaller one waits, and grows, until the other is committed.
 * A batch costs as much as forty operations: always overlapping, 64 callers over REST made batches of 7 and 11,700 transfers/s,
 * waiting makes 16,300. Waiting for more than this would cost 16 callers the overlap.
 */
const operationsToOverlap = 16;
/** After another process wrote to the book, each batch waits for the book's turn for so long. */
const sharedForMs = 2_000;
/**
 * A key that memory does not know is taken for new: the unique index says so when it is not, and the batch is decided again.
 * Then keys are looked up ahead for so long, so that a run of old keys costs look-ups, not batches.
 * Looking up always would cost 8 µs a transfer, a fifth of the whole.
 */
const keysCheckedForMs = 10_000;
/** A database that has not answered for so long is away, even if the connection to it stands; it is asked this often. */
const silenceMaxMs = 3_000;
const askEveryMs = 1_000;
const reconnectMs = { first: 50, most: 1_000 } as const;

/** `shared`: under the book's turn. `keysLookedUp`: before deciding, so that none of them can turn out to have been used. */
type Posting = { readonly shared: boolean; readonly keysLookedUp: boolean };

/** Another process was faster: this batch was decided on what is no longer the end of the log. */
class FencedOut extends Error {}
/** A key that memory did not know was used before: to be decided again, on what the look-up says. */
class KeyUsedBefore extends Error {}

export class BookWriter {
  readonly #options: WriterOptions;
  readonly #queue: RequestQueue;
  readonly #clock = new DatabaseClock();
  readonly #watch: NodeJS.Timeout;
  /** Present while connected and in step with the log. */
  #live: Live | null = null;
  /** The newest batch decided, committed or not: what the next one follows. */
  #head: Head | null = null;
  #taken: readonly Request[] = [];
  #inFlight: Batch[] = [];
  #failure: Error | null = null;
  #sharedUntilMs = 0;
  #keysCheckedUntilMs = 0;
  readonly #backoff = new Backoff(reconnectMs);
  #asking = false;
  #halted: LedgerHalted | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.patienceMs ?? 10_000);
    this.#watch = setInterval(() => {
      this.#expire();
      void this.#askDatabase();
    }, 250).unref();
  }

  /** Connects and reads the head; rejects when the database is not to be had. */
  async start(): Promise<void> {
    await this.#connect();
    this.#running = this.#run();
  }

  /** Takes no more, answers what waits, disconnects. */
  async stop(): Promise<void> {
    this.#queue.close();
    await this.#running;
    clearInterval(this.#watch);
    await this.#live?.store.close();
    this.#live = null;
  }

  /** True while postings can be answered. */
  get ready(): boolean {
    return this.#live !== null && this.#halted === null && this.#clock.silentMs < silenceMaxMs;
  }

  get status(): BookStatus {
    const { ready } = this;
    return { book: this.#options.book, ready, queueOperations: this.#queue.operations, clockSilentMs: this.#clock.silentMs };
  }

  /** Posts operations, each by itself, or all or none when `linked`. Answers when they are committed. */
  post(operations: readonly Operation[], linked: boolean): Promise<Outcome[]> {
    return this.#halted ? Promise.reject(this.#halted) : this.#queue.add(operations, linked);
  }

  async #run(): Promise<void> {
    while (!this.#halted) {
      if (this.#queue.closed && this.#queue.empty && this.#inFlight.length === 0) return;
      try {
        if (this.#failure !== null) throw this.#failure;
        // Not only when there is something to post: whoever asks whether the ledger is ready must see it come back.
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
      await store.takeTurn();
      await this.#catchUp(live);
    }
    await lookUp(store, state, this.#taken);
    const toCount = uncounted(state, this.#taken);
    if (toCount.length > 0) {
      await Promise.all(this.#inFlight.map((batch) => batch.done));
      await lookUpSpent(store, state, toCount, this.#now());
    }
    const keysLookedUp = shared || performance.now() < this.#keysCheckedUntilMs;
    if (keysLookedUp) {
      const usedBefore = await lookUpKeys(store, state, this.#taken);
      if (usedBefore) this.#checkKeysForAWhile();
    }
    const requests = this.#taken.filter((request) => !request.givenUp);
    this.#send(store, this.#decide(state, requests), { shared, keysLookedUp });
    this.#taken = [];
  }

  #decide(state: BookState, requests: readonly Request[]): Batch {
    const follows = this.#head;
    assert(follows, 'a connected writer knows the head');
    return decideBatch(this.#options.book, state, follows, requests, this.#now());
  }

  /** By the database's clock, and never before the end of the log. */
  #now(): Date {
    assert(this.#head, 'a connected writer knows the head');
    return this.#clock.now(this.#head.recordedAt);
  }

  /** Sends a batch behind those in flight, and answers it after them: it was decided on what they leave behind. */
  #send(store: BookStore, batch: Batch, how: Posting): void {
    for (const request of batch.requests) request.sent ||= batch.sealed !== null;
    const sentAtMs = performance.now();
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
      const databaseMs = await store.post(batch.sealed).catch((failure: unknown) => {
        throw isKeyUsedBefore(failure) && !keysLookedUp ? new KeyUsedBefore() : failure;
      });
      assert(databaseMs !== null || !shared, 'nobody overtakes a writer during its turn');
      if (databaseMs === null) throw new FencedOut();
      this.#clock.anchor(databaseMs);
    }
    if (shared) await store.endTurn();
  }

  #answer(batch: Batch, sentAtMs: number): void {
    assert(this.#inFlight.shift() === batch, 'batches are answered in the order of the log');
    this.#backoff.reset();
    this.#queue.wake();
    for (const [at, request] of batch.requests.entries()) request.answer(batch.answers[at] ?? []);
    const { observe, log } = this.#options;
    if (observe) tellObserver(observe, batch, performance.now() - sentAtMs, log);
  }

  /** Takes back what was not committed, puts its requests back to the front, and finds the way back to the log. */
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
      this.#takeTurnsForAWhile();
      this.#options.log.debug({ book: this.#options.book }, 'Another process writes to this book: taking turns');
    } else if (failure instanceof KeyUsedBefore) {
      this.#checkKeysForAWhile();
    } else if (failure instanceof FellBehind) {
      this.#dropConnection();
    } else if (isOutage(failure)) {
      await this.#disconnect(failure);
    } else {
      this.#halt(failure);
    }
  }

  async #disconnect(failure: unknown): Promise<void> {
    const { book, log } = this.#options;
    log.warn({ book, reason: failure instanceof Error ? failure.message : String(failure) }, "The ledger's database is away; trying again");
    this.#dropConnection();
    const delayMs = this.#backoff.nextMs();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (this.#queue.closed) this.#queue.failAll((request) => new LedgerUnavailable(request.sent ? 'unknown' : 'not_done'));
  }

  #takeTurnsForAWhile(): void {
    this.#sharedUntilMs = performance.now() + sharedForMs;
  }

  #checkKeysForAWhile(): void {
    this.#keysCheckedUntilMs = performance.now() + keysCheckedForMs;
  }

  #dropConnection(): void {
    // Not waited for: ending a connection that hangs can hang too.
    void this.#live?.store.close();
    this.#live = null;
  }

  #halt(failure: unknown): void {
    const { book, log } = this.#options;
    log.fatal({ book, err: failure }, 'The ledger stopped this book: it met what cannot be');
    const halted = new LedgerHalted(failure);
    this.#halted = halted;
    // Also gives the book's turn back, which other processes may be waiting for.
    this.#dropConnection();
    this.#queue.failAll((request) => (request.sent ? new LedgerUnavailable('unknown', { cause: failure }) : halted));
  }

  async #connect(): Promise<Live> {
    const { book, url } = this.#options;
    let connected: BookStore | null = null;
    const store = await BookStore.connect(url, book, (failure) => {
      // One of the two connections may end before the other is made; then the first statement on it says so.
      if (connected === null || this.#live?.store !== connected) return;
      this.#failure ??= failure;
      this.#queue.wake();
    });
    connected = store;
    try {
      const { state, head, databaseMs } = await readBook(store, this.#options);
      this.#clock.anchor(databaseMs);
      this.#head = head;
      this.#live = { store, state };
      return this.#live;
    } catch (failure) {
      await store.close();
      throw failure;
    }
  }

  /** Under the book's turn: brings memory up to the end of the log, when others wrote to it. */
  async #catchUp(live: Live): Promise<void> {
    assert(this.#head, 'a connected writer knows the head');
    const head = await followOthers(live, this.#head);
    if (head !== this.#head) this.#takeTurnsForAWhile();
    this.#head = head;
  }

  /** While nothing is posted: whether the database still answers, and what its clock says. */
  async #askDatabase(): Promise<void> {
    if (!this.#live || this.#asking || this.#clock.silentMs < askEveryMs) return;
    this.#asking = true;
    try {
      this.#clock.anchor(await this.#live.store.clock());
    } catch {
      // A connection that broke tells so by itself.
    } finally {
      this.#asking = false;
    }
  }

  /** Tells callers whose patience is over. What they asked for may still be posted if it was sent. */
  #expire(): void {
    this.#queue.dropExpired();
    const nowMs = performance.now();
    for (const requests of [this.#taken, ...this.#inFlight.map((batch) => batch.requests)]) {
      for (const request of requests) if (request.deadlineMs <= nowMs) failExpired(request);
    }
  }
}
