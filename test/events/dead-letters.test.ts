// Dead letters as operators use them: over REST and on the command line.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBroker } from '../../packages/coffer/src/events/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Log } from '../../packages/coffer/src/kernel/index.ts';
import { startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let coffer: TestProduct;
let empty: TestDatabase;
beforeAll(async () => {
  coffer = await startProduct();
  empty = await createTestDatabase();
});
afterAll(async () => {
  await coffer.stop();
  await empty.drop();
});

/** A consumer that fails every event turns all present and new events of the log into dead letters. */
async function giveUp(count: number): Promise<void> {
  const before = (await coffer.pool.query<{ count: number }>('select count(*)::int as count from ledger.event')).rows[0]?.count ?? 0;
  for (let at = 0; at < count; at++) await coffer.call('POST', `/wallet/dead${before}-${at}/deposit`, { amount: 5 });
  const url = String(coffer.pool.options.connectionString);
  const broker = await openBroker({ peers: { rabbitmqUrl: undefined }, url, pool: coffer.pool, ledger: coffer.ledger, log: silentLog() });
  const consumer = await broker.consume((batch) =>
    Promise.resolve(
      batch.map(({ event }) => (event.wallet.startsWith(`dead${before}`) && event.type === 'FundsDeposited' ? 'failed' : 'done')),
    ),
  );
  await vi.waitFor(async () => expect(await broker.deadLetters.count()).toBe(count), { timeout: 120_000, interval: 50 });
  await consumer.stop();
  await broker.stop();
}

async function coffer_(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const launcher = path.resolve(import.meta.dirname, '../../packages/coffer/bin/coffer.mjs');
  const env = { PATH: process.env['PATH'], DATABASE_URL: String(coffer.pool.options.connectionString).replace(/[?].*$/, '') };
  return await promisify(execFile)(process.execPath, [launcher, 'deadletters', ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: { code: number; stdout: string; stderr: string }) => failure,
  );
}

test('over REST dead letters are listed, shown, replayed and dropped; a removed one is not found', async () => {
  await giveUp(3);
  const listed = await coffer.call('GET', '/dead-letters?limit=2');
  const [first, second] = listed.body['items'] as Record<string, unknown>[];
  assert(first && second, 'the page has two');
  expect(first).toMatchObject({ eventType: 'FundsDeposited', deliveries: 5, reason: 'failed 5 times' });
  const rest = await coffer.call('GET', `/dead-letters?cursor=${String(listed.body['next'])}`);
  expect([(rest.body['items'] as unknown[]).length, rest.body['next']]).toEqual([1, null]);
  const one = `/dead-letters/${String(first['id'])}`;
  expect((await coffer.call('GET', one)).body).toEqual(first);

  expect((await coffer.call('POST', `${one}/replay`)).body).toEqual({ replayed: 1 });
  expect((await coffer.call('GET', one)).body['code']).toBe('dead_letter_not_found');
  expect((await coffer.call('POST', `${one}/replay`)).status).toBe(404);
  // Its effect outlives open mode, so it needs an authorized caller.
  expect((await coffer.call('DELETE', `/dead-letters/${String(second['id'])}`)).status).toBe(401);
  expect((await coffer.call('POST', '/dead-letters/replay')).body).toEqual({ replayed: 2 });
  expect((await coffer.call('GET', '/dead-letters')).body).toEqual({ items: [], next: null });
});

test('a switch to RabbitMQ logs a warning about the dead letters left in PostgreSQL', async () => {
  const told: unknown[] = [];
  const log: Log = Object.assign(Object.create(silentLog()) as Log, { warn: (about: object) => void told.push(about) });
  const open = async () => {
    const url = String(coffer.pool.options.connectionString);
    const peers = { rabbitmqUrl: 'amqp://127.0.0.1:1' };
    const broker = await openBroker({ peers, url, pool: coffer.pool, ledger: coffer.ledger, log });
    await broker.stop();
    return told.splice(0).filter((about) => JSON.stringify(about).includes('deadLetters'));
  };
  await coffer.pool.query('truncate events.redelivery');
  expect(await open()).toEqual([]);
  await giveUp(2);
  expect(await open()).toEqual([{ deadLetters: 2, toBeRedelivered: 0 }]);
  await coffer.pool.query('truncate events.dead_letter');
});

test('the command line lists, replays and drops them too; dropping all needs a confirmation', async () => {
  await coffer.pool.query('truncate events.redelivery');
  await giveUp(3);
  const listed = JSON.parse((await coffer_('list', '--json')).stdout) as { items: { id: string; eventId: string }[]; count: number };
  expect(listed).toMatchObject({ count: 3, items: [{ eventType: 'FundsDeposited' }, {}, {}] });
  const [first, second] = listed.items.map(({ id }) => id);
  expect((await coffer_('list')).stdout).toContain(`${first}  FundsDeposited`);
  expect((await coffer_('show', first ?? '')).stdout).toContain('"specversion":"1.0"');
  expect((await coffer_('replay', second ?? '')).stdout).toBe('1 replayed.\n');
  expect(await coffer_('replay', second ?? '')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no such dead letter') as string,
  });
  expect(await coffer_('replay')).toMatchObject({ code: 1, stderr: expect.stringContaining('--all') as string });
  expect(await coffer_('drop', '--all')).toMatchObject({ code: 1, stderr: expect.stringContaining('drop 2 dead letters') as string });
  expect((await coffer_('drop', '--all', '--yes')).stdout).toBe('2 dropped.\n');
  expect((await coffer_('list')).stdout).toBe('There are no dead letters.\n');
});
