// Rules that hold withdrawals for review: which requests are not posted directly, on every path; and the review state of a hold.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fraudProjection } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { Projector } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { itemsOf } from '../support/batch.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';

/** Generous, because the machine may be busy. */
const soon = { timeout: 50_000 };

let log: Log;
beforeAll(async () => {
  log = await startLog();
  await log.commands.deposit({ wallet: 'r', amount: 1_000_000n, key: 'funds' });
  await log.commands.deposit({ wallet: 'euro', amount: 1_000_000n, asset: 'EUR', key: 'funds' });
});
afterAll(async () => {
  await log.stop();
});

const byMe = { actor: 'operator:me', reason: 'a test' };
const definition = { threshold: '500', movements: ['withdrawal'], assets: [3] };
const required = { status: 'refused', refusal: { code: 'review_required', facts: { wallet: 'r' } }, entry: null };

/** A rule change takes effect within a second. */
async function untilReviewed(amount: bigint, expected: boolean): Promise<void> {
  await expect.poll(async () => await log.reviews.mustReview(3, amount), soon).toBe(expected);
}

test('without a review rule, nothing is held back', async () => {
  expect(await log.reviews.areOn()).toBe(false);
  expect(await log.commands.withdraw({ wallet: 'r', amount: 600n, key: 'before' })).toMatchObject({ status: 'posted' });
});

test('a withdrawal that a rule may review is not posted directly, alone or in a batch, and the refusal is not stored', async () => {
  await log.insights.rules.add('review-large', { name: 'Large', kind: 'amount', definition, action: 'review', enabled: true }, byMe);
  await untilReviewed(500n, true);
  const end = await log.ledger.read.in({ book: 1 }).lastSeq();
  expect(await log.commands.withdraw({ wallet: 'r', amount: 500n, key: 'k' })).toMatchObject(required);
  const item = { type: 'withdraw', wallet: 'r', amount: 500n, key: 'k' } as const;
  const small = { type: 'withdraw', wallet: 'r', amount: 499n, key: 's' } as const;
  expect(await log.commands.batch(itemsOf(small, item), { atomic: true })).toMatchObject([
    { refusal: { code: 'linked_operation_refused' } },
    required,
  ]);
  expect(await log.ledger.read.in({ book: 1 }).lastSeq()).toBe(end);
  expect(await log.commands.batch(itemsOf(small, item), { atomic: false })).toMatchObject([{ status: 'posted' }, required]);
  expect(await log.ledger.read.in({ book: 1 }).lastSeq()).toBe(end + 1);
});

test('below the threshold, for another asset and for unknown wallets, the ledger answers as usual', async () => {
  expect(await log.commands.withdraw({ wallet: 'r', amount: 499n })).toMatchObject({ status: 'posted' });
  expect(await log.commands.withdraw({ wallet: 'euro', amount: 5_000n })).toMatchObject({ status: 'posted' });
  expect(await log.commands.withdraw({ wallet: 'nobody', amount: 5_000n })).toMatchObject({ refusal: { code: 'wallet_not_found' } });
  expect(await log.commands.withdraw({ wallet: 'r', amount: 5_000n, onlyOwner: 'somebody' })).toMatchObject({
    refusal: { code: 'wallet_not_found' },
  });
});

test('a withdrawal posted before the rule existed is replayed under its key', async () => {
  expect(await log.commands.withdraw({ wallet: 'r', amount: 600n, key: 'before' })).toMatchObject({ status: 'posted', replayed: true });
  expect(await log.commands.withdraw({ wallet: 'r', amount: 700n, key: 'before' })).toMatchObject({
    refusal: { code: 'idempotency_key_reused' },
  });
});

test('a hold is first "not evaluated yet", then clear or due for review by a rule', async () => {
  const hold = async (amount: bigint) => {
    const held = await log.commands.hold({ wallet: 'r', amount, metadata: '{"coffer":{"purpose":"withdrawal","request":"q"}}' });
    return `1-${held.seq}`;
  };
  const [large, small] = [await hold(500n), await hold(499n)];
  expect([await log.reviews.ofHold(large), await log.reviews.ofHold(small)]).toEqual(['not evaluated yet', 'not evaluated yet']);
  await log.apply(fraudProjection(), await log.events());
  expect(await log.reviews.ofHold(large)).toEqual({ finding: `${large}-1-review-large`, rule: 'review-large' });
  expect(await log.reviews.ofHold(small)).toBe('clear');
});

