/** The ledger's interface: one way to post, and the ways to read. Callers need not know how many books there are. */
import type pg from 'pg';
import { createPool } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { Assets } from './assets/assets.ts';
import { watchDefinitions } from './assets/watch.ts';
import { Chart } from './chart/chart.ts';
import type { Loop } from '../background/index.ts';
import { openBooks } from './books/opening.ts';
import { bookOfWallet } from './books/placement.ts';
import { LedgerReader } from './books/reader.ts';
import { BookRouter } from './books/router.ts';
import { aheadMaxMs } from './posting/clock.ts';
import { neverReleased } from './posting/due.ts';
import { Owners } from './ownership/index.ts';
import type { PeerOptions } from './ownership/index.ts';
import { Expiry } from './posting/expiry.ts';
import type { KnownHead } from './posting/history.ts';
import type { BookFault, BookStatus, LedgerObserver } from './posting/observer.ts';
import { planSettings } from './posting/store.ts';
import { BookWriter } from './posting/writer.ts';
import { Closings } from './reading/closings.ts';
import { Totals } from './reading/totals.ts';
import type { Operation, Outcome, RecordedEntry } from './rules/types.ts';

const readConnections = 4;
/** How long an operation waits for its book, by default. */
const patienceDefaultMs = 10_000;
/** A lease that is not renewed in time is lost, so renewing must not hang. */
const leasePool = {
  connectionsMax: 2,
  applicationName: 'coffer owners of books',
  settings: { ...planSettings, statement_timeout: '2s' },
  connectTimeoutMs: 3_000,
  queryTimeoutMs: 3_000,
};

const faultSentences: Readonly<Partial<Record<BookFault, string>>> = {
  stalled: 'the database does not commit; a synchronous standby may be away.',
  history_lost: 'the database lost a part of the log that was answered. Bring it back, or run coffer accept-loss.',
  halted: 'halted after an internal error. Read the log and restart Coffer.',
};

/** The read-only ledger. */
export type ReadableLedger = {
  readonly assets: Assets;
  /** The accounts beside wallets and the accounts of each book. */
  readonly chart: Chart;
  /** The numbers of its books, starting at 1. */
  readonly books: readonly number[];
  readonly read: LedgerReader;
  /** Closed periods. */
  readonly closings: Closings;
  /** Sums over all books. */
  readonly totals: Totals;
};

export type Ledger = ReadableLedger & {
  /** True while every book can post. */
  readonly ready: boolean;
  /** The current status of each book. */
  status(): readonly BookStatus[];
  /** Why books cannot post, as sentences for an operator. An unavailable or unsafe database is not among them: it concerns more than books. */
  faults(): readonly string[];
  /** What needs an operator's attention although books can post, as sentences: a log that is ahead of the database's clock. */
  warnings(): readonly string[];
  /**
   * Posts one operation in the book of the wallet that initiates it. `book` chooses the book for an operation that a system account
   * initiates; the first by default. Returns once the operation is committed or refused. A refusal is a value. Throws LedgerUnavailable
   * (`outcome` says what is known), LedgerOverloaded, LedgerHalted.
   */
  post(operation: Operation, book?: number): Promise<Outcome>;
  /** Posts each operation independently, decided in order within a book; otherwise like `post`. */
  postEach(operations: readonly Operation[], book?: number): Promise<Outcome[]>;
  /** Posts all operations or none, in order, in the book of the first; otherwise like `post`. */
  postLinked(operations: readonly Operation[], book?: number): Promise<Outcome[]>;
  /** Finishes what is in flight, then disconnects. */
  stop(): Promise<void>;
};

export type LedgerOptions = {
  readonly url: string;
  readonly log: Log;
  readonly patienceMs?: number;
  /** Notified of postings; costs nothing when absent. */
  readonly observe?: LedgerObserver | undefined;
  /** False while the database could lose what it commits: then nothing is posted. Always true by default. */
  readonly mayPost?: (() => boolean) | undefined;
  /** How many books the ledger must have. By default, as many as it has, or one for a new ledger. */
  readonly books?: number | undefined;
  /** By book, the newest head that is recorded outside the database. A log that does not contain it is not posted to. */
  readonly known?: ReadonlyMap<number, KnownHead> | undefined;
  /** Whether this process owns books, and how others reach it. */
  readonly peers?: PeerOptions | undefined;
  /** Called when a log turns out not to contain what was committed. */
  readonly onHistoryLost?: ((book: number, known: KnownHead) => void) | undefined;
};

