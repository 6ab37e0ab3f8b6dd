/** Asynchronous transfers in steps across several books, with workers that are killed and recipients that cannot be credited. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { endWithTest } from '../support/children.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { points } from '../support/saga-points.ts';
import { startWorking } from './working.ts';
import type { Body, Working } from './working.ts';

let coffer: Working;
beforeAll(async () => {
  coffer = await startWorking({}, { books: 3 });
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  await coffer.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

function startWorkerProcess(point = '') {
  const script = path.join(import.meta.dirname, 'worker-process.ts');
  const child = spawn(process.execPath, [script, coffer.databaseUrl, JSON.stringify({ kind: 'none' }), point], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  endWithTest(child);
  return { kill: () => child.kill('SIGKILL'), gone: once(child, 'exit') as Promise<[number | null, string | null]> };
}

async function wallet(id: string, amount: number): Promise<string> {
  await coffer.call('POST', '/wallet', { id });
  if (amount > 0) await coffer.call('POST', `/wallet/${id}/deposit`, { amount });
  return id;
}

const later = async (from: string, to: string, more: object): Promise<Body> =>
  await coffer.later(`/wallet/${from}/transfer`, { toWalletId: to, mode: 'saga', ...more });
const freeze = async (id: string, verb: 'freeze' | 'unfreeze') =>
  expect((await coffer.call('POST', `/wallet/${id}/${verb}`, { sides: 'credits', reason: 'a test' })).status).toBe(201);
/** Another process may have posted it: a cached wallet is at most seconds behind. */
const expectBalance = async (id: string, balance: number, message: string) =>
  await expect.poll(() => coffer.balance(id), { message }).toEqual({ balance: String(balance), held: '0' });

it('a worker killed between any two steps leaves a transfer that another completes, or compensates and completes on replay', async () => {
  const stops = ['processing claimed', ...points, 'processing done', 'processing settled'];
  let number = 0;
  for (const point of stops) {
    for (const isFrozen of [false, true]) {
      const about = `${point}, ${isFrozen ? 'frozen' : 'open'}`;
      const [from, to] = [await wallet(`s${number}`, 1_000), await wallet(`s${number++}-to`, 0)];
      if (isFrozen) await freeze(to, 'freeze');
      const asked = { amount: 300, requestId: 'k' };
      const { id } = await later(from, to, asked);
      const child = startWorkerProcess(point);
      expect([about, await child.gone]).toEqual([about, [null, 'SIGKILL']]);
      const survivor = coffer.work();
      const ended = await coffer.until(id, 'completed', 'released', 'failed');
      await expectBalance(from, isFrozen ? 1_000 : 700, about);
      await expectBalance(to, isFrozen ? 0 : 300, about);
      expect([about, ended['status']]).toEqual([about, isFrozen ? 'failed' : 'completed']);
      // The transfer and the same request sent synchronously give the same answer.
      const transfer = await coffer.call('GET', `/transfers/${String(ended['operationId'])}`);
      expect([about, transfer.body['status']]).toEqual([about, isFrozen ? 'compensated' : 'completed']);
      const again = await coffer.call('POST', `/wallet/${from}/transfer`, { toWalletId: to, mode: 'saga', ...asked });
      expect([about, again.status, again.body['operationId']]).toEqual([about, isFrozen ? 422 : 201, ended['operationId']]);
      if (isFrozen) await expectToArriveOnceUnfrozen(to, ended);
      await survivor.stop();
      await expectBalance(from, 700, about);
      await expectBalance(to, 300, about);
    }
  }
  console.info(`killed a worker at ${stops.length} points of a transfer in steps, twice each: each ended once`);
}, 400_000);

it('with workers killed under load and recipients frozen and closed, each transfer ends once and the balances agree', async () => {
  const random = randomFrom(seedOf('worker kills, transfers in steps'));
  const [lives, asked, funds] = [5, 200, 10_000];
  const from = await wallet('many', funds);
  const recipients = await Promise.all(Array.from({ length: 8 }, (_, nth) => wallet(`one-of-${nth}`, 0)));
  const any = () => recipients[Math.floor(random() * recipients.length)] ?? '';
  const accepted: { id: string; to: string; amount: number }[] = [];
  let isAsking = true;
  const caller = async (nth: number) => {
    for (let at = nth; at < asked; at += 8) {
      const [to, amount] = [any(), 1 + Math.floor(random() * 20)];
      const answers = await Promise.all([1, 2].map(() => later(from, to, { amount, requestId: `m${at}` })));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      accepted.push({ id: String(answers[0]?.['id']), to, amount });
      await pause(random() * 60);
    }
  };
  const trouble = async () => {
    while (isAsking) {
      const id = any();
      await coffer.call('POST', `/wallet/${id}/freeze`, { sides: 'credits', reason: 'a test' });
      await pause(random() * 150);
      await coffer.call('POST', `/wallet/${id}/unfreeze`, { sides: 'credits', reason: 'a test' });
    }
  };
  const [callers, troubled] = [Promise.all(Array.from({ length: 8 }, (_, nth) => caller(nth))), trouble()];
  let interrupted = 0;
  for (let life = 0; life < lives; life++) {
    const child = startWorkerProcess();
    const before = new Set(await coffer.claims());
    // It is working by now: how long that takes depends on the machine.
    await expect
      .poll(async () => (await coffer.claims()).some((claim) => !before.has(claim)), { interval: 5, timeout: 120_000 })
      .toBe(true);
    await pause(random() * 250);
    child.kill();
    await child.gone;
    interrupted += (await coffer.claims()).filter((claim) => !before.has(claim)).length;
  }
  // Kills that interrupted nothing would prove nothing.
  expect(interrupted).toBeGreaterThan(0);
  await callers;
  isAsking = false;
  await troubled;
  await coffer.call('POST', `/wallet/${recipients[0] ?? ''}/close`, { sides: 'credits', reason: 'a test' });
  const survivors = [coffer.work(), coffer.work()];
  const outcomes = await Promise.all(
    accepted.map(async (one) => ({ ...one, status: (await coffer.until(one.id, 'completed', 'failed'))['status'] })),
  );
  for (const survivor of survivors) await survivor.stop();
  const paidTo = (to: string) =>
    outcomes.filter((one) => one.to === to && one.status === 'completed').reduce((sum, one) => sum + one.amount, 0);
  for (const to of recipients) await expectBalance(to, paidTo(to), to);
  await expectBalance(from, funds - recipients.reduce((sum, to) => sum + paidTo(to), 0), from);
  const back = outcomes.filter((one) => one.status === 'failed').length;
  console.info(`killed a worker ${lives} times with ${interrupted} transfers in hand: ${asked - back} arrived, ${back} came back`);
  expect(outcomes).toHaveLength(asked);
}, 400_000);

/** `ended`: a request whose transfer came back from the frozen wallet `to`. */
async function expectToArriveOnceUnfrozen(to: string, ended: Body): Promise<void> {
  expect(ended['failure']).toMatchObject({ code: 'wallet_frozen', facts: { wallet: to, side: 'credits' } });
  await freeze(to, 'unfreeze');
  const id = String(ended['id']);
  expect((await coffer.call('POST', `/requests/${id}/replay`, { reason: 'unfrozen' })).status).toBe(200);
  expect(await coffer.until(id, 'completed', 'failed')).toMatchObject({ status: 'completed', replays: 1 });
}
