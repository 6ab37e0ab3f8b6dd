// Every way out of a wallet counts once for the rules, as what it is; and none to the outside passes a review.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fraudProjection } from '../../packages/coffer/src/insights/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import type { OperationOutcome } from '../../packages/coffer/src/operations/index.ts';
import { itemsOf } from '../support/batch.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';

/** Generous, because the machine may be busy. */
const soon = { timeout: 50_000 };
const byMe = { actor: 'operator:me', reason: 'a test' };
const kinds = ['withdrawal', 'spend', 'transfer', 'reversal'] as const;
const owner = '01a1fd4d-0000-7000-8000-000000000002';

let log: Log;
let applied = 0;

beforeAll(async () => {
  log = await startLog();
  await log.commands.open({ wallet: 'other' });
  for (const kind of kinds)
    await log.insights.rules.add(
      `any-${kind}`,
      { name: kind, kind: 'amount', definition: { threshold: '1', movements: [kind], assets: 'all' }, action: 'flag', enabled: true },
      byMe,
    );
});
afterAll(async () => {
  await log.stop();
});

async function funded(): Promise<string> {
  const wallet = `w-${newId()}`;
  await log.commands.deposit({ wallet, amount: 100n });
  return wallet;
}

/** What the rules counted for a wallet: each kind, with the amount. */
async function countedOf(wallet: string): Promise<string[]> {
  const events = await log.events(applied);
  applied = events.at(-1)?.seq ?? applied;
  if (events.length > 0) await log.apply(fraudProjection(), events);
  const { items } = await log.insights.findings.list({ wallet, limit: 500 });
  return items.map(({ rule, facts }) => `${rule} ${facts['amount']}`).toReversed();
}

const posted = async (outcome: Promise<OperationOutcome>): Promise<string> => {
  const { status, seq } = await outcome;
  expect(status).toBe('posted');
  return `1-${seq}`;
};

describe('counts once, as what it is', () => {
  test('withdrawal', async () => {
    const wallet = await funded();
    await posted(log.commands.withdraw({ wallet, amount: 5n }));
    expect(await countedOf(wallet)).toEqual(['any-withdrawal 5']);
  });

  test('spend', async () => {
    await log.commands.open({ owner });
    await log.commands.deposit({ wallet: `${owner}.USD`, amount: 100n });
    await posted(log.commands.spend({ owner, amount: 6n }));
    expect(await countedOf(`${owner}.USD`)).toEqual(['any-spend 6']);
  });

  test.each(['atomic', 'saga'] as const)('transfer, %s', async (mode) => {
    const wallet = await funded();
    await posted(log.commands.transfer({ from: wallet, to: 'other', amount: 7n, mode }));
    expect(await countedOf(wallet)).toEqual(['any-transfer 7']);
  });

  test.each([
    ['cash_out', { system: 'cash_out' }, 'any-withdrawal'],
    ['a wallet', { wallet: 'other' }, 'any-transfer'],
    ['fees', { system: 'fees' }, 'any-spend'],
    ['treasury', { system: 'treasury' }, 'any-spend'],
  ] as const)('capture to %s, in two parts', async (_where, to, rule) => {
    const wallet = await funded();
    const hold = await posted(log.commands.hold({ wallet, amount: 10n }));
    expect(await countedOf(wallet)).toEqual([]);
    await posted(log.commands.capture({ hold, to, amount: 4n }));
    await posted(log.commands.capture({ hold, to }));
    expect(await countedOf(wallet)).toEqual([`${rule} 4`, `${rule} 6`]);
  });

  test.each([
    ['worker', { key: '\u0001request/r/0/capture/0' }],
    ['caller with holds:write', {}],
  ])('capture of the hold of an asynchronous withdrawal, by a %s: counted when it was held', async (_who, more) => {
    const wallet = await funded();
    const metadata = '{"coffer":{"purpose":"withdrawal","request":"r"}}';
    const hold = await posted(log.commands.hold({ wallet, amount: 10n, metadata }));
    expect(await countedOf(wallet)).toEqual(['any-withdrawal 10']);
    await posted(log.commands.capture({ hold, to: { system: 'cash_out' }, ...more }));
    expect(await countedOf(wallet)).toEqual(['any-withdrawal 10']);
  });

  test.each([
    ['cash_out', { system: 'cash_out' }, 'any-withdrawal'],
    ['a wallet', { wallet: 'other' }, 'any-transfer'],
    ['breakage', { system: 'breakage' }, 'any-spend'],
  ] as const)('sweep of a close to %s', async (_where, sweepTo, rule) => {
    const wallet = await funded();
    await posted(log.commands.close({ wallet, sides: 'both', sweepTo, ...byMe }));
    expect(await countedOf(wallet)).toEqual([`${rule} 100`]);
  });

  test('sweep of the deletion of an account', async () => {
    const leaver = newId();
    await log.commands.open({ owner: leaver });
    await log.commands.deposit({ wallet: `${leaver}.USD`, amount: 9n });
    const closed = await log.commands.closeAllOf({ owner: leaver, sweepTo: { system: 'cash_out' }, reason: 'x', actor: `user:${leaver}` });
    expect(closed).toBeNull();
    expect(await countedOf(`${leaver}.USD`)).toEqual(['any-withdrawal 9']);
  });

  test('close of an empty wallet: nothing', async () => {
    const wallet = `w-${newId()}`;
    await log.commands.open({ wallet });
    await posted(log.commands.close({ wallet, sides: 'both', ...byMe }));
    expect(await countedOf(wallet)).toEqual([]);
  });

  test('reversal, of the wallet that it takes from', async () => {
    const wallet = `w-${newId()}`;
    const deposit = await posted(log.commands.deposit({ wallet, amount: 100n }));
    await posted(log.commands.reverse({ operation: deposit, amount: 3n, ...byMe }));
    expect(await countedOf(wallet)).toEqual(['any-reversal 3']);
    const to = await funded();
    const transfer = await posted(log.commands.transfer({ from: wallet, to, amount: 8n }));
    await posted(log.commands.reverse({ operation: transfer, ...byMe }));
    expect([await countedOf(wallet), await countedOf(to)]).toEqual([['any-reversal 3', 'any-transfer 8'], ['any-reversal 8']]);
  });
});

