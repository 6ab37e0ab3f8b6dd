/** Books for tests: any number in one database, each with a separate log, chain and model. */
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { BookWriter } from '../../packages/coffer/src/ledger/posting/writer.ts';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import type { Ledger, Operation, Outcome, RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import type { TestDatabase } from './database.ts';

let lastBook = 1;

/** Opens a book that no other test of this process uses. */
export async function newBook({ pool }: Pick<TestDatabase, 'pool'>): Promise<number> {
  const book = ++lastBook;
  await pool.query('select ledger.open_book($1)', [book]);
  return book;
}

/** Connects with the privileges of the product. */
export async function startWriter(
  url: string,
  book: number,
  options: { patienceMs?: number; log?: Log; keeps?: (wallet: string) => boolean } = {},
): Promise<BookWriter> {
  const writer = new BookWriter({ url: inRole(url, 'writer'), book, log: silentLog(), ...options });
  await writer.start();
  return writer;
}

/** What takes operations: the writer of a book, or a whole ledger. */
export type Postable = BookWriter | Pick<Ledger, 'post'>;

export async function postOne(to: Postable, operation: Operation): Promise<Outcome> {
  if (!(to instanceof BookWriter)) return await to.post(operation);
  const [outcome] = await to.queue.add([operation], false);
  if (!outcome) throw new Error('one operation, one outcome');
  return outcome;
}

/** The whole log of a book as readers see it. */
export async function readLog({ pool }: Pick<TestDatabase, 'pool'>, book: number): Promise<RecordedEntry[]> {
  const reader = new BookReader(book, pool);
  const { rows } = await pool.query<{ seq: number }>('select seq from ledger.entry where book = $1 order by seq', [book]);
  const entries: (RecordedEntry | null)[] = [];
  // Limits concurrency: thousands would exceed the connection timeout of the pool.
  for (let at = 0; at < rows.length; at += 100)
    entries.push(...(await Promise.all(rows.slice(at, at + 100).map(({ seq }) => reader.entry(seq)))));
  return entries.filter((entry) => entry !== null);
}
