/** Books for tests: any number in one database, each with a separate log, chain and model. */
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { BookWriter } from '../../packages/coffer/src/ledger/posting/writer.ts';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { newId, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { claim } from '../../packages/coffer/src/ledger/ownership/leases.ts';
import type { LeaseRow } from '../../packages/coffer/src/ledger/ownership/leases.ts';
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

/** Takes a book from its owner, as a process does when a lease has ended, and returns the new term. An earlier owner can post no more. */
export async function takeBook({ pool }: Pick<TestDatabase, 'pool'>, book: number): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<LeaseRow>('select book, term, process, renewals from ownership.lease where book = $1', [book]);
    const term = await claim(pool, newId(), book, rows[0] ?? null);
    if (term !== null) return term;
  }
}

/** Connects with the privileges of the product. Takes the book, unless the term of its owner is given. */
export async function startWriter(
  url: string,
  book: number,
  options: { patienceMs?: number; log?: Log; keeps?: (wallet: string) => boolean; term?: number } = {},
): Promise<BookWriter> {
  const asWriter = inRole(url, 'writer');
  const term = options.term ?? (await takeBookAt(asWriter, book));
  const writer = new BookWriter({ url: asWriter, book, log: silentLog(), replaced: () => undefined, ...options, term });
  await writer.start();
  return writer;
}

async function takeBookAt(url: string, book: number): Promise<number> {
  const pool = createPool(url, silentLog(), { connectionsMax: 1, applicationName: 'coffer test lease' });
  try {
    return await takeBook({ pool }, book);
  } finally {
    await pool.end();
  }
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
