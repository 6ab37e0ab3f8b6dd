/** A wallet's history by time and kind, in either order: read from the log, so it is never behind. */
import type { BookReader, RecordedEntry } from '../ledger/index.ts';

export type HistoryFilter = {
  /** Recorded from this moment, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** The type of a line; `transfer` is also that of the steps of one between books. */
  readonly kind?: string | undefined;
  readonly order?: 'desc' | 'asc' | undefined;
};

type Account = { readonly number: number; readonly version: number };
export type HistoryPage = { readonly items: readonly RecordedEntry[]; readonly next: string | null };

const batchMax = 500;
/** A page that finds little in so many entries is answered short, with the cursor to go on: 5,000 entries take about 50 ms. */
const readMax = 5_000;

/** `cursor`: the version after which, or in descending order before which, the page begins. */
export async function filteredHistory(
  reader: BookReader,
  account: Account,
  filter: HistoryFilter,
  { limit, cursor }: { readonly limit: number; readonly cursor: number | undefined },
): Promise<HistoryPage> {
  const { since, until, kind, order = 'desc' } = filter;
  const isAscending = order === 'asc';
  // Moments of the log are whole milliseconds.
  const before = (moment: Date) => new Date(moment.getTime() - 1);
  const afterTime = since === undefined ? 0 : ((await reader.versionAt(account.number, before(since))) ?? 0);
  const lastInTime = until === undefined ? account.version : ((await reader.versionAt(account.number, before(until))) ?? 0);
  let low = Math.max(afterTime, isAscending ? (cursor ?? 0) : 0) + 1;
  let high = Math.min(lastInTime, account.version, isAscending ? account.version : (cursor ?? account.version + 1) - 1);

  const items: RecordedEntry[] = [];
  for (let read = 0; low <= high && items.length <= limit;) {
    if (read >= readMax) return { items, next: String(isAscending ? low - 1 : high + 1) };
    const size = Math.min(kind === undefined ? limit + 1 : batchMax, high - low + 1);
    const versions = isAscending ? { from: low + size - 1, downTo: low } : { from: high, downTo: high - size + 1 };
    const entries = await reader.history(account.number, { ...versions, limit: size });
    items.push(...(isAscending ? entries.toReversed() : entries).filter((entry) => isOfKind(entry, kind)));
    if (isAscending) low += size;
    else high -= size;
    read += size;
  }
  const page = items.slice(0, limit);
  return { items: page, next: items.length > limit ? String(versionIn(page.at(-1), account)) : null };
}

/** What an entry made the account's version. */
export function versionIn(entry: RecordedEntry | undefined, { number }: Pick<Account, 'number'>): number | undefined {
  return (entry?.debit?.number === number ? entry.debit : entry?.credit)?.version;
}

const steps: ReadonlySet<string> = new Set(['transfer_debit', 'transfer_credit']);

function isOfKind({ kind }: RecordedEntry, wanted: string | undefined): boolean {
  return wanted === undefined || kind === wanted || (wanted === 'transfer' && steps.has(kind));
}
