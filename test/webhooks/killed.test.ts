// Whoever sends webhooks is killed in the middle of calls: each event arrives all the same, always under its own id, and as it was.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom, seedOf } from '../support/seed.ts';
import { listenTo, startReceiver, startWorld } from './world.ts';
import type { World } from './world.ts';

const kills = 5;
const leaseMs = 1_200;
const script = path.join(import.meta.dirname, '../support/dispatcher-process.ts');
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

test(`of two processes that send, one is killed ${kills} times in the middle of calls, and no event is lost or made up`, async () => {
  const random = randomFrom(seedOf('webhooks'));
  const dispatchers: ChildProcess[] = [];
  const start = () =>
    dispatchers.push(spawn(process.execPath, [script, world.url, String(leaseMs)], { stdio: ['ignore', 'ignore', 'inherit'] }));
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
      // More than one of them calls at once: both do.
      await expect.poll(() => underWay.size, { timeout: 120_000, interval: 5 }).toBeGreaterThan(4);
      await new Promise((resolve) => setTimeout(resolve, random() * 50));
      if (underWay.size > 0) inCall++;
      dying?.kill('SIGKILL');
      if (dying) await once(dying, 'exit');
    }
    isCalm = true;
    const settled = async () =>
      (await world.pool.query<{ message: string }>(`select message from webhooks.delivery where status = 'delivered'`)).rows.length;
    await expect.poll(settled, { timeout: 120_000 }).toBe(expected.length);
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
  // A call of which nobody knows what came of it is counted, and not in the log of calls.
  expect(Number(rows[0]?.attempts)).toBeGreaterThan(Number(rows[0]?.noted));
  console.info(
    `${kills} kills, ${inCall} of them in the middle of calls; ${expected.length} events arrived, ${twice} calls were made again, 0 lost`,
  );
});
