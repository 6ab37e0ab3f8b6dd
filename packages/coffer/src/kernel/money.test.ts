import fc from 'fast-check';
import { expect, test } from 'vitest';
import { majorUnits, minorUnits } from './money.ts';

test.each([
  ['12.34', 2, '1234'],
  ['12.3', 2, '1230'],
  ['12', 2, '1200'],
  ['0', 2, '0'],
  ['0.00', 2, '0'],
  ['-0.01', 2, '-1'],
  ['12', 0, '12'],
  ['0.000000000000000001', 18, '1'],
  ['9.223372036854775808', 18, '9223372036854775808'],
  [`${'9'.repeat(36)}.99`, 2, '9'.repeat(38)],
])('%s at scale %i is %s', (major, scale, minor) => {
  expect(minorUnits(major, scale)).toBe(minor);
});

test.each([
  ['12.345', 2],
  ['12.340', 2],
  ['12.0', 0],
  ['12.', 2],
  ['.5', 2],
  ['012', 2],
  ['+1', 2],
  ['-0', 2],
  ['-0.00', 2],
  ['1e3', 2],
  ['1,5', 2],
  ['1_000', 2],
  [' 1', 2],
  ['1\n', 2],
  ['', 2],
  ['١٢', 2],
  ['Infinity', 2],
  [`1${'0'.repeat(36)}.00`, 2],
  ['1'.repeat(100_000), 2],
])('%s at scale %i is no amount', (major, scale) => {
  expect(minorUnits(major, scale)).toBeNull();
});

test('what is shown in major units is read as the same amount', () => {
  const amount = fc.bigInt({ min: -(10n ** 38n - 1n), max: 10n ** 38n - 1n });
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 18 }), (minor, scale) => {
      const major = majorUnits(minor.toString(), scale);
      expect(major.split('.')[1]?.length ?? 0).toBe(scale);
      expect(minorUnits(major, scale)).toBe(minor.toString());
    }),
  );
});
