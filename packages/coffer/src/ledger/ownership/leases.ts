/** The leases of books and the processes that may hold them, in the database. */
import type pg from 'pg';
import { inTransaction } from '../../database/index.ts';

/** Which books a process owns: its share; `last`: some while no other process does, because it is a command; or none. */
export type Owns = 'share' | 'last' | 'none';

/** A process that works on the database. */
export type Peer = {
  readonly id: string;
  /** host:port. */
  readonly address: string;
  readonly owns: Owns;
};

export type PeerRow = Peer & { readonly beats: number };

/** `process` null: given back. */
export type LeaseRow = { readonly book: number; readonly term: number; readonly process: string | null; readonly renewals: number };

export type Attendance = { readonly peers: readonly PeerRow[]; readonly leases: readonly LeaseRow[] };

/** Says that a process is alive, renews its leases, and returns everybody's. */
export async function attend(pool: pg.Pool, { id, address, owns }: Peer): Promise<Attendance> {
  await pool.query({
    name: 'attend',
    text: `
      with beat as (
        insert into ownership.process (id, address, owns) values ($1, $2, $3)
        on conflict (id) do update set beats = process.beats + 1, seen_at = clock_timestamp()
      ), ended as (
        delete from ownership.process where id <> $1 and seen_at < clock_timestamp() - interval '1 hour'
      )
      update ownership.lease set renewals = renewals + 1 where process = $1`,
    values: [id, address, owns],
  });
  const [peers, leases] = await Promise.all([
    pool.query<PeerRow>({ name: 'peers', text: 'select id, address, owns, beats from ownership.process' }),
    pool.query<LeaseRow>({ name: 'leases', text: 'select book, term, process, renewals from ownership.lease' }),
  ]);
  return { peers: peers.rows, leases: leases.rows };
}

/**
 * Takes a book, if its lease is still as it was seen (null: there was none), and returns the new term; null: another process was faster, or
 * the owner renewed. Waits for the batch that is being committed.
 */
export async function claim(pool: pg.Pool, process: string, book: number, seen: LeaseRow | null): Promise<number | null> {
  return await inTransaction(pool, async (client) => {
    await client.query('select ledger.take_turn($1)', [book]);
    const { rows } = await client.query<{ term: number }>(
      `insert into ownership.lease as l (book, term, process) values ($1, 1, $2)
       on conflict (book) do update set term = l.term + 1, process = $2, renewals = 0, since = clock_timestamp()
       where l.term = $3 and l.renewals = $4 and l.process is not distinct from $5
       returning term`,
      [book, process, seen?.term ?? 0, seen?.renewals ?? 0, seen?.process ?? null],
    );
    return rows[0]?.term ?? null;
  });
}

/** Gives books back: the next process takes them at once. */
export async function giveBack(pool: pg.Pool, process: string, books: readonly number[]): Promise<void> {
  await pool.query('update ownership.lease set process = null where process = $1 and book = any($2)', [process, books]);
}

/**
 * Whether a process works on this very database: its row is here. A copy of the database, such as a restored backup, has the same secret and
 * the same ledger, and the addresses of this database's processes.
 */
export async function isKnown(pool: pg.Pool, process: string): Promise<boolean> {
  const { rowCount } = await pool.query({ name: 'known', text: 'select from ownership.process where id = $1', values: [process] });
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
