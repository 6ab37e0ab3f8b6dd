// A log with two wallets, and a database that records who logs in.
import { withFind } from './find.ts';
import os from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { inRole } from '../database/index.ts';
import { silentLog } from '../kernel/index.ts';
import { openLedger } from '../ledger/index.ts';
import { readOnly, verifyLedger, withDatabase, withInsights, withLedgerReader, withRequests, withWebhooks } from './commands.ts';
import type { Context } from './commands.ts';
import { readConfig } from './config.ts';
import { rebuildable, rebuildProjection } from './rebuild.ts';
import { followed, retryOf, setAsideOf } from './set-aside.ts';

const log = silentLog();
let database: TestDatabase;
let context: Context;
let listener: pg.Client;
/** The application names of all connections since the test began. */
let logins: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const { config } = readConfig({ DATABASE_URL: database.url, COFFER_HOME: os.tmpdir() });
  if (!config) throw new Error('the settings are good');
  context = { config, log };
  await post(['w1', 'w2']);
  // Not a table: sessions that may only read log in, too.
  await database.pool.query(`
    create function public.tell_login() returns event_trigger language plpgsql as
      $$ begin perform pg_notify('logins', current_setting('application_name')); end $$;
    create event trigger tell_login on login execute function public.tell_login()`);
  listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  listener.on('notification', ({ payload = '' }) => logins.push(payload));
  await listener.query('listen logins');
});
afterAll(async () => {
  await listener.end();
  await database.drop();
});
beforeEach(async () => {
  await listener.query('select 1');
  logins = [];
});

async function post(wallets: string[]): Promise<void> {
  const ledger = await openLedger({ url: inRole(database.url, 'writer'), log, books: 2 });
  await ledger.postEach(wallets.map((wallet) => ({ kind: 'open', key: 'k', wallet, opens: { owner: null, asset: 3, floor: 0n } })));
  await ledger.stop();
}

/** Connections that the ledger's writers make. */
async function writers(): Promise<string[]> {
  await listener.query('select 1');
  expect(logins.length).toBeGreaterThan(0);
  return logins.filter((name) => name.startsWith('coffer book'));
}

describe('a read-only command opens no writer', () => {
  const commands: Record<string, () => Promise<unknown>> = {
    projections: () => followed(context),
    'projections set-aside': () => setAsideOf(context, 'stats'),
    'projections retry': () => retryOf(context, 'stats', []),
    rebuild: () => rebuildable(context),
    'rebuild stats --check': () => rebuildProjection(context, { name: 'stats', check: true }),
    'rebuild stats': () => rebuildProjection(context, { name: 'stats', check: false }),
    verify: () => verifyLedger(context, { files: {} }),
    'requests list': () => withRequests(context, async (requests) => void (await requests.list({ limit: 10 }))),
    find: () => withFind(context, async ({ find }) => void (await find.operations({}, {}, { limit: 10 }))),
    'webhooks list': () => withWebhooks(context, async (webhooks) => void (await webhooks.list(10))),
    'fraud rules': () => withInsights(context, async ({ rules }) => void (await rules.list())),
  };

  test.each(Object.keys(commands))('coffer %s', async (name) => {
    await commands[name]?.();
    expect(await writers()).toEqual([]);
  });

  test('unlike one that posts', async () => {
    await post(['w3']);
    expect(await writers()).toContain('coffer book 1 posting');
  });
});

test('for a read-only command, the database refuses writes', async () => {
  const looking = withLedgerReader(context, readOnly, async ({ pool }) => await pool.query('delete from projections.set_aside'));
  await expect(looking).rejects.toThrow('read-only transaction');
});

test('a command that reads does not initialise a new ledger', async () => {
  const empty = await createTestDatabase();
  const { config } = readConfig({ DATABASE_URL: empty.url, COFFER_HOME: os.tmpdir() });
  if (!config) throw new Error('the settings are good');
  const there = { config, log };
  expect((await followed(there)).every(({ status }) => status === null)).toBe(true);
  await expect(rebuildProjection(there, { name: 'stats', check: false })).rejects.toThrow('no event log yet');
  const books = await withDatabase(
    there,
    { whenRunning: 'join' },
    async ({ pool }) => (await pool.query('select from ledger.book')).rowCount,
  );
  expect(books).toBe(0);
  await empty.drop();
});
