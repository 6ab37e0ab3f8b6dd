/** Opens the books of a ledger the first time, and holds it to them ever after. */
import type pg from 'pg';
import { OperatorError } from '../../kernel/index.ts';

/** Each book has a connection that posts and one that looks up; these are left for everything else. */
const connectionsPerBook = 2;
const connectionsBeside = 30;

/**
 * Answers with how many books the ledger has: as many as it was begun with, or as are wished for when it begins now (one, when nothing is
 * wished). A wish for another number is refused: the wallets would be looked for where they are not.
 */
export async function openBooks(pool: pg.Pool, wished: number | undefined): Promise<number> {
  if (wished !== undefined) await refuseTooMany(pool, wished);
  const { rows } = await pool.query<{ books: number }>('select ledger.open_books($1) as books', [wished ?? 1]);
  const books = rows[0]?.books ?? 0;
  if (wished === undefined || wished === books) return books;
  throw new OperatorError(
    `This ledger has ${count(books)}, and COFFER_BOOKS asks for ${count(wished)}: wallets cannot move to other books.`,
    `Set COFFER_BOOKS=${books} or leave it away; or begin an empty ledger with ${count(wished)}.`,
  );
}

async function refuseTooMany(pool: pg.Pool, books: number): Promise<void> {
  const { rows } = await pool.query<{ allowed: number }>("select current_setting('max_connections')::integer as allowed");
  const allowed = rows[0]?.allowed ?? 0;
  const needed = books * connectionsPerBook + connectionsBeside;
  if (needed <= allowed) return;
  throw new OperatorError(
    `${count(books)} need ${needed} connections, and the database allows ${allowed}.`,
    `Ask for fewer books; or on a PostgreSQL of your own (DATABASE_URL) run: alter system set max_connections = ${needed}; and restart it.`,
  );
}

function count(books: number): string {
  return `${books} ${books === 1 ? 'book' : 'books'}`;
}
