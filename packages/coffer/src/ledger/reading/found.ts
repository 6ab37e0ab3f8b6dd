/** Reads of many entries by their positions, for what finds them by other things than their accounts. */
import type pg from 'pg';
import { bookOfWallet } from '../books/placement.ts';
import { keyspaces, storedKey } from '../rules/keyspaces.ts';
import type { RecordedEntry } from '../rules/types.ts';
import { holdColumns, holdFromRow, holdParts } from './reads.ts';
import type { HoldRead, HoldRow } from './reads.ts';
import { entryFromRow, entrySelection, entrySides } from './rows.ts';
import type { EntryRow } from './rows.ts';

/** An entry with the id of the account that initiated it, which a refusal does not name; null for what nobody asked for. */
export type FoundEntry = { readonly entry: RecordedEntry; readonly initiator: string | null };

/** Positions of a book, both excluded, in the order of the log or against it. */
export type SeqRange = { readonly after: number; readonly before: number; readonly newestFirst: boolean; readonly limit: number };

type Reading = pg.Pool | pg.ClientBase;

/** Entries of a book, in the order of the log. */
export async function readEntries(database: Reading, book: number, seqs: readonly number[]): Promise<FoundEntry[]> {
  if (seqs.length === 0) return [];
  const { rows } = await database.query<EntryRow & { initiator: string | null }>({
    name: 'entries',
    text: `
      select ${entrySelection}, asking.id as initiator
      from ledger.entry e ${entrySides}
      left join ledger.account asking on asking.book = $1 and asking.number = e.scope
      where e.book = $1 and e.seq = any ($2::bigint[]) order by e.seq`,
    values: [book, seqs],
  });
  return rows.map((row) => ({ entry: entryFromRow(row), initiator: row.initiator }));
}

/** Holds of a book, by the seqs of their authorisations. */
export async function readHolds(database: Reading, book: number, seqs: readonly number[]): Promise<HoldRead[]> {
  if (seqs.length === 0) return [];
  const { rows } = await database.query<HoldRow>({
    name: 'holds',
    text: `
      select ${holdColumns} from ledger.entry e ${entrySides} ${holdParts}
      where e.book = $1 and e.seq = any ($2::bigint[]) and e.hold = e.seq order by e.seq`,
    values: [book, seqs],
  });
  return rows.map(holdFromRow);
}

/** The entries under an idempotency key, of any wallet and keyspace. */
export async function seqsByKey(database: Reading, book: number, key: string, range: SeqRange): Promise<number[]> {
  const { after, before, newestFirst, limit } = range;
  const { rows } = await database.query<{ seq: number }>({
    name: `seqs_by_key_${newestFirst ? 'newest' : 'oldest'}`,
    // Materialized: walking the log in the wanted order instead would read all of it.
    text: `
      with under_key as materialized (select e.seq from ledger.entry e where e.book = $1 and e.key = any ($2::text[]))
      select seq from under_key where seq > $3 and seq < $4 order by seq ${newestFirst ? 'desc' : 'asc'} limit $5`,
    values: [book, [...new Set(keyspaces.map((keyspace) => storedKey(key, keyspace)))], after, before, limit],
  });
  return rows.map(({ seq }) => seq);
}

/** The numbers of an owner's accounts in a book. */
export async function accountsOfOwner(database: Reading, book: number, owner: string): Promise<number[]> {
  const { rows } = await database.query<{ number: number }>({
    name: 'accounts_of_owner',
    text: 'select a.number from ledger.account a where a.book = $1 and a.owner = $2',
    values: [book, owner],
  });
  return rows.map(({ number }) => number);
}

/** The books and numbers of wallets; those that do not exist are left out. */
export async function accountsOfWallets(
  database: Reading,
  books: number,
  wallets: readonly string[],
): Promise<{ readonly book: number; readonly number: number }[]> {
  const byBook = Map.groupBy(wallets, (wallet) => bookOfWallet(wallet, books));
  const found = await Promise.all(
    [...byBook].map(async ([book, ids]) => {
      const { rows } = await database.query<{ number: number }>({
        name: 'accounts_of_wallets',
        text: 'select a.number from ledger.account a where a.book = $1 and a.id = any ($2::text[])',
        values: [book, ids],
      });
      return rows.map(({ number }) => ({ book, number }));
    }),
  );
  return found.flat();
}