/** Opens the ledger for reads only: connects no writer and takes no lock. A ledger that was never initialized has no books. */
export async function openLedgerReader(options: Pick<LedgerOptions, 'url' | 'log'>): Promise<ReadableLedger & Pick<Ledger, 'stop'>> {
  const pool = createReadPool(options);
  try {
    const { rows } = await pool.query<{ count: number }>('select count(*) as count from ledger.book');
    return { ...(await readableLedger(pool, rows[0]?.count ?? 0, () => neverReleased)), stop: () => pool.end() };
  } catch (failure) {
    await pool.end();
    throw failure;
  }
}

function createReadPool({ url, log }: Pick<LedgerOptions, 'url' | 'log'>): pg.Pool {
  const applicationName = 'coffer ledger reads';
  return createPool(url, log, { connectionsMax: readConnections, applicationName, settings: planSettings });
}

async function readableLedger(pool: pg.Pool, count: number, releasedUntil: (book: number) => Date): Promise<ReadableLedger> {
  const books = Array.from({ length: count }, (_, at) => at + 1);
  const read = new LedgerReader(count, pool, releasedUntil);
  const assets = await Assets.load(pool);
  return { assets, chart: await Chart.load(pool, assets), books, read, closings: new Closings(pool), totals: new Totals(pool, books) };
}

/** Opens the ledger for reading and posting; creates its books the first time. */
export async function openLedger({ books: wished, known, peers, ...options }: LedgerOptions): Promise<Ledger> {
  const pool = createReadPool(options);
  let owners: Owners | null = null;
  let expiries: Expiry[] = [];
  let watch: Loop | null = null;
  const releasedUntil = (book: number) => owners?.desks[book - 1]?.releasedUntil ?? expiries[book - 1]?.releasedUntil ?? neverReleased;
  const leases = createPool(options.url, options.log, leasePool);
  const disconnect = async () => {
    await watch?.stop();
    await owners?.stop();
    await Promise.all([pool.end(), leases.end()]);
  };
  try {
    const readable = await readableLedger(pool, await openBooks(pool, wished), releasedUntil);
    const { books } = readable;
    const keeps = (book: number) => (wallet: string) => bookOfWallet(wallet, books.length) === book;
    const writerOptions = (book: number) => ({ ...options, book, keeps: keeps(book), known: known?.get(book) });
    const { log, patienceMs = patienceDefaultMs } = options;
    owners = await Owners.start({
      ...peers,
      pool: leases,
      log,
      books,
      patienceMs,
      writer: (book, term, replaced) =>
        new BookWriter({ ...writerOptions(book), term, replaced, releasedUntil: () => releasedUntil(book) }),
      releasedUntil,
    });
    const { desks } = owners;
    const router = new BookRouter(desks);
    const changed = () => desks.forEach((desk) => desk.writer?.definitionsChanged());
    watch = watchDefinitions([readable.assets, readable.chart], { log, changed });
    expiries = desks.map(
      (desk) =>
        new Expiry({ book: desk.book, pool, log, now: () => desk.writer?.now ?? null, post: (due) => router.postEach(due, desk.book) }),
    );
    return {
      ...readable,
      get ready() {
        return desks.every((desk) => desk.fault === null);
      },
      status: () => desks.map((desk) => desk.status),
      faults: () =>
        desks.flatMap(({ status: { book, fault } }) => {
          const sentence = fault && faultSentences[fault];
          return sentence ? [`Book ${book}: ${sentence}`] : [];
        }),
      warnings: () =>
        desks.flatMap(({ status: { book, aheadMs } }) =>
          aheadMs > aheadMaxMs ? [`Book ${book}: the log is ${Math.round(aheadMs / 1_000)} s ahead of the database's clock.`] : [],
        ),
      post: router.post.bind(router),
      postEach: router.postEach.bind(router),
      postLinked: router.postLinked.bind(router),
      stop: async () => {
        await Promise.all(expiries.map((expiry) => expiry.stop()));
        await disconnect();
      },
    };
  } catch (failure) {
    await disconnect();
    throw failure;
  }
}

/** The public id of an operation or transfer: its book and its seq in the book's log. */
export function operationId(entry: Pick<RecordedEntry, 'book' | 'operation'>): string {
  return `${entry.book}-${entry.operation}`;
}

/** Parses an operation id; null when it is malformed. The book need not exist in this ledger. */
export function parseOperationId(id: string): { readonly book: number; readonly seq: number } | null {
  const parts = /^([1-9]\d{0,8})-([1-9]\d{0,14})$/.exec(id);
  return parts ? { book: Number(parts[1]), seq: Number(parts[2]) } : null;
}
