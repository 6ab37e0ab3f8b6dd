/** The database's clock is an hour ahead for a moment: what is to be sent does not wait for an hour. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pause } from '../support/load.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';
import { listenTo, startReceiver, startWorld } from './world.ts';
import type { Receiver, World } from './world.ts';

let world: World;
let clock: Clock;
let receiver: Receiver;
const start = new Date('2031-05-05T12:00:00Z');
const hourLater = new Date('2031-05-05T13:00:00Z');

beforeAll(async () => {
  world = await startWorld(1, async (database) => {
    clock = await takeClock(database);
    await clock.set(start);
  });
  let calls = 0;
  receiver = await startReceiver(() => (calls++ === 0 ? 500 : 204));
  await listenTo(world, receiver.url);
});
afterAll(async () => {
  await clock.end();
  await world.stop();
  await receiver.stop();
});

it('neither a new delivery nor one that is retried', async () => {
  const dispatcher = world.dispatcher();
  await pause(500);
  await clock.set(hourLater);
  await world.apply(await world.deposit(['w']));
  dispatcher.wake();
  await pause(1_500);
  await clock.set(start);
  const delivered = async () =>
    (await world.pool.query<{ n: number }>(`select count(*) as n from webhooks.delivery where status = 'delivered'`)).rows[0]?.n;
  await expect.poll(delivered).toBe(2);
  await dispatcher.stop();
});
