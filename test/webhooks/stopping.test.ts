// The dispatcher stops during a call: it does not wait for an endpoint that hangs, and does not count the try against it.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { listenTo, startReceiver, startWorld } from './world.ts';
import type { Receiver, World } from './world.ts';

let world: World;
const receivers: Receiver[] = [];
beforeAll(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  await world.pool.query('delete from webhooks.endpoint');
});
afterAll(() => world.stop());

async function receiver(answer: () => number | Promise<number>): Promise<Receiver> {
  const started = await startReceiver(answer);
  receivers.push(started);
  return started;
}

type Row = { status: string; attempts: number; tries: number; is_due: boolean };
async function delivery(): Promise<Row | undefined> {
  const { rows } = await world.pool.query<Row>(
    'select status, attempts, tries, due_at <= clock_timestamp() as is_due from webhooks.delivery',
  );
  return rows[0];
}

async function attempts(): Promise<{ number: number; http_status: number | null; why: string | null }[]> {
  return (await world.pool.query('select number, http_status, why from webhooks.attempt order by number')).rows as never;
}

test('a stop aborts a call that hangs; its delivery is due immediately, keeps its schedule, and is sent after the restart', async () => {
  let hangs = true;
  const { url, messages } = await receiver(async () => {
    if (hangs) await new Promise(() => undefined);
    return 204;
  });
  const { endpoint } = await listenTo(world, url);
  await world.webhooks.test(endpoint.id);
  const stopped = world.dispatcher({ timeoutMs: 600_000, graceMs: 50 });
  await expect.poll(() => messages.length).toBe(1);
  await stopped.stop();
  expect(await delivery()).toEqual({ status: 'pending', attempts: 1, tries: 0, is_due: true });
  expect(await world.webhooks.find(endpoint.id)).toMatchObject({ status: 'enabled', failingSince: null });
  hangs = false;
  const after = world.dispatcher();
  await expect.poll(async () => (await delivery())?.status).toBe('delivered');
  await after.stop();
  expect(await delivery()).toMatchObject({ attempts: 2, tries: 1 });
  expect(await attempts()).toEqual([
    { number: 1, http_status: null, why: 'Coffer was stopped during the call' },
    { number: 2, http_status: 204, why: null },
  ]);
  expect(messages[0]?.id).toBe(messages[1]?.id);
});

test('a stop waits for a call that is about to end', async () => {
  let answer: () => void = () => undefined;
  const { url, messages } = await receiver(async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return 204;
  });
  const { endpoint } = await listenTo(world, url);
  await world.webhooks.test(endpoint.id);
  const dispatcher = world.dispatcher({ graceMs: 60_000 });
  await expect.poll(() => messages.length).toBe(1);
  const stopped = dispatcher.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  answer();
  await stopped;
  expect(await delivery()).toMatchObject({ status: 'delivered', attempts: 1, tries: 1 });
}, 60_000);
