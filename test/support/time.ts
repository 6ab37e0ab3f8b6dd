/** A database whose clock the test sets: in this database, `clock_timestamp` is a function of the test. */
import pg from 'pg';
import type { TestDatabase } from './database.ts';

export type Clock = { set(to: Date): Promise<void>; end(): Promise<void> };

/** Call it before anything else connects. After `set` the clock continues to run. */
export async function takeClock({ url }: Pick<TestDatabase, 'url'>): Promise<Clock> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    create schema test_time;
    create table test_time.shift as select interval '0' as by;
    grant usage on schema test_time to public;
    grant select on test_time.shift to public;
    -- Whatever a session searches first: Coffer sets that itself.
    alter function pg_catalog.clock_timestamp() rename to real_clock_timestamp;
    create function pg_catalog.clock_timestamp() returns timestamptz language sql volatile
      return pg_catalog.real_clock_timestamp() + (select by from test_time.shift)`);
  return {
    set: async (to) => {
      await client.query('update test_time.shift set by = $1::timestamptz - pg_catalog.real_clock_timestamp()', [to]);
    },
    end: () => client.end(),
  };
}
