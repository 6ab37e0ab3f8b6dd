// The dispatcher is killed during calls: each event still arrives, unchanged and always with the same id.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { endWithTest } from '../support/children.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { claimDue } from '../../packages/coffer/src/webhooks/sending-store.ts';
import { listenTo, startReceiver, startWorld } from './world.ts';
import type { World } from './world.ts';

const kills = 5;
const leaseMs = 1_200;
const script = path.join(import.meta.dirname, '../support/dispatcher-process.ts');
/** Two more than the tries of the schedule. */
const killsOfOne = 12;
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.pool.query('delete from webhooks.endpoint'));
afterAll(() => world.stop());

test(`no event is lost or invented when one of two dispatchers is killed ${kills} times during calls`, async () => {
  const random = randomFrom(seedOf('webhooks'));
  const dispatchers: ChildProcess[] = [];
  const start = () => {
    const dispatcher = spawn(process.execPath, [script, world.url, String(leaseMs)], { stdio: ['ignore', 'ignore', 'inherit'] });
    endWithTest(dispatcher);
    return dispatchers.push(dispatcher);
  };
  const underWay = new Set<string>();
  let isCalm = false;
  const receiver = await startReceiver(async ({ id }) => {
    underWay.add(id);
    await new Promise((resolve) => setTimeout(resolve, isCalm ? 0 : 20 + random() * 200));
    underWay.delete(id);
    return 204;
  });
  const { endpoint } = await listenTo(world, receiver.url);
  const expected: string[] = [];
  const post = async () => {
    const events = await world.deposit(Array.from({ length: 50 }, (_, at) => `killed-${expected.length}-${at}`));
    expected.push(...events.map(({ id }) => id));
    await world.apply(events);
  };
  let inCall = 0;
  try {
    for (start(), start(); dispatchers.length < kills + 2; start()) {
      await post();
      const [dying] = dispatchers.slice(-2);
      // More than one call is in flight, so both processes send.
      const seen = () => `${underWay.size} are under way, and ${receiver.messages.length} messages came`;
      await until(() => underWay.size > 4, { what: 'five calls at once', seen, everyMs: 5 });
      await new Promise((resolve) => setTimeout(resolve, random() * 50));
      if (underWay.size > 0) inCall++;
      dying?.kill('SIGKILL');
      if (dying) await once(dying, 'exit');
    }
    isCalm = true;
    const settled = async () =>
      (await world.pool.query<{ message: string }>(`select message from webhooks.delivery where status = 'delivered'`)).rows.length;
    let delivered = 0;
    const isDone = async () => (delivered = await settled()) === expected.length;
    await until(isDone, { what: `${expected.length} deliveries to be noted`, seen: () => `${delivered} are`, everyMs: 50 });
  } finally {
    for (const dispatcher of dispatchers) dispatcher.kill('SIGKILL');
    await receiver.stop();
  }
  const bodies = Map.groupBy(receiver.messages, ({ id }) => id);
  expect([...bodies.keys()].toSorted()).toEqual(expected.toSorted());
  for (const [id, sent] of bodies) {
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ id });
  }
  const twice = receiver.messages.length - bodies.size;
  expect(inCall).toBeGreaterThan(0);
  const { rows } = await world.pool.query<{ noted: number; attempts: number }>(
    'select (select count(*) from webhooks.attempt) as noted, sum(attempts) as attempts from webhooks.delivery where endpoint = $1',
    [endpoint.id],
  );
  // A call with an unknown outcome is counted but is not in the log of calls.
  expect(Number(rows[0]?.attempts)).toBeGreaterThan(Number(rows[0]?.noted));
  console.info(
    `${kills} kills, ${inCall} of them in the middle of calls; ${expected.length} events arrived, ${twice} calls were made again, 0 lost`,
  );
});

/** Skips the pause after a claim. */
const hurry = () => world.pool.query(`update webhooks.delivery set due_at = clock_timestamp() where status = 'pending'`);
/** The database still executes statements that they sent before they died. */
async function sessionsOfTheDead(): Promise<number> {
  return (await world.pool.query(`select from pg_stat_activity where application_name = 'sends until killed'`)).rowCount ?? 0;
}

test(`${killsOfOne} kills during calls of one event use up none of its tries`, async () => {
  let answers: 'nothing' | 503 | 204 = 'nothing';
  const receiver = await startReceiver(async () => {
    if (answers === 'nothing') await new Promise(() => undefined);
    return Number(answers);
  });
  const { endpoint } = await listenTo(world, receiver.url);
  await world.webhooks.test(endpoint.id);
  for (let kill = 1; kill <= killsOfOne; kill++) {
    await hurry();
    const dying = spawn(process.execPath, [script, world.url, '60000', '60000'], { stdio: ['ignore', 'ignore', 'inherit'] });
    endWithTest(dying);
    const calls = () => receiver.messages.length;
    await until(() => calls() >= kill, { what: `process ${kill} to call`, seen: () => `there were ${calls()} calls`, everyMs: 5 });
    expect(calls()).toBe(kill);
    dying.kill('SIGKILL');
    await once(dying, 'exit');
    await expect.poll(sessionsOfTheDead).toBe(0);
  }
  const state = async () =>
    (await world.pool.query<{ status: string; attempts: number; tries: number }>('select status, attempts, tries from webhooks.delivery'))
      .rows[0];
  const after = await state();
  expect(after).toMatchObject({ status: 'pending', tries: 0 });
  expect(after?.attempts).toBeGreaterThanOrEqual(killsOfOne);
  const attempts = after?.attempts ?? 0;
  answers = 503;
  await hurry();
  const dispatcher = world.dispatcher();
  await expect.poll(state).toEqual({ status: 'pending', attempts: attempts + 1, tries: 1 });
  answers = 204;
  await hurry();
  dispatcher.wake();
  await expect.poll(state).toEqual({ status: 'delivered', attempts: attempts + 2, tries: 2 });
  await dispatcher.stop();
  await receiver.stop();
  console.info(`${killsOfOne} kills during calls of one event, 0 of its 10 tries used up`);
});

test('a delivery without an outcome is claimed again after a pause that doubles up to an hour and resets on an outcome', async () => {
  const { endpoint } = await listenTo(world, 'http://127.0.0.1:1/');
  await world.webhooks.test(endpoint.id);
  const lane = { slow: false, free: 1, perEndpoint: 1 };
  const leaseS = 600;
  const claim = async () => {
    await hurry();
    const claimed = await claimDue(world.pool, lane, new Map(), { leaseMs: leaseS * 1_000, now: new Date(Date.now() + 1) });
    expect(claimed).toMatchObject([{ nth: 1 }]);
    const { rows } = await world.pool.query<{ pause: number }>(
      'select extract(epoch from due_at - clock_timestamp())::float8 as pause from webhooks.delivery',
    );
    return rows[0]?.pause ?? 0;
  };
  for (const least of [600, 1_200, 2_400, 3_600, 3_600, 3_600]) {
    const pause = await claim();
    expect(pause).toBeGreaterThan(least - 60);
    expect(pause).toBeLessThanOrEqual(least * 1.25);
  }
  // The sixth call ends.
  await world.pool.query('insert into webhooks.attempt (delivery, number, elapsed_ms) select id, attempts, 1 from webhooks.delivery');
  expect(await claim()).toBeLessThanOrEqual(leaseS * 1.25);
});
