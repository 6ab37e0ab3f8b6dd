/** The entries of an account, by its versions. */
import type pg from 'pg';
import type { RecordedEntry } from '../rules/types.ts';
import { entryFromRow, entrySelection, entrySides } from './rows.ts';
import type { EntryRow } from './rows.ts';

/** Both versions included. */
export type Versions = { readonly from: number; readonly downTo: number; readonly limit: number };

/** Newest first. */
export async function readHistory(
  pool: pg.Pool,
  book: number,
  account: number,
  { from, downTo, limit }: Versions,
): Promise<RecordedEntry[]> {
  const { rows } = await pool.query<EntryRow>({
    name: 'history',
    text: `
      select ${entrySelection}
      from ledger.account_entries($1, $2, $3, $4, $5) of_account
      join ledger.entry e on e.book = $1 and e.seq = of_account.seq ${entrySides}
      order by e.seq desc`,
    values: [book, account, from, downTo, limit],
  });
  return rows.map(entryFromRow);
}

/** An account's version at a moment, by the time its entries were recorded; null when it was not open yet. */
export async function readVersionAt(pool: pg.Pool, book: number, account: number, at: Date): Promise<number | null> {
  const { rows } = await pool.query<{ version: number | null }>({
    name: 'version_at',
    text: 'select ledger.version_at($1, $2, ledger.seq_at($1, $3)) as version',
    values: [book, account, at],
  });
  return rows[0]?.version ?? null;
}
