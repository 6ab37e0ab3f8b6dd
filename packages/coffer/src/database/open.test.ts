import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { createLog, silentLog } from '../kernel/index.ts';
import { createPool, openDatabase } from './index.ts';

const log = silentLog();
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

async function open(url = database.url) {
  const opened = await openDatabase({ databaseUrl: url, home: '/nonexistent' }, log);
  await opened.stop();
  return opened;
}

describe("an operator's database", () => {
  test('is opened when its commits are durable', async () => {
    expect((await open()).location).toMatch(/^postgres:\/\/coffer:\*\*\*@127\.0\.0\.1:/);
  });

  test('is refused while synchronous_commit is off, with the statement that fixes it', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} set synchronous_commit = off`);
    await expect(open()).rejects.toMatchObject({
      name: 'OperatorError',
      message: expect.stringContaining('synchronous_commit = off') as unknown,
      remedy: 'Run: alter database <this database> reset synchronous_commit;',
    });
    await database.pool.query(`alter database ${name} reset synchronous_commit`);
    await open();
  });

  test('may wait for the local disk only when there is no synchronous standby', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} set synchronous_commit = local`);
    await open();
  });

  test('that does not answer is reported with its URL and the setting it came from', async () => {
    const away = 'postgres://coffer:secret@127.0.0.1:1/wallets';
    const refusal = (setting: string) => ({
      message: 'The database at postgres://coffer:***@127.0.0.1:1/wallets cannot be used: nothing listens there.',
      remedy: expect.stringMatching(new RegExp(`^Check ${setting}[,:]`)) as unknown,
    });
    await expect(open(away)).rejects.toMatchObject(refusal('DATABASE_URL'));
    const asOwner = openDatabase({ databaseUrl: database.url, migrationUrl: away, home: '/nonexistent' }, log);
    await expect(asOwner).rejects.toMatchObject(refusal('COFFER_MIGRATION_URL'));
    await open();
    const asWriter = openDatabase({ databaseUrl: away, migrationUrl: database.url, home: '/nonexistent' }, log);
    await expect(asWriter).rejects.toMatchObject(refusal('DATABASE_URL'));
  });

  test('an unsafe option in the URL is refused', async () => {
    await expect(open(`${database.url}?options=-c%20synchronous_commit%3Doff`)).rejects.toMatchObject({
      remedy: 'Remove synchronous_commit from the options in DATABASE_URL.',
    });
  });

  test.each([
    ['postgres://coffer:hunter2@127.0.0.1:1/coffer', 'nothing listens there'],
    ['postgres://coffer:hunter2@no-such-host.invalid/coffer', 'the host name'],
  ])('an unreachable database is reported without its password', async (url, reason) => {
    await expect(open(url)).rejects.toMatchObject({
      name: 'OperatorError',
      message: expect.stringContaining(reason) as unknown,
    });
    await expect(open(url)).rejects.not.toThrow('hunter2');
  });

  test('a wrong password is reported as such', async () => {
    await expect(open(database.url.replace(/:[^:@]+@/, ':wrong@'))).rejects.toThrow('the password is wrong');
  });
});

describe('values come back exact', () => {
  test('int8 as a safe number, numeric as bigint, decimals as text, dates unshifted', async () => {
    const { rows } = await database.pool.query(`select
      9007199254740991::int8 as count, 99999999999999999999999999999999999999::numeric as amount, -5::numeric as debit, 1.5::numeric as rate,
      '{1,NULL,3}'::int8[] as counts, '{12345678901234567890}'::numeric[] as amounts, '{}'::int8[] as none,
      '2020-02-29'::date as day, '2020-02-29 12:00:00+02'::timestamptz as moment`);
    expect(rows).toEqual([
      {
        count: 9_007_199_254_740_991,
        amount: 99_999_999_999_999_999_999_999_999_999_999_999_999n,
        debit: -5n,
        rate: '1.5',
        counts: [1, null, 3],
        amounts: [12_345_678_901_234_567_890n],
        none: [],
        day: '2020-02-29',
        moment: new Date('2020-02-29T10:00:00Z'),
      },
    ]);
  });

  test('an int8 beyond the safe integers is an error, never rounded', async () => {
    await expect(database.pool.query('select 9007199254740992::int8')).rejects.toThrow('does not fit a safe integer');
  });
});

describe('a pool', () => {
  test('survives connections that are cut, idle or in use', async () => {
    const pool = createPool(database.url, log, { connectionsMax: 2 });
    const held = await pool.connect();
    const idle = await pool.connect();
    idle.release();
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await expect(held.query('select 1')).rejects.toThrow();
    held.release(true);
    await expect
      .poll(() =>
        pool.query('select 1 as one').then(
          ({ rows }) => rows as unknown,
          () => 'away',
        ),
      )
      .toEqual([{ one: 1 }]);
    await pool.end();
  });
});

test('does not report a connection that breaks while it closes', async () => {
  let told = '';
  const listening = createLog({ level: 'warn', pretty: false, destination: { write: (line) => void (told += line) } });
  const pool = createPool(database.url, listening);
  const client = await pool.connect();
  client.release();
  client.emit('error', new Error('before'));
  const another = await pool.connect();
  another.release();
  const ended = pool.end();
  another.emit('error', new Error('meanwhile'));
  await ended;
  expect(told).toContain('before');
  expect(told).not.toContain('meanwhile');
});
