/** The deadline of a payout: a paid amount is never released, whatever was late, lost or dead at the deadline. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import { freePort } from '../support/ports.ts';
import { pause } from '../support/load.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { startPayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { startWorkerProcess } from './worker-processes.ts';
import { startWorking } from './working.ts';
import type { Body, Working } from './working.ts';

let coffer: Working;
let payer: Payer | undefined;
let worker: { stop(): Promise<void> } | undefined;
let number = 0;
let wallet = '';

beforeAll(async () => {
  coffer = await startWorking();
});
afterEach(async () => {
  await worker?.stop();
  await payer?.stop();
  [worker, payer] = [undefined, undefined];
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  await coffer.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

async function prepare(timeoutSeconds: number, port = 0): Promise<Payer> {
  wallet = `e${number++}`;
  await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000 });
  payer = await startPayer({ timeoutSeconds, port });
  return payer;
}

async function begin(timeoutSeconds: number): Promise<Payer> {
  const started = await prepare(timeoutSeconds);
  work(started);
  return started;
}

const work = (started: Pick<Payer, 'payout'>) => {
  worker = coffer.work({ payout: started.payout, call: callOut });
};
const ask = async (): Promise<Body> => await coffer.later(`/wallet/${wallet}/withdraw`, { amount: 300 });
const decide = async (id: unknown, what: string) => await coffer.call('POST', `/requests/${String(id)}/${what}`, { reason: 'looked into' });
const timeOf = (request: Body) => Date.parse(String(request['timesOutAt']));
const untilTimeIsUp = async (request: Body) => await pause(Math.max(0, timeOf(request) - Date.now()) + 100);

const isHeld = { balance: '1000', held: '300' };
const isPaid = { balance: '700', held: '0' };
const isGivenBack = { balance: '1000', held: '0' };

async function stands(expected: object): Promise<void> {
  // Another process may have posted it: a cached wallet is at most seconds behind.
  await expect.poll(() => coffer.balance(wallet)).toEqual(expected);
}

describe('a payer that pays', () => {
  it('and answers at the deadline: captured', async () => {
    const paying = await begin(3);
    paying.says(() => ({ body: { status: 'paid' }, afterMs: 4_000 }));
    const done = await coffer.until((await ask())['id'], 'completed', 'failed');
    expect([done['status'], Date.parse(String(done['finishedAt'])) > timeOf(done)]).toEqual(['completed', true]);
    await stands(isPaid);
  });

  it('at the last moment, after answering pending: a final call finds it paid, and it is captured', async () => {
    const paying = await begin(5);
    paying.says(({ payBefore }) => ({ body: { status: Date.now() < Date.parse(payBefore) - 50 ? 'pending' : 'paid' } }));
    const done = await coffer.until((await ask())['id'], 'completed', 'failed');
    expect([done['status'], paying.paid.size]).toEqual(['completed', 1]);
    await stands(isPaid);
  });

  it.each([
    ['cut', { cut: true }],
    ['an error', { status: 503 }],
    ['an unparsable body', { text: '<html>' }],
    ['an inconclusive status', { status: 404 }],
    ['an empty 202', { status: 202, text: '' }],
    ['a truncated 202', { status: 202, text: '{"status":"pai' }],
  ])('and whose answer is %s until the deadline: uncertain, held, and captured once it confirms', async (_what, lost) => {
    const paying = await begin(3);
    paying.says(() => ({ body: { status: 'paid' }, ...lost }));
    const { id } = await ask();
    const unknown = await coffer.until(id, 'uncertain', 'failed', 'released');
    expect(unknown).toMatchObject({ status: 'uncertain', finishedAt: null });
    expect(unknown['waitsFor']).toMatch(/^The time is up, and it is unknown whether the payout was made/);
    expect(unknown).not.toHaveProperty('failure');
    await stands(isHeld);
    paying.says(() => ({ body: { status: 'paid' } }));
    await coffer.until(id, 'completed');
    await stands(isPaid);
    expect(new Set(paying.asked.map((asked) => asked.id))).toEqual(new Set([id]));
  });

  it.each([
    ['approve', 'completed', isPaid],
    ['reject', 'released', isGivenBack],
  ])('and never confirms: an operator decides (%s)', async (decision, status, expected) => {
    const paying = await begin(3);
    paying.says(() => ({ body: { status: 'paid' }, cut: true }));
    const { id } = await ask();
    await coffer.until(id, 'uncertain');
    // A worker claims it briefly.
    await expect.poll(async () => (await decide(id, decision)).status).toBe(200);
    await coffer.until(id, status);
    await stands(expected);
  });

  it('while the wallet is frozen past the deadline: held until it can be posted, and never released', async () => {
    const paying = await begin(5);
    paying.says(() => ({ body: { status: 'pending' } }));
    const { id } = await ask();
    await expect.poll(() => paying.asked.length).toBeGreaterThan(0);
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    paying.says(() => ({ body: { status: 'paid' } }));
    await untilTimeIsUp(await coffer.until(id, 'awaiting_approval'));
    const refusals = async () => ((await coffer.until(id, 'awaiting_approval'))['log'] as object[]).length;
    const before = await refusals();
    await expect.poll(refusals).toBeGreaterThan(before);
    await stands(isHeld);
    await coffer.call('POST', `/wallet/${wallet}/unfreeze`, { reason: 'looked into' });
    await expect.poll(async () => (await decide(id, 'approve')).status).toBeOneOf([200, 409]);
    await coffer.until(id, 'completed');
    await stands(isPaid);
  });

  it('and whose worker is killed, with no other until after the deadline: captured by the next worker', async () => {
    const paying = await prepare(3);
    paying.says((_payout, count) => ({ body: { status: 'paid' }, afterMs: count === 1 ? 5_000 : 0 }));
    const { id } = await ask();
    const child = startWorkerProcess(coffer.databaseUrl, paying.payout);
    await expect.poll(() => paying.paid.size).toBe(1);
    child.kill();
    expect(await child.gone).toEqual([null, 'SIGKILL']);
    await untilTimeIsUp(await coffer.until(id, 'paying'));
    // Longer than the ledger takes to release an expired hold.
    await pause(2_500);
    await stands(isHeld);
    work(paying);
    await coffer.until(id, 'completed');
    expect([paying.paid.size, paying.asked.length]).toEqual([1, 2]);
    await stands(isPaid);
  });
});

describe('an operator who approved', () => {
  it('without a worker until after the deadline: captured', async () => {
    await prepare(5);
    const payout = { kind: 'approval', timeoutSeconds: 5 } as const;
    worker = coffer.work({ payout });
    const { id } = await ask();
    const waiting = await coffer.until(id, 'awaiting_approval');
    await worker.stop();
    expect((await decide(id, 'approve')).status).toBe(200);
    await untilTimeIsUp(waiting);
    await pause(2_500);
    await stands(isHeld);
    worker = coffer.work({ payout });
    await coffer.until(id, 'completed');
    await stands(isPaid);
  });
});

describe('an operator who approved while the wallet was frozen', () => {
  it('past the deadline: held until it can be posted', async () => {
    await prepare(5);
    worker = coffer.work({ payout: { kind: 'approval', timeoutSeconds: 5 } });
    const { id } = await ask();
    const waiting = await coffer.until(id, 'awaiting_approval');
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    expect((await decide(id, 'approve')).status).toBe(200);
    await untilTimeIsUp(waiting);
    const refusals = async () => ((await coffer.until(id, 'awaiting_approval', 'failed'))['log'] as object[]).length;
    const before = await refusals();
    await expect.poll(refusals).toBeGreaterThan(before);
    await stands(isHeld);
    await coffer.call('POST', `/wallet/${wallet}/unfreeze`, { reason: 'looked into' });
    // Or a worker has already claimed or finished it.
    await expect.poll(async () => (await decide(id, 'approve')).status).toBeOneOf([200, 409]);
    await coffer.until(id, 'completed');
    await stands(isPaid);
  });
});

describe('a payout that is known to be unpaid is released at the deadline', () => {
  it('because the payer answers pending to the final call', async () => {
    const paying = await begin(3);
    paying.says(() => ({ body: { status: 'pending' } }));
    let asked = 0;
    paying.says(({ payBefore }) => {
      if (Date.now() > Date.parse(payBefore)) asked++;
      return { body: { status: 'pending' } };
    });
    const done = await coffer.until((await ask())['id'], 'failed');
    expect(done).toMatchObject({ failure: { code: 'payout_timed_out' } });
    expect([asked > 0, await coffer.balance(wallet)]).toEqual([true, isGivenBack]);
  });

  it('because it was never called: the wallet was frozen', async () => {
    const paying = await prepare(5);
    const { id } = await ask();
    worker = coffer.work({
      payout: paying.payout,
      call: callOut,
      reviews: { areOn: () => true, ofHold: async () => await Promise.resolve('not evaluated yet' as const) },
    });
    await coffer.until(id, 'held');
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    await worker.stop();
    work(paying);
    const done = await coffer.until(id, 'failed');
    expect(done).toMatchObject({ failure: { code: 'payout_timed_out' } });
    expect([paying.asked.length, await coffer.balance(wallet)]).toEqual([0, isGivenBack]);
  });

  it('because no call ever reached it', async () => {
    wallet = `e${number++}`;
    await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000 });
    const payout = {
      kind: 'webhook',
      url: `http://127.0.0.1:${await freePort()}/`,
      secrets: [`whsec_${'A'.repeat(40)}`],
      timeoutSeconds: 3,
    } as const;
    work({ payout });
    const { id } = await ask();
    expect((await coffer.until(id, 'paying'))['status']).toBe('paying');
    const done = await coffer.until(id, 'failed');
    expect(done).toMatchObject({ failure: { code: 'payout_timed_out' } });
    expect((done['log'] as { detail: string }[]).some(({ detail }) => detail === 'nothing listens there')).toBe(true);
    await stands(isGivenBack);
  });

  it('but not when one call reached it and the others did not', async () => {
    const port = await freePort();
    const paying = await prepare(4, port);
    work(paying);
    paying.says(() => ({ body: { status: 'paid' }, cut: true }));
    const { id } = await ask();
    await expect.poll(() => paying.asked.length).toBeGreaterThan(0);
    await paying.stop();
    payer = undefined;
    await coffer.until(id, 'uncertain');
    await stands(isHeld);
    payer = await startPayer({ timeoutSeconds: 4, port });
    await coffer.until(id, 'completed');
    await stands(isPaid);
  });

  it('and no first call is made when there is no time left to pay', async () => {
    const paying = await prepare(10);
    const { id } = await ask();
    worker = coffer.work({
      payout: paying.payout,
      call: callOut,
      reviews: { areOn: () => true, ofHold: async () => await Promise.resolve('not evaluated yet' as const) },
    });
    const held = await coffer.until(id, 'held');
    await worker.stop();
    await pause(Math.max(0, timeOf(held) - Date.now() - 700));
    work(paying);
    await coffer.until(id, 'failed');
    expect([paying.asked.length, await coffer.balance(wallet)]).toEqual([0, isGivenBack]);
  });
});

it('nothing is paid and released, or captured and unpaid, whatever payers do at the deadline and whenever workers die', async () => {
  const random = randomFrom(seedOf('payout ends'));
  const asked = 60;
  const paying = await prepare(3);
  await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 10_000 });
  const dues = new Map<string, number>();
  let heals = false;
  paying.says(({ request, payBefore }) => {
    // Each pays at a random time before its deadline; some never do.
    const due = dues.get(request) ?? (random() < 0.3 ? Infinity : Date.parse(payBefore) - random() * 3_000);
    dues.set(request, due);
    const said = { body: { status: due <= Math.min(Date.now(), Date.parse(payBefore)) || paying.paid.has(request) ? 'paid' : 'pending' } };
    const afterMs = random() * 400;
    if (heals) return said;
    const luck = random();
    if (luck < 0.25) return { ...said, cut: true, afterMs };
    if (luck < 0.4) return { ...said, status: 500, afterMs };
    return { ...said, afterMs };
  });
  const ids: string[] = [];
  const lives = 4;
  for (let life = 1; life <= lives; life++) {
    const before = paying.asked.length;
    for (let at = 0; at < asked / lives; at++) ids.push(String((await coffer.later(`/wallet/${wallet}/withdraw`, { amount: 10 }))['id']));
    const child = startWorkerProcess(coffer.databaseUrl, paying.payout);
    // On a slow machine every deadline may have passed by now, and then each payer is asked once.
    await expect.poll(() => paying.asked.length, { interval: 20 }).toBeGreaterThan(before + asked / lives / 2);
    await pause(random() * 1_000);
    child.kill();
    await child.gone;
  }
  heals = true;
  work(paying);
  const statuses = async () =>
    (await coffer.pool.query<{ id: string; status: string }>('select id, status from requests.request where id = any($1::uuid[])', [ids]))
      .rows;
  const isOpen = async () => (await statuses()).filter(({ status }) => status !== 'completed' && status !== 'failed').length;
  await expect.poll(isOpen, { interval: 200 }).toBe(0);
  const ended = await statuses();
  const of = (wanted: string) => ended.filter(({ status }) => status === wanted).map(({ id }) => id);
  const completed = of('completed').toSorted();
  expect(completed).toEqual(ids.filter((id) => paying.paid.has(id)).toSorted());
  expect([completed.length > 0, of('failed').length > 0]).toEqual([true, true]);
  await stands({ balance: String(11_000 - 10 * completed.length), held: '0' });
  console.info(
    `${asked} payouts, a worker killed ${lives} times: ${completed.length} paid and captured, ${of('failed').length} given back`,
  );
});
