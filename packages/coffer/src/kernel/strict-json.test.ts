import { expect, test } from 'vitest';
import { readStrictJson } from './strict-json.ts';

const read = (text: string) => readStrictJson(Buffer.from(text), 'body');

test('numbers that parsing keeps are the same in any spelling; others become NaN, which no schema accepts', () => {
  expect(read('[1.0, 1e2, 10.50, 0.0, -0.10, 1200e-2]')).toEqual({ value: [1, 100, 10.5, 0, -0.1, 12] });
  expect(read('[1.0000000000000000001, 1e400, 0.1234567890123456789]')).toEqual({ value: [NaN, NaN, NaN] });
});

// With work that grows with the square of the length, this takes an hour.
test('the longest number that a body can carry takes no longer to read than other text', { timeout: 10_000 }, () => {
  const zeros = '0'.repeat(1_000_000);
  expect(read(`{"a":1.1${zeros}1}`)).toEqual({ value: { a: NaN } });
  expect(read(`{"a":1.1${zeros}}`)).toEqual({ value: { a: 1.1 } });
});
