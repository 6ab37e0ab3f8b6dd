// Settings of the server, the database, the role and the environment must not change how values read or what statements mean.
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { openSession } from '../background/index.ts';
import { silentLog } from '../kernel/index.ts';
import { openLedger, verify } from '../ledger/index.ts';
import type { Ledger, Operation } from '../ledger/index.ts';
import { createPool, inRole, migrate } from './index.ts';
import { connectClient, connectionConfig, optionsText } from './sessions.ts';

const log = silentLog();
let database: TestDatabase;
let name: string;
beforeEach(async () => {
  database = await createTestDatabase();
  name = new URL(database.url).pathname.slice(1);
});
afterEach(() => database.drop());

const hostile: Readonly<Record<string, string>> = {
  DateStyle: 'German',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  search_path: 'nowhere',
  default_transaction_isolation: 'repeatable read',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  enable_indexscan: 'off',
};

async function poison(settings = hostile): Promise<void> {
  for (const [setting, value] of Object.entries(settings))
    await database.pool.query(`alter database ${name} set ${setting} = ${pg.escapeLiteral(value)}`);
}

function deposit(key: string): Operation {
  const credit = { wallet: 'w1', opens: { owner: null, asset: 1, floor: 0n } };
  return { kind: 'deposit', key, debit: { system: 'cash_in' }, credit, amount: 5n };
}

async function withLedger<T>(work: (ledger: Ledger) => Promise<T>, url = inRole(database.url, 'writer')): Promise<T> {
  const ledger = await openLedger({ url, log });
  return await work(ledger).finally(() => ledger.stop());
}

describe('with settings of ALTER DATABASE that change everything', () => {
  beforeEach(() => poison());

  test('the ledger posts, reads back the same, and verifies', async () => {
    await withLedger(async (ledger) => {
      const [first, second] = [await ledger.post(deposit('one')), await ledger.post(deposit('two'))];
      expect([first.status, second.status]).toEqual(['posted', 'posted']);
      expect(await ledger.post(deposit('one'))).toMatchObject({ replayed: true });
      expect((await ledger.read.balance('w1'))?.balance).toBe(10n);
      const [event] = await ledger.read.in({ book: 1 }).events(0, 0, 1);
      expect(Math.abs(Date.now() - (event?.recordedAt.getTime() ?? 0))).toBeLessThan(600_000);
    });
    const pool = createPool(database.url, log);
    const { invariants } = await verify(pool);
    await pool.end();
    expect(invariants.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('two processes write to one book', async () => {
    await withLedger(async (one) => {
      await withLedger(async (other) => {
        const outcomes = await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : other).post(deposit(`both ${at}`))));
        expect(outcomes.filter(({ status }) => status !== 'posted')).toEqual([]);
        expect([one.ready, other.ready]).toEqual([true, true]);
      });
    });
  });

  test('migrations run', async () => {
    await database.pool.query('delete from coffer_migration.definitions');
    expect(await migrate(database.url, log)).toMatchObject({ definitionsRenewed: true });
  });

  test('options of the URL do not win either, but others stay in force', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c DateStyle=SQL -c search_path=nowhere -c work_mem=5MB');
    const pool = createPool(url.href, log, { settings: { lock_timeout: '3s' } });
    const { rows } = await pool.query(`select current_setting('DateStyle') as dates, current_setting('search_path') as path,
      current_setting('work_mem') as memory, current_setting('lock_timeout') as lock`);
    await pool.end();
    expect(rows).toEqual([{ dates: 'ISO, MDY', path: 'public, pg_temp', memory: '5MB', lock: '3s' }]);
  });
});

test('PGOPTIONS has no effect', async () => {
  process.env['PGOPTIONS'] = '-c DateStyle=German';
  try {
    const pool = createPool(database.url, log);
    expect((await pool.query('show DateStyle')).rows).toEqual([{ DateStyle: 'ISO, MDY' }]);
    await pool.end();
  } finally {
    delete process.env['PGOPTIONS'];
  }
});

test.each([
  ['off', 'on'],
  ['local', 'on'],
  ['remote_apply', 'remote_apply'],
])('with synchronous_commit = %s commits are durable: it becomes %s, also after the setting changes', async (given, wanted) => {
  await poison({ synchronous_commit: given });
  const pool = createPool(database.url, log, { connectionsMax: 1 });
  const session = await openSession({ url: database.url, applicationName: 'a session', onBroken: () => undefined });
  const asked = "select current_setting('synchronous_commit') as found";
  expect([(await pool.query(asked)).rows, (await session.client.query(asked)).rows]).toEqual([[{ found: wanted }], [{ found: wanted }]]);
  await session.close();
  await pool.end();
});

test('a connection whose settings did not arrive is refused with what to do', async () => {
  const config = connectionConfig(database.url, { applicationName: 'without options' });
  const client = new pg.Client({ ...config, connectionString: database.url, options: optionsText({ work_mem: '5MB' }) });
  client.on('error', () => undefined);
  await expect(connectClient(client)).rejects.toMatchObject({
    name: 'OperatorError',
    message: expect.stringMatching(/does not have the settings that Coffer gives it: .* instead of/) as unknown,
    remedy: expect.stringContaining('at PostgreSQL itself') as unknown,
  });
});
