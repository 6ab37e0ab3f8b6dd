import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromText, toText } from './text.ts';

test('amounts, moments and every text survive a round trip', () => {
  const leaf = fc.oneof(
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.string(),
    fc.constantFrom('~', '~~', '~n1', '~d1'),
    fc.integer(),
    fc.boolean(),
  );
  const value = fc.oneof(leaf, fc.array(fc.record({ amount: leaf, none: fc.constant(null), more: fc.array(leaf) })));
  fc.assert(
    fc.property(value, (given) => {
      expect(fromText(toText(given))).toEqual(given);
    }),
  );
});