test('a rule about several withdrawals holds back each of them', async () => {
  const several = { count: 3, windowSeconds: 60, movements: ['withdrawal'], assets: 'all' };
  await log.insights.rules.change('review-large', { kind: 'velocity', definition: several }, byMe);
  await untilReviewed(1n, true);
  expect(await log.commands.withdraw({ wallet: 'r', amount: 1n })).toMatchObject(required);
  await log.insights.rules.change('review-large', { enabled: false }, byMe);
  await untilReviewed(1n, false);
  expect(await log.commands.withdraw({ wallet: 'r', amount: 1n })).toMatchObject({ status: 'posted' });
});

test('an event that the rules failed on needs a manual review, and a later finding still has its consequences', async () => {
  const amount = { threshold: '500', movements: ['withdrawal'], assets: 'all' };
  const rule = { kind: 'amount', definition: amount, enabled: true };
  await log.insights.rules.add('review-failed', { ...rule, name: 'Review', action: 'review' }, byMe);
  await log.insights.rules.add('freeze-large', { ...rule, name: 'Freeze', action: 'freeze' }, byMe);
  const hold = async () => {
    const held = await log.commands.hold({ wallet: 'r', amount: 600n, metadata: '{"coffer":{"purpose":"withdrawal","request":"q"}}' });
    return { id: `1-${held.seq}`, seq: held.seq };
  };
  const [failing, next] = [await hold(), await hold()];
  const fraud = fraudProjection();
  let isIll = true;
  const ill: Projection = {
    ...fraud,
    apply: async (client, events, ...rest) => {
      if (isIll && events.some(({ seq }) => seq === failing.seq)) throw new Error('it cannot');
      await fraud.apply(client, events, ...rest);
    },
  };
  const projector = await Projector.start({ pool: log.pool, ledger: log.ledger, log: silentLog(), projections: [ill], lookMs: 60_000 });
  const deliveries = (await log.events()).map((event, at, all) => ({ event, previous: all[at - 1] ?? null }));
  await projector.handle(deliveries);
  expect(await log.reviews.ofHold(failing.id)).toEqual({ finding: expect.stringContaining(failing.id) as string });
  expect(await log.reviews.ofHold(next.id)).toMatchObject({ rule: 'review-failed' });

  isIll = false;
  await projector.handle(deliveries.filter(({ event }) => event.seq === failing.seq));
  await projector.stop();
  expect(await log.reviews.ofHold(failing.id)).toMatchObject({ rule: 'review-failed' });
  const { rows } = await log.owner.query(`select seq from insights.fraud_action where rule = 'freeze-large' order by seq`);
  expect(rows).toEqual([{ seq: failing.seq }, { seq: next.seq }]);
});

test('a withdrawal from a wallet that the same batch opens is held back, too', async () => {
  await untilReviewed(500n, true);
  const withdraw = (wallet: string) => ({ type: 'withdraw', wallet, amount: 500n }) as const;
  for (const atomic of [false, true]) {
    const wallet = `new-${atomic}`;
    const fresh = { refusal: { code: 'review_required', facts: { wallet } } };
    const outcomes = await log.commands.batch(itemsOf({ type: 'deposit', wallet, amount: 500n }, withdraw(wallet)), { atomic });
    expect(outcomes[1]).toMatchObject(fresh);
  }
  const opened = { type: 'open', wallet: 'new-opened', creditLimit: 500n } as const;
  expect((await log.commands.batch(itemsOf(opened, withdraw('new-opened')), { atomic: false }))[1]).toMatchObject({
    refusal: { code: 'review_required' },
  });
  expect((await log.commands.batch(itemsOf(withdraw('new-later')), { atomic: false }))[0]).toMatchObject({
    refusal: { code: 'wallet_not_found' },
  });
});

test('owners who close their wallets cannot sweep out money that a rule may review', async () => {
  const owner = '01a1fd4d-0000-7000-8000-000000000001';
  const wallet = `${owner}.USD`;
  await log.commands.open({ owner });
  await log.commands.deposit({ wallet, amount: 500n });
  await untilReviewed(500n, true);
  const close = { owner, reason: 'a test', actor: `user:${owner}` };
  expect(await log.commands.closeAllOf({ ...close, sweepTo: { system: 'cash_out' } })).toMatchObject({
    refusal: { code: 'review_required', facts: { wallet } },
  });
  await log.commands.spend({ owner, amount: 1n });
  expect(await log.commands.closeAllOf({ ...close, sweepTo: { system: 'cash_out' } })).toBeNull();
});
