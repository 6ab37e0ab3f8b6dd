/** Pages of operations: the projection says where they may be, the log says what they are. */
import type pg from 'pg';
import type { Estimate } from '../database/index.ts';
import { readEntries, seqsByKey } from '../ledger/index.ts';
import type { FoundEntry, ReadableLedger, SeqRange } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';
import type { Cursor, Way } from './cursors.ts';
import { formatCursor, isSeq, parseCursor } from './cursors.ts';
import { estimate } from './estimate.ts';
import { matches, termSetsOf } from './filter.ts';
import type { OperationFilter } from './filter.ts';
import type { AsOf, FindProgress } from './progress.ts';
import { scan, seqsHaving } from './scan.ts';
import { term } from './terms.ts';

export type PageRequest = {
  readonly limit: number;
  /** The `next` or `previous` of an earlier page of the same list, filter and order. */
  readonly cursor?: string | undefined;
  readonly order?: 'desc' | 'asc' | undefined;
  readonly count?: boolean | undefined;
};

/** `next` and `previous` are null where nothing was known to follow. */
export type FoundPage<T> = {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly previous: string | null;
  readonly count: Estimate | null;
  /** Null for what is read from the tables themselves, which are never behind. */
  readonly asOf: AsOf | null;
};

export type Refused = { readonly refusal: 'cursor' };

/** What a page consists of: entries, or holds. `accept` reads a batch of candidates and returns those that match, in log order. */
type Reading<T> = {
  readonly list: string;
  readonly sets: readonly (readonly string[])[];
  readonly accept: (book: number, seqs: readonly number[]) => Promise<readonly T[]>;
  readonly placeOf: (item: T) => { readonly book: number; readonly seq: number; readonly recordedAt: Date };
};

type Source = { readonly pool: pg.Pool; readonly ledger: Pick<ReadableLedger, 'books' | 'read'> };
type Searched = { readonly filter: OperationFilter; readonly reader: Reader; readonly page: PageRequest; readonly progress: FindProgress };

export async function findOperations(source: Source, searched: Searched): Promise<FoundPage<FoundEntry> | Refused> {
  const { filter, reader } = searched;
  return await pageOf(source, searched, {
    list: 'operations',
    sets: termSetsOf(filter, reader),
    accept: async (book, seqs) => {
      const found = (await readEntries(source.pool, book, seqs)).filter((one) => matches(one, filter, reader));
      return filter.key === undefined ? found : await inStatus(source, searched, book, found);
    },
    placeOf: ({ entry }) => entry,
  });
}

export async function pageOf<T>(source: Source, searched: Searched, reading: Reading<T>): Promise<FoundPage<T> | Refused> {
  const { books } = source.ledger;
  const { filter, reader, page, progress } = searched;
  const { order = 'desc' } = page;
  const identity = [reading.list, order, filter, reader.onlyOwner ?? null];
  const start =
    page.cursor === undefined ? firstPage(order, books, endsIn(searched)) : parseCursor(page.cursor, identity, (at) => isPlace(at, books));
  if (!start) return { refusal: 'cursor' };

  const ranges = await rangesOf(source.ledger, filter, start);
  const limit = page.limit + 1;
  const found = (
    await Promise.all(
      books.map(
        async (book, at) =>
          await inBook(source, searched, reading, book, { ...(ranges[at] ?? nothing), newestFirst: start.way === 'older', limit }),
      ),
    )
  ).flat();
  const inOrder = found.toSorted((one, other) => compare(reading.placeOf(one), reading.placeOf(other)) * (start.way === 'older' ? -1 : 1));
  const items = inOrder.slice(0, page.limit);
  const ends = endsOf(items.map(reading.placeOf), start, books);
  const isForward = (start.way === 'older') === (order === 'desc');
  const onward = inOrder.length > page.limit ? formatCursor(identity, ends.onward) : null;
  const back = page.cursor === undefined ? null : formatCursor(identity, ends.back);
  return {
    items: isForward ? items : items.toReversed(),
    next: isForward ? onward : back,
    previous: isForward ? back : onward,
    count: page.count === true ? await estimateOf(source, searched, reading) : null,
    asOf: progress.asOf,
  };
}

const nothing = { after: 0, before: 0 };

function isPlace(at: readonly unknown[], books: readonly number[]): boolean {
  return at.length === books.length && at.every(isSeq);
}

/** What comes later is on no later page. */
function firstPage(order: 'desc' | 'asc', books: readonly number[], ends: readonly number[]): Cursor {
  return order === 'desc' ? { way: 'older', at: ends.map((end) => end + 1) } : { way: 'newer', at: books.map(() => 0) };
}

