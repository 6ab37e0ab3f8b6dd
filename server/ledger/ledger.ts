/** The ledger as the rest of the product sees it: a way to post, and ways to read. */
import { createPool } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { Assets } from './reading/assets.ts';
import { assert } from '../kernel/index.ts';
import { Expiry } from './posting/expiry.ts';
import { BookReader } from './reading/reads.ts';
import type { BookStatus, LedgerObserver } from './posting/observer.ts';
import { planOptions } from './posting/store.ts';
import type { Operation, Outcome, RecordedEntry } from './rules/types.ts';
import { BookWriter } from './posting/writer.ts';

/** The book of everything, until there are more. */
const theBook = 1;
const readConnections = 4;

export type Ledger = {
  readonly assets: Assets;
  readonly read: BookReader;
  /** True while postings can be answered. */
  readonly ready: boolean;
  /** How each book does now. */
  status(): readonly BookStatus[];
  /**
   * Posts one operation; answers when it is committed, or refused. A refusal is a value.
   * Throws LedgerUnavailable (`outcome` says what is known), LedgerOverloaded, LedgerHalted.
   */
  post(operation: Operation): Promise<Outcome>;
  /** Posts each of them by itself, decided in their order; otherwise like `post`. */
  postEach(operations: readonly Operation[]): Promise<Outcome[]>;
  /** Posts all of them or none, in their order; otherwise like `post`. */
  postLinked(operations: readonly Operation[]): Promise<Outcome[]>;
  /** Finishes what is in flight, then disconnects. */
  stop(): Promise<void>;
};

export type LedgerOptions = {
  readonly url: string;
  readonly log: Log;
  readonly patienceMs?: number;
  /** Is told what is posted; costs nothing when absent. */
  readonly observe?: LedgerObserver | undefined;
};

export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const pool = createPool(options.url, options.log, {
    connectionsMax: readConnections,
    applicationName: 'coffer ledger reads',
    serverOptions: planOptions,
  });
  const writer = new BookWriter({ ...options, book: theBook });
  try {
    const assets = await Assets.load(pool);
    await pool.query('select ledger.open_books($1)', [theBook]);
    await writer.start();
    const expiry = new Expiry({ book: theBook, pool, log: options.log, post: (operations) => writer.post(operations, false) });
    return {
      assets,
      read: new BookReader(theBook, pool),
      get ready() {
        return writer.ready;
      },
      status: () => [writer.status],
      post: async (operation) => {
        const [outcome] = await writer.post([operation], false);
        assert(outcome, 'one operation, one outcome');
        return outcome;
      },
      postEach: (operations) => writer.post(operations, false),
      postLinked: (operations) => writer.post(operations, true),
      stop: async () => {
        await expiry.stop();
        await writer.stop();
        await pool.end();
      },
    };
  } catch (failure) {
    await pool.end();
    throw failure;
  }
}

/** The public name of an operation or transfer: its book and its place in the book's log. */
export function operationId(entry: Pick<RecordedEntry, 'book' | 'operation'>): string {
  return `${entry.book}-${entry.operation}`;
}

/** The seq that an operation id names; null when it is not one of this ledger's. */
export function seqOfOperationId(id: string): number | null {
  const parts = /^([1-9]\d{0,8})-([1-9]\d{0,14})$/.exec(id);
  return parts && Number(parts[1]) === theBook ? Number(parts[2]) : null;
}
