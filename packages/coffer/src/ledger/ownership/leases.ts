/** The leases of books and the processes that may hold them, in the database. */
import type pg from 'pg';

/** Which books a process owns: its share; `last`: some while no other process does, because it is a command; or none. */
export type Owns = 'share' | 'last' | 'none';

/** A process that works on the database. */
export type Peer = {
  readonly id: string;
  /** host:port. */
  readonly address: string;
  readonly owns: Owns;
};

/** `key`: one of the newest two that the process wrote. */
export type Credential = { readonly process: string; readonly key: Buffer };

export type PeerRow = Peer & { readonly beats: number };

/** `process` null: given back. */
export type LeaseRow = { readonly book: number; readonly term: number; readonly process: string | null; readonly renewals: number };

export type Attendance = {
  readonly peers: readonly PeerRow[];
  readonly leases: readonly LeaseRow[];
  /** Books whose leases cannot be reached now: the machine that keeps them is away, while those of others answer. */
  readonly unreachable: readonly number[];
};

/** Says that a process is alive, replaces its key, renews its leases of these books, and returns everybody's. */
export async function attend(pool: pg.Pool, { id, address, owns }: Peer, key: Buffer, books: readonly number[]): Promise<Attendance> {
  await pool.query({
    name: 'attend',
    text: `
      with beat as (
        insert into ownership.process (id, address, owns, keys) values ($1, $2, $3, array[$4::bytea])
        on conflict (id) do update set beats = process.beats + 1, seen_at = clock_timestamp(),
          keys = case when process.keys[1] = $4::bytea then process.keys else array[$4::bytea, process.keys[1]] end
      )
      delete from ownership.process where id <> $1 and seen_at < clock_timestamp() - interval '1 hour'`,
    values: [id, address, owns, key],
  });
  const [peers, leases] = await Promise.all([
    pool.query<PeerRow>({ name: 'peers', text: 'select id, address, owns, beats from ownership.process' }),
    renewEach(pool, id, books),
  ]);
  return { peers: peers.rows, ...leases };
}

/** All together; one by one if that fails, so that a machine that is away keeps only its own books from being renewed. */
async function renewEach(pool: pg.Pool, process: string, books: readonly number[]): Promise<Omit<Attendance, 'peers'>> {
  try {
    return { leases: await renew(pool, process, books), unreachable: [] };
  } catch (failure) {
    if (books.length === 1) throw failure;
    const each = await Promise.allSettled(books.map((book) => renew(pool, process, [book])));
    const unreachable = books.filter((_, at) => each[at]?.status === 'rejected');
    if (unreachable.length === books.length) throw failure;
    return { leases: each.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])), unreachable };
  }
}

async function renew(pool: pg.Pool, process: string, books: readonly number[]): Promise<LeaseRow[]> {
  const text = 'update ownership.lease set renewals = renewals + 1 where process = $1 and book = any($2::integer[])';
  await pool.query({ name: 'renew', text, values: [process, books] });
  const { rows } = await pool.query<LeaseRow>({
    name: 'leases',
    text: 'select book, term, process, renewals from ownership.lease where book = any($1::integer[])',
    values: [books],
  });
  return rows;
}

/**
 * Takes a book, if its lease is still as it was seen (null: there was none), and returns the new term; null: another process was faster, or
 * the owner renewed. Waits for the batch that is being committed.
 */
export async function claim(pool: pg.Pool, process: string, book: number, seen: LeaseRow | null): Promise<number | null> {
  const { rows } = await pool.query<{ term: number | null }>('select ownership.claim($1, $2, $3, $4, $5) as term', [
    book,
    process,
    seen?.term ?? 0,
    seen?.renewals ?? 0,
    seen?.process ?? null,
  ]);
  return rows[0]?.term ?? null;
}

/** Gives books back: the next process takes them at once. */
export async function giveBack(pool: pg.Pool, process: string, books: readonly number[]): Promise<void> {
  await pool.query('update ownership.lease set process = null where process = $1 and book = any($2)', [process, books]);
}

/**
 * Whether a process works on this very database: it knows a key that it has just written here. A copy of the database, such as a backup or
 * what was restored from it, has the same secret, the same ledger, and the addresses and ids of this database's processes.
 */
export async function isKnown(pool: pg.Pool, { process, key }: Credential): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'known',
    text: 'select 1 from ownership.process where id = $1 and $2::bytea = any (keys)',
    values: [process, key],
  });
  return rowCount === 1;
}

/** The process ends: nobody waits for it. */
export async function leave(pool: pg.Pool, process: string): Promise<void> {
  await pool.query('delete from ownership.process where id = $1', [process]);
}

/** What proves that a process works on this database. Closed to `coffer_reader`. */
export async function readSecret(pool: pg.Pool): Promise<Buffer> {
  const { rows } = await pool.query<{ secret: Buffer }>('select secret from ownership.secret');
  if (!rows[0]) throw new Error('The table ownership.secret is empty. Restore its row from a backup, or insert 32 random bytes.');
  return rows[0].secret;
}
