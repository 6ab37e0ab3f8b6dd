import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storable } from './storable.ts';

test.each([
  ['unchanged', 'käse 🧀', 10, 'käse 🧀'],
  ['of maximum length unchanged', 'abcde', 5, 'abcde'],
  ['truncated, with an ellipsis', 'abcdef', 5, 'abcd…'],
  ['without NUL', 'a\0b\0', 10, 'a\u{fffd}b\u{fffd}'],
  ['without half a surrogate pair', 'a\ud800b', 10, 'a\u{fffd}b'],
  ['without the half that truncation leaves', 'abc😀def', 5, 'abc\u{fffd}…'],
  ['empty', '', 5, ''],
])('text is stored %s', (_how, text, lengthMax, expected) => {
  expect(storable(text, lengthMax)).toBe(expected);
});

test('any text becomes storable in PostgreSQL: well formed, without NUL, within the limit; doing it again changes nothing', () => {
  const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0xd83d, 0xde00, 0x61)), { maxLength: 30 });
  fc.assert(
    fc.property(units, fc.integer({ min: 1, max: 40 }), (codes, lengthMax) => {
      const text = String.fromCharCode(...codes);
      const kept = storable(text, lengthMax);
      expect(kept.isWellFormed()).toBe(true);
      expect(kept).not.toContain('\0');
      expect(kept.length).toBeLessThanOrEqual(lengthMax);
      expect(storable(kept, lengthMax)).toBe(kept);
    }),
  );
});
