import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginning, isBefore, isSame } from './marks.ts';

const place = fc.record({ seq: fc.nat({ max: 4 }), part: fc.nat({ max: 3 }) });

test('positions are in log order: by entry, and within an entry by part', () => {
  const inOrder = [beginning, { seq: 1, part: 1 }, { seq: 1, part: 2 }, { seq: 2, part: 1 }, { seq: 10, part: 1 }];
  for (const [at, one] of inOrder.entries()) {
    for (const [beside, other] of inOrder.entries()) {
      expect(isBefore(one, other)).toBe(at < beside);
      expect(isSame(one, other)).toBe(at === beside);
    }
  }
});

test('the order of positions is total and transitive', () => {
  fc.assert(
    fc.property(place, place, place, (one, other, third) => {
      expect([isBefore(one, other), isBefore(other, one), isSame(one, other)].filter(Boolean)).toHaveLength(1);
      expect(isBefore(one, other) && isBefore(other, third) && !isBefore(one, third)).toBe(false);
      expect(isBefore(one, beginning)).toBe(false);
    }),
  );
});
