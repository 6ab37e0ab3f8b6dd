import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import type { Reviews, ReviewVerdict } from '../../packages/coffer/src/requests/index.ts';
import { startPayer } from './payer.ts';
import type { Payer } from './payer.ts';
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

async function begin(timeoutSeconds = 60, changes: Parameters<Working['work']>[0] = {}): Promise<Payer> {
  wallet = `p${number++}`;
  await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000 });
  const started = await startPayer({ timeoutSeconds });
  payer = started;
  worker = coffer.work({ payout: started.payout, call: callOut, ...changes });
  return started;
}

const ask = async (body: object = {}): Promise<Body> => await coffer.later(`/wallet/${wallet}/withdraw`, { amount: 300, ...body });
const decide = async (id: unknown, what: string) => await coffer.call('POST', `/requests/${String(id)}/${what}`, { reason: 'looked into' });

/** The captured and released amounts of a request's hold. */
async function effectsOf(request: Body): Promise<{ captured: bigint; givenBack: bigint }> {
  const { body } = await coffer.call('GET', `/holds/${String(request['holdId'])}`);
  const parts = body['parts'] as { type: string; amount: string }[];
  const sum = (...types: string[]) =>
    parts.filter(({ type }) => types.includes(type)).reduce((total, { amount }) => total + BigInt(amount), 0n);
  return { captured: sum('capture'), givenBack: sum('release', 'expire') };
}

