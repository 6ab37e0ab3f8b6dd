/** The database's clock is an hour ahead for a moment: no deadline is over because of it, and nothing waits for an hour. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pause } from '../support/load.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
let clock: Clock;
const start = new Date('2031-05-05T12:00:00Z');
const hourLater = new Date('2031-05-05T13:00:00Z');

beforeAll(async () => {
  const detour = async (url: string) => {
    clock = await takeClock({ url });
    await clock.set(start);
    return url;
  };
  coffer = await startWorking({}, { detour });
  await coffer.call('POST', '/wallet/w/deposit', { amount: 1000 });
});
afterAll(async () => {
  await clock.end();
  await coffer.stop();
});

it('a payout that waits for approval is not released, and can be approved', async () => {
  const worker = coffer.work({ payout: { kind: 'approval', timeoutSeconds: 1_800 } });
  const { id } = await coffer.later('/wallet/w/withdraw', { amount: 300 });
  await coffer.until(id, 'awaiting_approval');
  await clock.set(hourLater);
  await pause(3_000);
  await clock.set(start);
  expect((await coffer.call('GET', `/requests/${String(id)}`)).body).toMatchObject({ status: 'awaiting_approval', finishedAt: null });
  expect(await coffer.balance('w')).toEqual({ balance: '1000', held: '300' });
  expect((await coffer.call('POST', `/requests/${String(id)}/approve`, { reason: 'paid' })).status).toBe(200);
  await coffer.until(id, 'completed');
  await worker.stop();
});

it('a request that was accepted meanwhile is processed once the clock is right, and its deadline counts from then', async () => {
  const worker = coffer.work({ payout: { kind: 'approval', timeoutSeconds: 1_800 } });
  await pause(500);
  await clock.set(hourLater);
  const { id } = await coffer.later('/wallet/w/withdraw', { amount: 100 });
  await pause(1_000);
  await clock.set(start);
  const waiting = await coffer.until(id, 'awaiting_approval');
  const leftMs = Date.parse(String(waiting['timesOutAt'])) - start.getTime();
  expect(leftMs).toBeGreaterThan(1_700_000);
  expect(leftMs).toBeLessThan(1_900_000);
  await worker.stop();
});

it('a worker that begins afterwards shortens the waits that were stored meanwhile', async () => {
  await clock.set(hourLater);
  const { id } = await coffer.later('/wallet/w/withdraw', { amount: 50 });
  await clock.set(start);
  const worker = coffer.work();
  expect(await coffer.until(id, 'completed')).toMatchObject({ amount: '50' });
  await worker.stop();
});
