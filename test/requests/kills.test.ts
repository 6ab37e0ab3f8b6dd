/** A worker process is killed at every step and at random times; another one takes over. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PayoutConfig } from '../../packages/coffer/src/requests/settings.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until } from '../support/until.ts';
import { startPayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { startWorkerProcess } from './worker-processes.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
let payer: Payer;
beforeAll(async () => {
  coffer = await startWorking();
  payer = await startPayer({ timeoutSeconds: 600 });
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  await coffer.stop();
  await payer.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

const atOnce = ['processing claimed', 'processing done', 'processing settled'];
const asking = ['paying claimed', 'paying done', 'paying settled', 'asked done', 'asked settled'];
const paid = [...atOnce, 'held done', 'held settled', ...asking, 'capturing done', 'capturing settled'];
const rejected = ['asked done', 'asked settled', 'releasing done', 'releasing settled'];
const kills = [
  ...atOnce.map((point) => ['withdraw', 'none', point] as const),
  ...atOnce.map((point) => ['transfer', 'none', point] as const),
  ...paid.map((point) => ['withdraw', 'paid', point] as const),
  ...rejected.map((point) => ['withdraw', 'rejected', point] as const),
];

it('a worker killed at any of its steps leaves nothing half done: another finishes the request, with one effect', async () => {
  let number = 0;
  for (const [type, says, point] of kills) {
    const [wallet, to] = [`k${number}`, `k${number++}-to`];
    await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000 });
    await coffer.call('POST', '/wallet', { id: to });
    const payout: PayoutConfig = says === 'none' ? { kind: 'none' } : payer.payout;
    payer.says(() => ({ body: says === 'rejected' ? { status: 'rejected', reason: 'no' } : { status: 'paid' } }));
    const { id } = await coffer.later(`/wallet/${wallet}/${type}`, { amount: 300, ...(type === 'transfer' && { toWalletId: to }) });
    const child = startWorkerProcess(coffer.databaseUrl, payout, point);
    expect([point, await child.gone]).toEqual([point, [null, 'SIGKILL']]);
    const survivor = coffer.work({ payout, call: callOut });
    const ended = await coffer.until(id, 'completed', 'released', 'failed');
    await survivor.stop();
    expect([point, ended['status']]).toEqual([point, says === 'rejected' ? 'released' : 'completed']);
    // Another process may have posted it: a cached wallet is at most seconds behind.
    const stands = { balance: says === 'rejected' ? '1000' : '700', held: '0' };
    await expect.poll(() => coffer.balance(wallet), { message: point }).toEqual(stands);
    await expect.poll(() => coffer.balance(to), { message: point }).toEqual({ balance: type === 'transfer' ? '300' : '0', held: '0' });
    const paidOut = says === 'paid' ? ['300'] : [];
    expect([point, [...payer.paid].filter(([request]) => request === id).map(([, amount]) => amount)]).toEqual([point, paidOut]);
  }
  console.info(`killed a worker at ${kills.length} points: each request ended once`);
}, 400_000);

it('with workers killed repeatedly under load, every request ends, and the payer, the requests and the ledger agree', async () => {
  const random = randomFrom(seedOf('worker kills'));
  const [livesLeast, livesMost, askedPerLife] = [6, 30, 40];
  await coffer.call('POST', '/wallet/load/deposit', { amount: 5_000 });
  payer.says(({ amount }, count) => {
    const afterMs = 20 + random() * 60;
    if (random() < 0.1) return { status: 500, text: '', afterMs };
    if (random() < 0.1) return { cut: true, afterMs, body: { status: Number(amount) % 7 === 0 ? 'rejected' : 'paid' } };
    if (count === 1 && random() < 0.2) return { afterMs, body: { status: 'pending' } };
    return { afterMs, body: Number(amount) % 7 === 0 ? { status: 'rejected', reason: 'seven' } : { status: 'paid' } };
  });
  const accepted: Record<string, unknown>[] = [];
  let asked = 0;
  const ask = async () => {
    const requestId = `l${asked++}`;
    accepted.push(await coffer.later('/wallet/load/withdraw', { amount: 1 + Math.floor(random() * 50), requestId }));
  };
  const callers: Promise<void>[] = [];
  let [interrupted, lives] = [0, 0];
  // Kills must interrupt work to prove anything: on a busy machine a worker may finish everything before it is killed.
  for (; lives < livesLeast || (interrupted === 0 && lives < livesMost); lives++) {
    // Each worker has work left, however much the previous ones did.
    for (let count = 0; count < askedPerLife; count++) callers.push(ask());
    const child = startWorkerProcess(coffer.databaseUrl, payer.payout);
    const before = new Set(await coffer.claims());
    const works = async () => (await coffer.claims()).some((claim) => !before.has(claim));
    await until(works, { what: `worker ${lives} to take up a request`, seen: () => `${accepted.length} were accepted`, everyMs: 5 });
    await pause(random() * 250);
    child.kill();
    await child.gone;
    interrupted += (await coffer.claims()).filter((claim) => !before.has(claim)).length;
  }
  expect(interrupted).toBeGreaterThan(0);
  await Promise.all(callers);
  const ids = accepted.map(({ id }) => String(id));
  const unfinished = async () =>
    (await coffer.pool.query<{ count: number }>(`select count(*) from requests.request where wallet = 'load' and finished_at is null`))
      .rows[0]?.count;
  const left = await unfinished();
  const survivor = coffer.work({ payout: payer.payout, call: callOut });
  let open: number | undefined;
  const isDone = async () => (open = await unfinished()) === 0;
  await until(isDone, { what: 'the survivor to finish all requests', seen: () => `${open} are unfinished`, withinMs: 240_000 });
  await survivor.stop();
  const { rows } = await coffer.pool.query<{ id: string; status: string; amount: bigint }>(
    `select id, status, (content::json->>'amount')::numeric as amount from requests.request where wallet = 'load'`,
  );
  const completed = rows.filter(({ status }) => status === 'completed');
  const sum = (items: readonly { amount: bigint }[]) => items.reduce((total, { amount }) => total + amount, 0n);
  expect(rows.length).toBe(asked);
  expect(new Set(completed.map(({ id }) => id))).toEqual(new Set([...payer.paid.keys()].filter((id) => ids.includes(id))));
  await expect.poll(() => coffer.balance('load')).toEqual({ balance: String(5_000n - sum(completed)), held: '0' });
  const tooLate = await coffer.pool.query(`select from requests.attempt where outcome like 'too late: %'`);
  console.info(
    `killed a worker ${lives} times with ${interrupted} requests in hand: ${completed.length} paid, ${asked - completed.length} not, ${left} left to the survivor, ${payer.asked.length} calls to the payer, ${tooLate.rowCount} too late`,
  );
}, 400_000);
