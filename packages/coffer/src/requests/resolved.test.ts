import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heldAt } from '../../../../test/support/request.ts';
import { resolvedByOther } from './resolved.ts';

const hold = { id: '1-42', amount: 300n, timesOutAt: heldAt };
const capture = { operation: '1-43', seq: 43 };

test('a hold fully captured by another operation completes its request, with that capture', () => {
  expect(resolvedByOther(hold, { left: 0n, captured: 300n, capture })).toEqual({
    status: 'completed',
    outcome: 'found captured',
    detail: '300 of 300 on hold 1-42 were captured.',
    next: 'never',
    operation: '1-43',
    seq: 43,
  });
});

test('a hold fully or partly released by another operation fails its request, and the facts add up', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 299n }), (captured) => {
      const change = resolvedByOther(hold, { left: 0n, captured, capture: captured > 0n ? capture : null });
      expect(change).toMatchObject({ status: 'failed', outcome: 'hold_resolved', next: 'never', failure: { code: 'hold_resolved' } });
      const { amount = '', givenBack = '', ...facts } = change.failure?.facts ?? {};
      expect(facts).toEqual({ hold: '1-42', captured: String(captured) });
      expect(BigInt(givenBack) + captured).toBe(BigInt(amount));
      expect(change.operation).toBe(captured > 0n ? '1-43' : undefined);
    }),
  );
});
