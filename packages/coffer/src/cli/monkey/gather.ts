/** Reads back over the API what the server has recorded: wallets, histories, operations and events. */
import { CofferRefused } from '../../../../client/src/index.ts';
import type { Coffer, Event, HistoryItem, Hold, Operation, Projection, Wallet, WalletStats } from '../../../../client/src/index.ts';
import type { Entry } from './requests.ts';

export type WalletRead = {
  readonly wallet: Wallet | null;
  readonly history: readonly HistoryItem[];
  readonly holds: readonly Hold[];
  readonly stats: WalletStats | null;
};

/** The same record by id and by key; null if the server does not know it. */
export type RecordRead = { readonly byId: Operation | null; readonly byKey: Operation | null };

export type Snapshot = {
  readonly journal: readonly Entry[];
  readonly wallets: ReadonlyMap<string, WalletRead>;
  /** By operation id, for every acknowledged operation. */
  readonly records: ReadonlyMap<string, RecordRead>;
  /** The events of these wallets. */
  readonly events: readonly Event[];
  readonly worker: WorkerRead;
};

/** How far the worker got once the load had ended; `without`: why that is unknown. */
export type WorkerRead = { readonly projections: readonly Projection[]; readonly without: string | null };

export type Gathering = {
  readonly coffer: Coffer;
  readonly concurrency: number;
  readonly journal: readonly Entry[];
  readonly wallets: readonly string[];
  readonly tokens: ReadonlyMap<string, string>;
};

export async function gather({ coffer, concurrency, journal, wallets, tokens }: Gathering): Promise<Snapshot> {
  const worker = await awaitWorker(coffer, journal);
  const optionsOf = (wallet: string) => {
    const token = tokens.get(wallet);
    return token === undefined ? {} : { token };
  };
  const read = new Map<string, WalletRead>();
  await forEach(wallets, concurrency, async (walletId) => {
    const wallet = await orNull(coffer.getWallet({ walletId }, optionsOf(walletId)));
    const history: HistoryItem[] = [];
    const holds: Hold[] = [];
    if (wallet) for await (const item of coffer.allHistory({ walletId, limit: 500 }, optionsOf(walletId))) history.push(item);
    if (wallet) for await (const hold of coffer.allHolds({ walletId, limit: 500 }, optionsOf(walletId))) holds.push(hold);
    // The API lists the newest first; checks read a history from its beginning.
    const stats = await orNull(coffer.getStats({ walletId }, optionsOf(walletId)));
    read.set(walletId, { wallet, history: history.toReversed(), holds, stats });
  });

  const records = new Map<string, RecordRead>();
  await forEach([...acknowledged(journal)], concurrency, async ([operationId, { request }]) => {
    const options = optionsOf(request.wallet);
    const [byId, byKey] = await Promise.all([
      orNull(coffer.getOperation({ operationId }, options)),
      orNull(coffer.getOperationByKey({ walletId: request.wallet, key: request.key }, options)),
    ]);
    records.set(operationId, { byId, byKey });
  });

  const known = new Set(wallets);
  const events: Event[] = [];
  for await (const event of coffer.allEvents({ limit: 500, cursor: beforeFirst(journal) }))
    if (known.has(event.walletId)) events.push(event);
  return { journal, wallets: read, records, events, worker };
}

/** The first acknowledgement of each recorded operation; if the key was refused, the record belongs to another request. */
export function acknowledged(journal: readonly Entry[]): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const entry of journal) {
    const id = operationIdOf(entry);
    if (id !== undefined && !found.has(id)) found.set(id, entry);
  }
  return found;
}

export function operationIdOf({ outcome }: Entry): string | undefined {
  if (outcome.status === 'completed') return outcome.answer.operationId;
  return outcome.status === 'refused' && outcome.code !== 'idempotency_key_reused' ? outcome.operationId : undefined;
}

const catchUpMs = 30_000;

/** Waits until the worker has processed everything from this run. */
async function awaitWorker(coffer: Coffer, journal: readonly Entry[]): Promise<WorkerRead> {
  const untilMs = performance.now() + catchUpMs;
  for (;;) {
    try {
      const { items: projections } = await coffer.listProjections();
      if (projections.length === 0) return { projections, without: 'no worker has read the event log yet' };
      if (performance.now() > untilMs || projections.every((projection) => whyBehind(projection, journal) === null))
        return { projections, without: null };
    } catch (failure) {
      if (!(failure instanceof CofferRefused)) throw failure;
      return { projections: [], without: failure.message };
    }
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
}

/** Null once it includes everything from this run. Others may post in the meantime. */
export function whyBehind({ name, books }: Projection, journal: readonly Entry[]): string | null {
  for (const { book, seq, behindEntries } of books) {
    const own = [...acknowledged(journal).keys()].filter((id) => id.startsWith(`${book}-`));
    const end = Math.max(0, ...own.map((id) => Number(id.split('-').at(-1))));
    if (seq < end || (seq === end && behindEntries > 0)) return `${name} is at ${seq} of ${end} in book ${book}, and makes no progress`;
  }
  return null;
}

/** A cursor before everything from this run. */
function beforeFirst(journal: readonly Entry[]): string {
  const seqs = [...acknowledged(journal).keys()].map((id) => Number(id.split('-').at(-1)));
  return `${Math.max(0, Math.min(...seqs) - 1)}-9999`;
}

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  return await reading.catch((failure: unknown) => {
    if (failure instanceof CofferRefused && failure.status === 404) return null;
    throw failure;
  });
}

async function forEach<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const run = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}
