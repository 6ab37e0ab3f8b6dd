/** A database whose clock the test sets: what the ledger calls `clock_timestamp` is found in a schema that is searched first. */
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
    create function test_time.clock_timestamp() returns timestamptz language sql volatile
      return pg_catalog.clock_timestamp() + (select by from test_time.shift);
    grant usage on schema test_time to public;
    grant select on test_time.shift to public;
    do $$
    declare own regprocedure;
    begin
      execute format('alter database %I set search_path = test_time, pg_catalog, public', current_database());
      -- Functions that work with their owner's rights search where they were told to.
      for own in select oid from pg_proc where pronamespace = 'ledger'::regnamespace and prosecdef loop
        execute format('alter function %s set search_path = test_time, pg_catalog, pg_temp', own);
      end loop;
    end $$`);
  return {
    set: async (to) => {
      await client.query('update test_time.shift set by = $1::timestamptz - pg_catalog.clock_timestamp()', [to]);
    },
    end: () => client.end(),
  };
}
