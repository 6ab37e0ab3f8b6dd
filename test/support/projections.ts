/** A log of several books, and a projection that records each event it receives as a row, in order of arrival. */
import type pg from 'pg';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import type { Delivery } from '../../packages/coffer/src/events/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { randomFrom } from './seed.ts';
import { workloadOperation } from './workload.ts';

export type FollowedLog = {
  readonly database: TestDatabase;
  /** Connects with the privileges of the product. */
  readonly pool: pg.Pool;
  readonly ledger: Ledger;
  /** Posts the given number of operations of all kinds of the load. */
  post(count: number): Promise<void>;
  stop(): Promise<void>;
};

export async function startLog(seed: number, books = 2): Promise<FollowedLog> {
  const database = await createTestDatabase();
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, silentLog());
  const ledger = await openLedger({ url, log: silentLog(), books, patienceMs: 60_000 });
  await createWitness(database.pool);
  const random = randomFrom(seed);
  let posted = 0;
  return {
    database,
    pool,
    ledger,
    post: async (count) => {
      await ledger.postEach(Array.from({ length: count }, () => workloadOperation(random, `op ${++posted}`)));
    },
    stop: async () => {
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}

/** Every event of the log as the broker would deliver it. */
export async function deliveriesOf(ledger: Ledger): Promise<Delivery[]> {
  const all = await Promise.all(ledger.books.map((book) => ledger.read.in({ book }).events(0, 0, 1_000_000)));
  return all.flatMap((events) => events.map((event, at) => ({ event, previous: placeOf(events[at - 1]) })));
}

function placeOf(event: LedgerEvent | undefined) {
  return event ? { seq: event.seq, part: event.part } : null;
}

async function createWitness(pool: pg.Pool): Promise<void> {
  await pool.query(`
    -- No key: what is applied twice is there twice.
    create table insights.witness (
      projection text, generation integer, id text, book integer, arrival bigint generated always as identity
    );
    grant select, insert, delete on insights.witness to coffer_writer`);
}

/** Fails on the events that `isPoison` names. */
export function witness(name: string, isPoison: (event: LedgerEvent) => boolean = () => false): Projection {
  return {
    name,
    apply: async (client, events, generation) => {
      // It applies some events before it fails.
      const good = events.findIndex(isPoison);
      await insertWitnessed(client, name, generation, good < 0 ? events : events.slice(0, good));
      if (good >= 0) throw new Error(`${events[good]?.id} is poison`);
    },
  };
}

export async function insertWitnessed(
  client: pg.ClientBase,
  name: string,
  generation: number,
  events: readonly LedgerEvent[],
): Promise<void> {
  await client.query(
    `insert into insights.witness (projection, generation, id, book)
     select $1, $2, id, book from unnest($3::text[], $4::integer[]) with ordinality as told (id, book, at) order by at`,
    [name, generation, events.map(({ id }) => id), events.map(({ book }) => book)],
  );
}

/** The ids of a book's events in the order in which they had their effect. */
export async function witnessed(pool: pg.Pool, name: string, book: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from insights.witness where projection = $1 and book = $2 order by arrival',
    [name, book],
  );
  return rows.map(({ id }) => id);
}
