// Without Redis: a process caches what it reads only while it is the only process on the database.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { newId, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { startCofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { isOn, openSide } from './side.ts';
import type { Side } from './side.ts';

let database: TestDatabase;
let sides: Side[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(sides.splice(0).map((side) => side.stop()));
});
afterAll(async () => {
  await database.drop();
});

async function open(): Promise<Side> {
  const side = await openSide(database);
  sides.push(side);
  return side;
}

/** Reads a wallet until it comes from the cache. */
async function keep(side: Side, wallet: string): Promise<void> {
  const before = side.hits();
  for (let time = 0; time < 2; time++) await side.version(wallet);
  expect(side.hits()).toBeGreaterThan(before);
}

/** Ends the connections that hold the lock, as a restart of the database does. */
async function cutCompany(): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'coffer company' and datname = current_database()`,
  );
  return rowCount ?? 0;
}

/** How many connections hold the lock. */
async function inCompany(): Promise<number | null> {
  const { rowCount } = await database.pool.query(
    `select from pg_locks l join pg_stat_activity a using (pid) where a.application_name = 'coffer company' and a.datname = current_database()
       and l.locktype = 'advisory' and l.granted`,
  );
  return rowCount;
}

test('a process without peers caches what it reads and evicts what it changes', async () => {
  const alone = await open();
  expect(isOn(alone)).toBe(true);
  await alone.deposit('w1');
  await keep(alone, 'w1');
  const version = await alone.deposit('w1');
  expect([await alone.version('w1'), await alone.newest('w1')]).toEqual([version, version]);
});

test('a wallet with limits is never cached: its usage depends on the clock', async () => {
  const alone = await open();
  await alone.deposit('limited');
  const limits = { perTransfer: null, perDay: 5n, perMonth: null };
  const decided = { reason: 'a test', actor: 'test' };
  await alone.ledger.post({ kind: 'limit', key: newId(), wallet: 'limited', limits, ...decided });
  const before = alone.hits();
  for (let time = 0; time < 3; time++) expect((await alone.queries.wallet('limited'))?.used).toEqual({ day: 0n, month: 0n });
  expect(alone.hits()).toBe(before);
});

test('it stops caching before a second process gets the answer to its first change, and does not resume', async () => {
  const first = await open();
  await first.deposit('w2');
  await keep(first, 'w2');
  const second = await open();
  const version = await second.deposit('w2');
  expect(await first.version('w2')).toBe(version);
  expect([isOn(first), isOn(second)]).toEqual([false, false]);
  sides = [first];
  await second.stop();
  expect(isOn(first)).toBe(false);
});

test('the test above would fail if the second process did not announce itself', async () => {
  const first = await open();
  const stranger = await openLedger({ url: inRole(database.url, 'writer'), log: silentLog() });
  const before = await first.deposit('w3');
  await keep(first, 'w3');
  await stranger.post({ kind: 'deposit', key: newId(), debit: { system: 'cash_in' }, credit: { wallet: 'w3' }, amount: 1n });
  // The stale value lasts five seconds at most: nothing is cached for longer.
  expect(await first.version('w3')).toBe(before);
  await stranger.stop();
  await vi.waitFor(async () => expect(await first.version('w3')).toBe(before + 1), { timeout: 120_000, interval: 100 });
});

test('a process caches nothing while its peer connection is down, and resumes on a new one', async () => {
  const side = await open();
  await side.deposit('w4');
  await keep(side, 'w4');
  expect(await cutCompany()).toBe(1);
  await vi.waitFor(() => expect(isOn(side)).toBe(false), { timeout: 120_000, interval: 1 });
  await vi.waitFor(() => expect(isOn(side)).toBe(true), { timeout: 120_000 });
  await keep(side, 'w4');
});

test('when both processes lose their connections, neither assumes that it has no peers', async () => {
  const both = [await open(), await open()];
  for (let cut = 0; cut < 5; cut++) {
    await expect.poll(inCompany).toBe(2);
    expect(await cutCompany()).toBe(2);
    for (let time = 0; time < 30; time++) {
      expect(both.map(isOn)).toEqual([false, false]);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  // Each process answers with the other's changes as soon as they see each other again.
  expect(await both[0]?.deposit('w5')).toBe(await both[1]?.version('w5'));
});

test('a process that loses its connection while another joins never answers with a value older than the other sees', async () => {
  const random = randomFrom(seedOf('newcomers'));
  let reads = 0;
  for (let trial = 0; trial < 8; trial++) {
    const wallet = `n${trial}`;
    const first = await open();
    await first.deposit(wallet);
    await keep(first, wallet);
    const coming = open();
    await new Promise((resolve) => setTimeout(resolve, random() * 30));
    await cutCompany();
    const second = await coming;
    for (let round = 0; round < 10; round++) {
      const [writer, reader] = random() < 0.5 ? [first, second] : [second, first];
      await reader.version(wallet);
      const version = await writer.deposit(wallet);
      expect(await reader.version(wallet)).toBe(version);
      reads++;
    }
    await Promise.all(sides.splice(0).map((side) => side.stop()));
  }
  console.info(`${reads} reads after changes of the other`);
});

test('the wait for a paused process is bounded, and it answers nothing stale when it resumes', async () => {
  const coffer = await startCofferProcess(database.url);
  try {
    const read = async () => ((await (await fetch(`${coffer.api}/wallet/c2`)).json()) as { version?: number }).version;
    const writer = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ amount: 1 }) };
    await fetch(`${coffer.api}/wallet/c2/deposit`, writer);
    const before = await read();
    expect(await read()).toBe(before);
    coffer.signal('SIGSTOP');
    const other = await open();
    const version = await other.deposit('c2');
    const answer = read();
    coffer.signal('SIGCONT');
    expect(await answer).toBe(version);
    for (let time = 0; time < 20; time++) expect(await read()).toBe(await other.deposit('c2').then((changed) => changed - 1));
  } finally {
    coffer.signal('SIGCONT');
    await coffer.end('SIGTERM');
  }
});

test('a complete Coffer stops caching when another one joins, and its metrics show it', async () => {
  const coffer = await startCofferProcess(database.url);
  const read = async () => ((await (await fetch(`${coffer.api}/wallet/c1`)).json()) as { version?: number }).version;
  const figures = async () => await (await fetch(`${coffer.api}/metrics`)).text();
  try {
    await fetch(`${coffer.api}/wallet/c1/deposit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ amount: 1 }),
    });
    const versions = [await read(), await read(), await read()];
    expect(new Set(versions).size).toBe(1);
    const before = await figures();
    expect(before).toContain('coffer_cache_on{kind="memory"} 1');
    expect(before).toMatch(/coffer_cache_reads_total\{outcome="hit"\} [2-9]/);
    const other = await open();
    const version = await other.deposit('c1');
    expect(await read()).toBe(version);
    expect(await figures()).toContain('coffer_cache_on{kind="memory"} 0');
  } finally {
    await coffer.end('SIGTERM');
  }
});
