/** Creates the books of a new ledger, and refuses to change their number later. */
import type pg from 'pg';
import { OperatorError } from '../../kernel/index.ts';

/** Each book uses one connection to post, one to look up, and one to move its newest entries; this many remain for everything else. */
const connectionsPerBook = 3;
const connectionsBeside = 30;

/**
 * Returns how many books the ledger has. A new ledger gets the number requested, or one. A different number for an existing ledger is
 * refused, because its wallets could no longer be found.
 */
export async function openBooks(pool: pg.Pool, wished: number | undefined): Promise<number> {
  if (wished !== undefined) await refuseTooMany(pool, wished);
  const { rows } = await pool.query<{ books: number }>('select ledger.open_books($1) as books', [wished ?? 1]);
  const books = rows[0]?.books ?? 0;
  if (wished === undefined || wished === books) return books;
  throw new OperatorError(
    `This ledger has ${count(books)}, but COFFER_BOOKS requests ${count(wished)}: wallets cannot move between books.`,
    `Set COFFER_BOOKS=${books} or unset it, or start an empty ledger with ${count(wished)}.`,
  );
}

async function refuseTooMany(pool: pg.Pool, books: number): Promise<void> {
  const { rows } = await pool.query<{ allowed: number }>("select current_setting('max_connections')::integer as allowed");
  const allowed = rows[0]?.allowed ?? 0;
  const needed = books * connectionsPerBook + connectionsBeside;
  if (needed <= allowed) return;
  throw new OperatorError(
    `${count(books)} need ${needed} connections, but the database allows ${allowed}.`,
    `Reduce COFFER_BOOKS, or raise the limit of your own PostgreSQL (DATABASE_URL): run alter system set max_connections = ${needed}; and restart it.`,
  );
}

function count(books: number): string {
  return `${books} ${books === 1 ? 'book' : 'books'}`;
}
