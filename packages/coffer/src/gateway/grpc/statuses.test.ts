import { expect, test } from 'vitest';
import { ledgerFailure } from './statuses.ts';

test('a refusal for what the treasury holds does not tell how much that is', () => {
  const { code, details } = ledgerFailure({
    code: 'insufficient_funds',
    facts: { wallet: '$treasury/1', available: '999700', requested: '1000000' },
  });
  expect([code, details]).toEqual(['insufficient_funds', 'The treasury does not hold enough. (requested: 1000000)']);
});

test("a refusal for what a caller's wallet holds names both", () => {
  const { details } = ledgerFailure({ code: 'insufficient_funds', facts: { wallet: 'w1', available: '5', requested: '6' } });
  expect(details).toBe(
    'The debit would take the account below its floor, with what is held left aside. (wallet: w1, available: 5, requested: 6)',
  );
});