describe('with a review rule, what leaves for cash_out is held back', () => {
  test('which takes effect within a second', async () => {
    const definition = { threshold: '50', movements: ['withdrawal'], assets: 'all' };
    await log.insights.rules.add('review', { name: 'Review', kind: 'amount', definition, action: 'review', enabled: true }, byMe);
    await expect.poll(async () => await log.reviews.mustReview(3, 50n), soon).toBe(true);
  });
  const cashOut = { system: 'cash_out' } as const;
  const required = { status: 'refused', refusal: { code: 'review_required' }, entry: null };

  test('capture, of a part and of the rest, alone and in a batch; below the threshold and to a wallet it is posted', async () => {
    const wallet = await funded();
    const hold = await posted(log.commands.hold({ wallet, amount: 100n }));
    expect(await log.commands.capture({ hold, to: cashOut })).toMatchObject(required);
    expect(await log.commands.capture({ hold, to: cashOut, amount: 50n })).toMatchObject(required);
    for (const atomic of [false, true])
      expect(await log.commands.batch(itemsOf({ type: 'capture', hold, to: cashOut }), { atomic })).toMatchObject([required]);
    await posted(log.commands.capture({ hold, to: { wallet: 'other' }, amount: 51n }));
    await posted(log.commands.capture({ hold, to: cashOut }));
  });

  test('capture that was recorded before is answered again', async () => {
    const wallet = await funded();
    const hold = await posted(log.commands.hold({ wallet, amount: 100n }));
    await posted(log.commands.capture({ hold, to: cashOut, key: 'once', clearance: 'decided' }));
    expect(await log.commands.capture({ hold, to: cashOut, key: 'once' })).toMatchObject({ status: 'posted', replayed: true });
  });

  test('sweep of a close', async () => {
    const wallet = await funded();
    const close = { wallet, sides: 'both', ...byMe } as const;
    expect(await log.commands.close({ ...close, sweepTo: cashOut })).toMatchObject(required);
    await posted(log.commands.close({ ...close, sweepTo: { wallet: 'other' } }));
  });
});