/** Of what is searched in each book: by key the log, otherwise the projection. */
function endsIn({ filter, progress }: Searched): readonly number[] {
  return filter.key === undefined ? progress.asOf.books.map(({ seq }) => seq) : progress.ends;
}

type Place = { readonly book: number; readonly seq: number; readonly recordedAt: Date };

/** In time; the clock of a book never goes back. */
function compare(one: Place, other: Place): number {
  return one.recordedAt.getTime() - other.recordedAt.getTime() || one.book - other.book || one.seq - other.seq;
}

/** Where the pages on both sides continue, for each book: without items of the book, on both sides of where this page began. */
function endsOf(places: readonly Place[], start: Cursor, books: readonly number[]): { readonly onward: Cursor; readonly back: Cursor } {
  const bounds = books.map((book, at) => {
    const seqs = places.filter((place) => place.book === book).map(({ seq }) => seq);
    const from = Number(start.at[at] ?? 0);
    if (seqs.length === 0) return { onward: from, back: Math.max(0, start.way === 'older' ? from - 1 : from + 1) };
    const [least, most] = [Math.min(...seqs), Math.max(...seqs)];
    return start.way === 'older' ? { onward: least, back: most } : { onward: most, back: least };
  });
  const opposite: Way = start.way === 'older' ? 'newer' : 'older';
  return {
    onward: { way: start.way, at: bounds.map(({ onward }) => onward) },
    back: { way: opposite, at: bounds.map(({ back }) => back) },
  };
}

/** The seqs of each book that a page can have. */
async function rangesOf({ books, read }: Source['ledger'], { since, until }: OperationFilter, { way, at }: Cursor) {
  return await Promise.all(
    books.map(async (book, index) => {
      const reader = read.in({ book });
      const from = Number(at[index] ?? 0);
      // The log's moments are whole milliseconds.
      const after = since === undefined ? 0 : await reader.seqAt(new Date(since.getTime() - 1));
      const before = until === undefined ? Number.MAX_SAFE_INTEGER : (await reader.seqAt(new Date(until.getTime() - 1))) + 1;
      return way === 'older' ? { after, before: Math.min(before, from) } : { after: Math.max(after, from), before };
    }),
  );
}

const batchMax = 1_000;

/** Reads on until the page is full: candidates that do not match are rare, but for counterparties and holds there may be many. */
async function inBook<T>(source: Source, searched: Searched, reading: Reading<T>, book: number, range: SeqRange): Promise<T[]> {
  const found: T[] = [];
  let { after, before } = range;
  for (let batch = range.limit; found.length < range.limit && after + 1 < before; batch = Math.min(batchMax, batch * 2)) {
    const seqs = await candidates(source, searched, reading, book, { ...range, after, before, limit: batch });
    const accepted = await reading.accept(book, seqs);
    found.push(...(range.newestFirst ? accepted.toReversed() : accepted));
    const last = seqs.at(-1);
    if (last === undefined || seqs.length < batch) break;
    if (range.newestFirst) before = last;
    else after = last;
  }
  return found.slice(0, range.limit);
}

/** The log itself has an index by key, which is never behind. */
async function candidates<T>({ pool }: Source, searched: Searched, { sets }: Reading<T>, book: number, range: SeqRange): Promise<number[]> {
  const { filter, progress } = searched;
  const { key, amountMin, amountMax } = filter;
  if (key !== undefined) return await seqsByKey(pool, book, key, range);
  const { generation } = progress;
  return generation === null ? [] : await scan(pool, { ...range, book, generation, sets, amountMin, amountMax });
}

/** Whether a transfer between books has ended, only the projection knows. */
async function inStatus(
  { pool }: Source,
  { filter, progress }: Searched,
  book: number,
  found: readonly FoundEntry[],
): Promise<FoundEntry[]> {
  const { status } = filter;
  const { generation } = progress;
  if (status === undefined || status === 'refused') return [...found];
  const inSteps = found.filter(({ entry }) => entry.kind === 'transfer_debit' && !entry.refusal).map(({ entry }) => entry.seq);
  const are =
    generation === null ? new Set<number>() : await seqsHaving(pool, { generation, book, seqs: inSteps, text: term.progress(status) });
  return found.filter(({ entry: { seq } }) => (inSteps.includes(seq) ? are.has(seq) : status === 'completed'));
}

async function estimateOf<T>(source: Source, searched: Searched, reading: Reading<T>): Promise<Estimate> {
  const { books } = source.ledger;
  const { filter } = searched;
  const ranges = await rangesOf(source.ledger, filter, firstPage('desc', books, endsIn(searched)));
  const scanned = books.map((book, at) => ({
    range: ranges[at] ?? nothing,
    read: async (range: SeqRange) => await candidates(source, searched, reading, book, range),
  }));
  return await estimate(scanned);
}
