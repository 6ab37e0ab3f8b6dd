import { expect, test } from 'vitest';
import { visibleRefusal } from './refusals.ts';

test("a refusal for a system account's balance names neither the account nor the balance", () => {
  const short = { code: 'insufficient_funds', facts: { wallet: '$treasury/1', available: '999700', requested: '1000000' } } as const;
  expect(visibleRefusal(short)).toEqual({
    code: 'insufficient_funds',
    facts: { requested: '1000000' },
    instead: 'The treasury does not hold enough.',
  });
  for (const refusal of [
    { code: 'insufficient_funds', facts: { wallet: '$fees/3', available: '7', requested: '8' } },
    { code: 'balance_limit', facts: { wallet: '$cash_in/3' } },
    { code: 'balance_limit', facts: { wallet: '$treasury/1' } },
  ] as const) {
    const told = visibleRefusal(refusal);
    expect(told.instead).toBe('A system account cannot take part in this operation.');
    expect(Object.keys(told.facts)).not.toContain('wallet');
    expect(Object.keys(told.facts)).not.toContain('available');
  }
});

test("a refusal for the balance of a caller's wallet is unchanged", () => {
  const facts = { wallet: 'w1', available: '5', requested: '6' };
  expect(visibleRefusal({ code: 'insufficient_funds', facts })).toEqual({ code: 'insufficient_funds', facts, instead: null });
});
