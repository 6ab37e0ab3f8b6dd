/** Reads what an idempotency key was used for. */
import type pg from 'pg';
import { isInKeyspace, storedKey } from '../rules/keyspaces.ts';
import type { Keyspace } from '../rules/keyspaces.ts';
import type { RecordedEntry } from '../rules/types.ts';
import { entryFromRow, entrySelection, entrySides } from './rows.ts';
import type { EntryRow } from './rows.ts';

/** The key as the caller sent it, and the number of the account that initiated the operation. */
type KeyOf = { readonly account: number; readonly key: string; readonly keyspace: Keyspace };

/** Of the keyspace; also an entry from before keyspaces, if it belongs to it. */
export async function readEntryByKey(pool: pg.Pool, book: number, { account, key, keyspace }: KeyOf): Promise<RecordedEntry | null> {
  const stored = storedKey(key, keyspace);
  const entry = await entryByStoredKey(pool, book, account, stored);
  if (entry) return isInKeyspace(entry, keyspace) ? entry : null;
  const older = stored === key ? null : await entryByStoredKey(pool, book, account, key);
  return older && isInKeyspace(older, keyspace) && older.seq <= (await sharedKeysUntil(pool, book)) ? older : null;
}

async function entryByStoredKey(pool: pg.Pool, book: number, account: number, stored: string): Promise<RecordedEntry | null> {
  const { rows } = await pool.query<EntryRow>({
    name: 'entry_by_key',
    text: `select ${entrySelection} from ledger.entry e ${entrySides} where e.book = $1 and e.scope = $2 and e.key = $3`,
    values: [book, account, stored],
  });
  return rows[0] ? entryFromRow(rows[0]) : null;
}

/** Until this seq, the log has keys without a keyspace. */
async function sharedKeysUntil(pool: pg.Pool, book: number): Promise<number> {
  const text = 'select k.until_seq from ledger.shared_keys k where k.book = $1';
  const { rows } = await pool.query<{ until_seq: number }>({ name: 'shared_keys', text, values: [book] });
  return rows[0]?.until_seq ?? 0;
}
