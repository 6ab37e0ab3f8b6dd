import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import { startProxy } from '../support/database-proxy.ts';
import type { Proxy } from '../support/database-proxy.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { startPayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let proxy: Proxy;
let payer: Payer;
let coffer: Working;
beforeAll(async () => {
  payer = await startPayer({ timeoutSeconds: 600 });
  const detour = async (url: string) => {
    proxy = await startProxy(url);
    return proxy.url;
  };
  coffer = await startWorking({ log: silentLog() }, { patienceMs: 1_000, detour });
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  await coffer.stop();
  await proxy.stop();
  await payer.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

/** A careful caller: repeats the request with the same key until there is an answer. */
async function acceptedInTheEnd(body: object): Promise<number> {
  for (let tries = 1; ; tries++) {
    const answer = await coffer.call('POST', '/wallet/w1/withdraw', { ...body, async: true });
    if (answer.status === 202) return tries;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    await pause(100);
  }
}

it('during repeated database outages under load no request is reported as failed, and each is done once', async () => {
  const random = randomFrom(seedOf('request outages'));
  const asked = 200;
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 1_000 });
  coffer.work({ payout: payer.payout, call: callOut, leaseMs: 2_000, concurrency: 16 });
  payer.says(() => ({ body: { status: 'paid' }, afterMs: 10 + random() * 40 }));
  let tries = 0;
  const callers = Array.from({ length: 20 }, async (_, caller) => {
    for (let at = caller; at < asked; at += 20) {
      const sent = await acceptedInTheEnd({ amount: 1, requestId: `o${at}` });
      tries += sent;
      await pause(random() * 200);
    }
  });
  const outages = 5;
  for (let outage = 0; outage < outages; outage++) {
    await pause(200 + random() * 400);
    proxy.judge = () => 'cut';
    // Sent statements are committed, and their answers are lost.
    if (outage % 2 === 0) for (const connection of proxy.connections) connection.cut();
    await pause(300 + random() * 900);
    proxy.judge = null;
    await expect.poll(async () => (await coffer.call('GET', '/wallet/w1')).status).toBe(200);
  }
  await Promise.all(callers);
  const counts = async () =>
    (await coffer.pool.query<{ status: string; count: number }>('select status, count(*) from requests.request group by 1')).rows;
  await expect.poll(counts).toEqual([{ status: 'completed', count: asked }]);
  expect([await coffer.balance('w1'), payer.paid.size]).toEqual([{ balance: String(1_000 - asked), held: '0' }, asked]);
  const { rows } = await coffer.pool.query<{ attempts: number }>('select sum(attempts)::int as attempts from requests.request');
  console.info(`${outages} outages: ${asked} requests, sent ${tries} times, taken up ${rows[0]?.attempts} times`);
  expect(tries).toBeGreaterThan(asked);
});
