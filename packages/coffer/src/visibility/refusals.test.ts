import { expect, test } from 'vitest';
import { visibleRefusal } from './refusals.ts';

const gold = { id: 1, code: 'GOLD', scale: 0, name: 'Gold' };
const assets = { find: (reference: string | number) => (reference === gold.id ? gold : undefined) };

test("a refusal for a system account's balance names neither the account nor the balance", () => {
  const short = { code: 'insufficient_funds', facts: { wallet: '$treasury/1', available: '999700', requested: '1000000' } } as const;
  expect(visibleRefusal(short, null, assets)).toEqual({
    code: 'insufficient_funds',
    facts: { requested: '1000000' },
    instead: 'The treasury does not hold enough.',
  });
  for (const refusal of [
    { code: 'insufficient_funds', facts: { wallet: '$fees/3', available: '7', requested: '8' } },
    { code: 'balance_limit', facts: { wallet: '$cash_in/3' } },
    { code: 'balance_limit', facts: { wallet: '$treasury/1' } },
  ] as const) {
    const told = visibleRefusal(refusal, null, assets);
    expect(told.instead).toBe('A system account cannot take part in this operation.');
    expect(Object.keys(told.facts)).not.toContain('wallet');
    expect(Object.keys(told.facts)).not.toContain('available');
  }
});

test('assets, holds and operations are named as callers know them', () => {
  const mismatch = { code: 'asset_mismatch', facts: { wallet: 'w1', walletAsset: '1', asset: '3' } } as const;
  expect(visibleRefusal(mismatch, 1, assets).facts).toEqual({ wallet: 'w1', walletAsset: 'GOLD', asset: '3' });
  const held = { code: 'hold_resolved', facts: { hold: '7' } } as const;
  expect(visibleRefusal(held, 2, assets).facts).toEqual({ hold: '2-7' });
  const step = { code: 'not_reversible', facts: { reverses: '7', kind: 'transfer_debit' } } as const;
  expect(visibleRefusal(step, 2, assets).facts).toEqual({ reverses: '2-7', kind: 'transfer' });
});

test("a refusal for the balance of a caller's wallet is unchanged", () => {
  const facts = { wallet: 'w1', available: '5', requested: '6' };
  expect(visibleRefusal({ code: 'insufficient_funds', facts }, null, assets)).toEqual({ code: 'insufficient_funds', facts, instead: null });
});
