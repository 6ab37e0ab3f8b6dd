import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginning, isBefore, isSame } from './marks.ts';

const place = fc.record({ seq: fc.nat({ max: 4 }), part: fc.nat({ max: 3 }) });

test('places are in the order of the log: by entry, and within one by part', () => {
  const inOrder = [beginning, { seq: 1, part: 1 }, { seq: 1, part: 2 }, { seq: 2, part: 1 }, { seq: 10, part: 1 }];
  for (const [at, one] of inOrder.entries()) {
    for (const [beside, other] of inOrder.entries()) {
      expect(isBefore(one, other)).toBe(at < beside);
      expect(isSame(one, other)).toBe(at === beside);
    }
  }
});

test('of two places one is before the other, or they are the same; and an order of three is one of the outer two', () => {
  fc.assert(
    fc.property(place, place, place, (one, other, third) => {
      expect([isBefore(one, other), isBefore(other, one), isSame(one, other)].filter(Boolean)).toHaveLength(1);
      expect(isBefore(one, other) && isBefore(other, third) && !isBefore(one, third)).toBe(false);
      expect(isBefore(one, beginning)).toBe(false);
    }),
  );
});