describe('when the payer answers', () => {
  it('paid: the hold is captured; the call is signed and names the recipient and the amount', async () => {
    const paying = await begin();
    const wanted = { amount: 300, metadata: { iban: 'DE02' }, requestId: 'one' };
    const { id } = await ask(wanted);
    const done = await coffer.until(id, 'completed');
    expect(paying.asked).toEqual([
      {
        id,
        payout: {
          type: 'payout.requested',
          request: id,
          wallet,
          amount: '300',
          asset: 'USD',
          scale: 2,
          payBefore: paying.asked[0]?.payout.payBefore,
          metadata: { iban: 'DE02' },
        },
      },
    ]);
    // A tenth of the minute before the end.
    expect(Date.parse(String(done['timesOutAt'])) - Date.parse(String(paying.asked[0]?.payout.payBefore))).toBe(6_000);
    expect([paying.forged, await coffer.balance(wallet)]).toEqual([0, { balance: '700', held: '0' }]);
    expect(await effectsOf(done)).toEqual({ captured: 300n, givenBack: 0n });
    const hold = await coffer.call('GET', `/operations/${String(done['holdId'])}`);
    expect(hold.body).toMatchObject({ requestId: 'one', metadata: { iban: 'DE02', coffer: { purpose: 'withdrawal', request: id } } });
    const atOnce = await coffer.call('POST', `/wallet/${wallet}/withdraw`, wanted);
    expect(atOnce).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused', requestId: 'one' } });
    expect(atOnce.body['detail']).toMatch(
      `belongs to request ${String(id)}, which you sent asynchronously with the same content. It is completed`,
    );
    const other = await coffer.call('POST', `/wallet/${wallet}/withdraw`, { ...wanted, amount: 301 });
    expect(other.body['detail']).toMatch('was already used for a request with different content');
  });

  it('rejected: the hold is released, and the reason is shown', async () => {
    const paying = await begin();
    paying.says(() => ({ body: { status: 'rejected', reason: 'account closed\u0000' } }));
    const done = await coffer.until((await ask())['id'], 'released');
    expect(done).toMatchObject({ failure: { code: 'payout_rejected', facts: { reason: 'account closed' } } });
    expect([await coffer.balance(wallet), await effectsOf(done)]).toEqual([
      { balance: '1000', held: '0' },
      { captured: 0n, givenBack: 300n },
    ]);
  });

  it('pending: it is called again with the same id until it has paid', async () => {
    const paying = await begin();
    paying.says(
      (_payout, count) => [{ body: { status: 'pending' } }, { status: 202, text: '' }][count - 1] ?? { body: { status: 'paid' } },
    );
    const done = await coffer.until((await ask())['id'], 'completed');
    expect(paying.asked.map(({ id }) => id)).toEqual([done['id'], done['id'], done['id']]);
    expect(await effectsOf(done)).toEqual({ captured: 300n, givenBack: 0n });
  });

  it.each([
    ['an error', { status: 500, text: '' }],
    ['425 Too Early', { status: 425, text: '' }],
    ['nothing: the answer is lost', { cut: true, body: { status: 'paid' } }],
    ['a truncated body', { text: '{"status":"pa' }],
  ])('%s: called again, and paid once', async (_what, first) => {
    const paying = await begin();
    paying.says((_payout, count) => (count <= 2 ? first : { body: { status: 'paid' } }));
    const done = await coffer.until((await ask())['id'], 'completed');
    expect([paying.asked.length, [...paying.paid]]).toEqual([3, [[done['id'], '300']]]);
    expect(await effectsOf(done)).toEqual({ captured: 300n, givenBack: 0n });
  });

  it.each([
    ['400', { status: 400, text: '{}' }],
    ['a redirect', { status: 302, text: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['an unknown status', { text: '{"status":"done"}' }],
    ['an unparsable body, repeatedly', { text: '<html>' }],
  ])('%s: an operator must decide, and approves', async (_what, said) => {
    const paying = await begin();
    paying.says(() => said);
    const { id } = await ask();
    const waiting = await coffer.until(id, 'awaiting_approval');
    expect(waiting['waitsFor']).toMatch(/^The payer answered with status \d+/);
    expect(await coffer.balance(wallet)).toEqual({ balance: '1000', held: '300' });
    expect(await decide(id, 'approve')).toMatchObject({ status: 200, body: { status: 'capturing' } });
    const done = await coffer.until(id, 'completed');
    expect(await effectsOf(done)).toEqual({ captured: 300n, givenBack: 0n });
    const log = done['log'] as { step: string; actor: string | null; detail: string | null }[];
    expect(log.find(({ step }) => step === 'approve')).toMatchObject({ actor: 'anonymous', detail: 'looked into' });
  });

  it('nothing in time: the hold is released, and the request can no longer be approved', async () => {
    const paying = await begin(2);
    paying.says(() => ({ body: { status: 'pending' } }));
    const { id } = await ask();
    const done = await coffer.until(id, 'failed');
    expect(done).toMatchObject({ failure: { code: 'payout_timed_out' } });
    expect([await coffer.balance(wallet), await effectsOf(done)]).toEqual([
      { balance: '1000', held: '0' },
      { captured: 0n, givenBack: 300n },
    ]);
    expect(await decide(id, 'approve')).toMatchObject({ status: 409, body: { code: 'request_not_waiting', requestStatus: 'failed' } });
  });

  it('nothing, because the wallet is frozen: it is called once the wallet is unfrozen', async () => {
    const verdicts = new Map<string, ReviewVerdict>();
    const reviews: Reviews = {
      areOn: () => true,
      ofHold: async (hold) => await Promise.resolve(verdicts.get(hold) ?? 'not evaluated yet'),
    };
    const paying = await begin(60, { reviews });
    const [clear, found, unwanted] = [await ask(), await ask(), await ask()];
    const holds = await Promise.all([clear, found, unwanted].map(async ({ id }) => (await coffer.until(id, 'held'))['holdId']));
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    for (const [at, hold] of holds.entries()) verdicts.set(String(hold), at === 1 ? { finding: 'large' } : 'clear');
    await coffer.until(found['id'], 'in_review');
    expect(await decide(found['id'], 'approve')).toMatchObject({ status: 200, body: { status: 'paying' } });
    for (const { id } of [clear, found, unwanted]) {
      const looked = async () => ((await coffer.until(id, 'paying'))['log'] as { outcome: string }[]).map(({ outcome }) => outcome);
      await expect.poll(looked).toContain('the wallet is not open');
      expect((await coffer.until(id, 'paying'))['waitsFor']).toMatch(/^The payer has not been called yet/);
    }
    expect(await decide(unwanted['id'], 'reject')).toMatchObject({ status: 200 });
    await coffer.until(unwanted['id'], 'released');
    expect(paying.asked).toEqual([]);
    await coffer.call('POST', `/wallet/${wallet}/unfreeze`, { reason: 'looked into' });
    for (const { id } of [clear, found]) expect(await coffer.until(id, 'completed')).not.toHaveProperty('waitsFor');
    expect([paying.paid.size, await coffer.balance(wallet)]).toEqual([2, { balance: '400', held: '0' }]);
  });

  it('paid while the wallet is frozen: captured automatically after the unfreeze', async () => {
    const paying = await begin();
    paying.says(() => ({ body: { status: 'pending' } }));
    const { id } = await ask();
    await expect.poll(() => paying.asked.length).toBeGreaterThan(0);
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    paying.says(() => ({ body: { status: 'paid' } }));
    const refusals = async () => {
      const log = (await coffer.until(id, 'awaiting_approval'))['log'] as { outcome: string; detail: string }[];
      return new Set(log.filter(({ outcome }) => outcome === 'refused: wallet_frozen').map(({ detail }) => detail)).size;
    };
    // Each try is a separate operation.
    await expect.poll(refusals).toBeGreaterThan(1);
    await coffer.call('POST', `/wallet/${wallet}/unfreeze`, { reason: 'looked into' });
    const done = await coffer.until(id, 'completed');
    expect([paying.paid.size, await coffer.balance(wallet), await effectsOf(done)]).toEqual([
      1,
      { balance: '700', held: '0' },
      { captured: 300n, givenBack: 0n },
    ]);
  });

  it('paid to two workers concurrently: captured once', async () => {
    const paying = await begin(60, { leaseMs: 300 });
    const other = coffer.work({ payout: paying.payout, call: callOut, leaseMs: 300 });
    paying.says((_payout, count) => ({ body: { status: 'paid' }, afterMs: count <= 2 ? 1_000 : 0 }));
    const done = await coffer.until((await ask())['id'], 'completed');
    // They finish their current work: the late answers.
    await other.stop();
    await worker?.stop();
    worker = undefined;
    expect(paying.asked.length).toBeGreaterThan(1);
    expect([await coffer.balance(wallet), await effectsOf(done)]).toEqual([
      { balance: '700', held: '0' },
      { captured: 300n, givenBack: 0n },
    ]);
    const { rows } = await coffer.pool.query(`select from requests.attempt where request = $1 and outcome like 'too late: %'`, [
      done['id'],
    ]);
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('the hold is resolved outside the request', () => {
  const hand = async (request: Body, what: string, amount: number) =>
    await coffer.call('POST', `/holds/${String(request['holdId'])}/${what}`, { amount });
  const waiting = async (timeoutSeconds = 60) => {
    await begin(timeoutSeconds, { payout: { kind: 'approval', timeoutSeconds } });
    return await coffer.until((await ask())['id'], 'awaiting_approval');
  };

  it.each(['approve', 'reject'])('fully captured, then %s: completed by that capture, as the log shows', async (decision) => {
    const request = await waiting();
    const captured = await hand(request, 'capture', 300);
    expect(captured).toMatchObject({ status: 201 });
    await decide(request['id'], decision);
    const done = await coffer.until(request['id'], 'completed');
    expect(done).toMatchObject({ operationId: captured.body['operationId'], seq: captured.body['seq'] });
    expect(done).not.toHaveProperty('failure');
    expect((done['log'] as { outcome: string }[]).at(-1)).toMatchObject({
      outcome: 'found captured',
      detail: `300 of 300 on hold ${String(request['holdId'])} were captured.`,
    });
    expect(await coffer.balance(wallet)).toEqual({ balance: '700', held: '0' });
  });

  it.each([
    ['released, then approved', { release: 300 }, 'approve', '0'],
    ['captured and released in parts, then approved', { capture: 100, release: 200 }, 'approve', '100'],
    ['released in part, then approved', { release: 100 }, 'approve', '200'],
    ['captured in part, then rejected', { capture: 100 }, 'reject', '100'],
  ])('%s: failed, with the captured amount', async (_what, hands, decision, captured) => {
    const request = await waiting();
    for (const [what, amount] of Object.entries(hands)) expect(await hand(request, what, amount)).toMatchObject({ status: 201 });
    await decide(request['id'], decision);
    const done = await coffer.until(request['id'], 'failed');
    const facts = { hold: request['holdId'], amount: '300', captured, givenBack: String(300 - Number(captured)) };
    expect(done).toMatchObject({ failure: { code: 'hold_resolved', facts } });
    expect((done['failure'] as Body)['detail']).toContain(`${captured} of 300 was captured`);
    expect(await effectsOf(done)).toEqual({ captured: BigInt(captured), givenBack: 300n - BigInt(captured) });
  });

  it.each([
    ['in full', 300, { status: 'completed' }],
    ['in part', 100, { status: 'failed', failure: { code: 'hold_resolved', facts: { captured: '100', givenBack: '200' } } }],
  ])('captured %s, without an answer in time: the result shows the movement', async (_what, amount, told) => {
    const request = await waiting(4);
    expect(await hand(request, 'capture', amount)).toMatchObject({ status: 201 });
    const done = await coffer.until(request['id'], 'completed', 'failed');
    expect(done).toMatchObject(told);
    expect(await coffer.balance(wallet)).toEqual({ balance: String(1000 - amount), held: '0' });
  });

  it.each([
    ['released', { release: 300 }, { status: 'failed', failure: { code: 'hold_resolved', facts: { captured: '0', givenBack: '300' } } }],
    [
      'released in part',
      { release: 100 },
      { status: 'failed', failure: { code: 'hold_resolved', facts: { captured: '0', givenBack: '300' } } },
    ],
    [
      'captured in part',
      { capture: 100 },
      { status: 'failed', failure: { code: 'hold_resolved', facts: { captured: '100', givenBack: '200' } } },
    ],
    ['captured', { capture: 300 }, { status: 'completed' }],
  ])('%s before the payer is called: it is not called, and the rest is released', async (_what, hands, told) => {
    const paying = await begin(60, {
      reviews: { areOn: () => true, ofHold: async () => await Promise.resolve('not evaluated yet' as const) },
    });
    const request = await coffer.until((await ask())['id'], 'held');
    for (const [what, amount] of Object.entries(hands)) expect(await hand(request, what, amount)).toMatchObject({ status: 201 });
    await worker?.stop();
    worker = coffer.work({ payout: paying.payout, call: callOut });
    const done = await coffer.until(request['id'], 'completed', 'released', 'failed');
    expect(done).toMatchObject(told);
    expect([paying.asked, (await coffer.balance(wallet)).held]).toEqual([[], '0']);
  });
});

it('a payer that never answers does not delay other requests', async () => {
  const silent = await begin(600, { concurrency: 2, callTimeoutMs: 600_000 });
  silent.says(() => ({ body: { status: 'pending' }, afterMs: 300_000 }));
  const payouts = [];
  for (let at = 0; at < 6; at++) payouts.push(await ask({ amount: 10 }));
  await expect.poll(() => silent.asked.length).toBe(2);
  const to = `${wallet}-to`;
  await coffer.call('POST', '/wallet', { id: to });
  const { id } = await coffer.later(`/wallet/${wallet}/transfer`, { amount: 1, toWalletId: to });
  await coffer.until(id, 'completed');
  // The first calls are still unanswered.
  expect(silent.asked.length).toBe(2);
  await silent.stop();
  await worker?.stop();
  payer = await startPayer();
  worker = coffer.work({ payout: payer.payout, call: callOut });
  for (const payout of payouts) await coffer.until(payout['id'], 'completed');
  expect(await coffer.balance(wallet)).toEqual({ balance: '939', held: '0' });
});

it('a hold with an expiry from an older version, placed by a worker that died before recording it, is continued', async () => {
  const paying = await begin();
  await worker?.stop();
  const { id, requestId } = await ask();
  const held = await coffer.product.commands.hold({
    wallet,
    amount: 300n,
    key: String(requestId),
    metadata: JSON.stringify({ coffer: { purpose: 'withdrawal', request: id } }),
    expiresInSeconds: 60,
    actor: 'anonymous',
  });
  worker = coffer.work({ payout: paying.payout, call: callOut });
  const done = await coffer.until(id, 'completed', 'failed');
  expect([held.status, done['status'], paying.paid.size]).toEqual(['posted', 'completed', 1]);
  expect(await coffer.balance(wallet)).toEqual({ balance: '700', held: '0' });
});

describe('an operator decides', () => {
  const approval = (timeoutSeconds = 60) => ({ payout: { kind: 'approval', timeoutSeconds } as const });

  it('approve: captured; reject: released, with the reason', async () => {
    await begin(60, approval());
    const [yes, no] = [await ask(), await ask()];
    await Promise.all([yes, no].map(({ id }) => coffer.until(id, 'awaiting_approval')));
    expect(await coffer.balance(wallet)).toEqual({ balance: '1000', held: '600' });
    await decide(yes['id'], 'approve');
    await decide(no['id'], 'reject');
    await coffer.until(yes['id'], 'completed');
    expect(await coffer.until(no['id'], 'released')).toMatchObject({
      failure: { code: 'payout_rejected', facts: { reason: 'looked into' } },
    });
    expect(await coffer.balance(wallet)).toEqual({ balance: '700', held: '0' });
  });

  it('approve and reject concurrently, twenty times each: exactly one takes effect', async () => {
    await begin(60, approval());
    const { id } = await ask();
    await coffer.until(id, 'awaiting_approval');
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => decide(id, at % 2 === 0 ? 'approve' : 'reject')));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    const done = await coffer.until(id, 'completed', 'released');
    const { captured, givenBack } = await effectsOf(done);
    expect(captured + givenBack).toBe(300n);
    expect(captured === 0n || givenBack === 0n).toBe(true);
  });

  it('nothing in time: released', async () => {
    await begin(60, approval(1));
    const done = await coffer.until((await ask())['id'], 'failed');
    expect([done['failure'], await effectsOf(done)]).toMatchObject([{ code: 'payout_timed_out' }, { captured: 0n, givenBack: 300n }]);
  });

  it('approve while the wallet is frozen: the capture is refused, and a second approval retries it immediately', async () => {
    await begin(60, approval());
    const { id } = await ask();
    await coffer.until(id, 'awaiting_approval');
    await coffer.call('POST', `/wallet/${wallet}/freeze`, { reason: 'looked into' });
    await decide(id, 'approve');
    await expect.poll(async () => (await coffer.until(id, 'awaiting_approval'))['waitsFor']).toMatch(/refused: wallet_frozen/);
    await coffer.call('POST', `/wallet/${wallet}/unfreeze`, { reason: 'looked into' });
    await decide(id, 'approve');
    expect(await effectsOf(await coffer.until(id, 'completed'))).toEqual({ captured: 300n, givenBack: 0n });
  });

  it('replay: a failed request runs once more with a new key; one that did not fail is not replayed', async () => {
    await begin(60, { payout: { kind: 'none' } });
    const { id } = await ask({ amount: 5_000, requestId: 'again' });
    await coffer.until(id, 'failed');
    await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 9_000 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => decide(id, 'replay')));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    const done = await coffer.until(id, 'completed');
    expect([done['replays'], done['attempts'], (await coffer.balance(wallet)).balance]).toEqual([1, 2, '5000']);
    expect(await decide(id, 'replay')).toMatchObject({ status: 409, body: { code: 'request_not_failed' } });
    const atOnce = await coffer.call('POST', `/wallet/${wallet}/withdraw`, { amount: 5_000, requestId: 'again' });
    expect(atOnce).toMatchObject({ status: 422, body: { code: 'insufficient_funds' } });
  });

  it('replay of a request whose key another operation has taken since: refused', async () => {
    await begin(60, { payout: { kind: 'none' } });
    await worker?.stop();
    const { id } = await ask({ requestId: 'taken' });
    await coffer.call('POST', `/wallet/${wallet}/withdraw`, { amount: 1, requestId: 'taken' });
    worker = coffer.work();
    expect(await coffer.until(id, 'failed')).toMatchObject({ failure: { code: 'idempotency_key_reused' } });
    expect(await decide(id, 'replay')).toMatchObject({ status: 409, body: { code: 'request_not_replayable' } });
  });
});

describe('a review', () => {
  /** The verdicts of the fraud rules, by hold. */
  const verdicts = new Map<string, ReviewVerdict>();
  const reviews: Reviews = { areOn: () => true, ofHold: async (hold) => await Promise.resolve(verdicts.get(hold) ?? 'not evaluated yet') };

  async function held(): Promise<Body> {
    const request = await coffer.until((await ask())['id'], 'held');
    expect(await coffer.balance(wallet)).toMatchObject({ held: '300' });
    return request;
  }

  it('ends before the payer is called', async () => {
    const paying = await begin(60, { reviews });
    const { id, holdId } = await held();
    expect(paying.asked).toEqual([]);
    verdicts.set(String(holdId), 'clear');
    await coffer.until(id, 'completed');
    expect(paying.asked.length).toBe(1);
  });

  it('with a finding waits for an operator: approval continues, rejection releases the hold', async () => {
    const paying = await begin(60, { reviews });
    const [good, bad] = [await held(), await coffer.until((await ask())['id'], 'held')];
    for (const { holdId } of [good, bad]) verdicts.set(String(holdId), { finding: 'three withdrawals in a minute' });
    expect(await coffer.until(good['id'], 'in_review')).toMatchObject({ waitsFor: 'three withdrawals in a minute' });
    await coffer.until(bad['id'], 'in_review');
    expect(await decide(good['id'], 'approve')).toMatchObject({ body: { status: 'paying' } });
    await decide(bad['id'], 'reject');
    await coffer.until(good['id'], 'completed');
    expect(await coffer.until(bad['id'], 'released')).toMatchObject({ failure: { code: 'review_rejected' } });
    expect(paying.asked.map(({ id }) => id)).toEqual([good['id']]);
  });

  it('without a payer holds the amount, and posts it when cleared', async () => {
    await begin(60, { reviews, payout: { kind: 'none' } });
    const { id, holdId } = await held();
    verdicts.set(String(holdId), 'clear');
    expect(await effectsOf(await coffer.until(id, 'completed'))).toEqual({ captured: 300n, givenBack: 0n });
  });

  it('outlives the rule that required it; a request without findings continues', async () => {
    let areOn = true;
    const paying = await begin(60, { reviews: { areOn: () => areOn, ofHold: reviews.ofHold } });
    const [found, free] = [await held(), await coffer.until((await ask())['id'], 'held')];
    areOn = false;
    verdicts.set(String(found['holdId']), { finding: 'f', rule: 'large' });
    await coffer.until(found['id'], 'in_review');
    await coffer.until(free['id'], 'completed');
    expect(paying.asked.map(({ id }) => id)).toEqual([free['id']]);
  });
});
