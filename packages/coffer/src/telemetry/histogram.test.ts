import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describedHistogram, Histogram, labelText } from './histogram.ts';

/** The counts of the buckets by upper bound, as printed. */
function bucketsIn(lines: readonly string[]): Map<number, number> {
  return new Map(
    lines.flatMap((line) => {
      const found = /^h_bucket\{(?:.*,)?le="(.+)"\} (\d+)$/.exec(line);
      return found ? [[found[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(found[1]), Number(found[2])] as const] : [];
    }),
  );
}

function observed(bounds: readonly number[], values: readonly number[]): Histogram {
  const histogram = new Histogram(bounds);
  for (const value of values) histogram.observe(value);
  return histogram;
}

describe('a histogram', () => {
  test('counts a value in the bucket of its bound, and one above it in the next', () => {
    const lines = observed([1, 2, 4], [1, 1.001, 2, 4, 4.5]).lines('h', '');
    expect(bucketsIn(lines)).toEqual(
      new Map([
        [1, 1],
        [2, 3],
        [4, 4],
        [Number.POSITIVE_INFINITY, 5],
      ]),
    );
    expect(lines.slice(-2)).toEqual(['h_sum 12.501', 'h_count 5']);
  });

  test('without values is zero everywhere', () => {
    expect(new Histogram([1]).lines('h', '')).toEqual(['h_bucket{le="1"} 0', 'h_bucket{le="+Inf"} 0', 'h_sum 0', 'h_count 0']);
  });

  test('has its labels on every line', () => {
    expect(observed([1], [1]).lines('h', 'route="/health"')).toEqual([
      'h_bucket{route="/health",le="1"} 1',
      'h_bucket{route="/health",le="+Inf"} 1',
      'h_sum{route="/health"} 1',
      'h_count{route="/health"} 1',
    ]);
  });

  test('with any bounds and values: each bucket counts the values up to its bound, and the last counts all', () => {
    const bounds = fc
      .uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 8 })
      .map((all) => all.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(bounds, fc.array(fc.integer({ min: -60, max: 60 })), (limits, values) => {
        const lines = observed(limits, values).lines('h', '');
        const expected = [...limits, Number.POSITIVE_INFINITY].map(
          (bound) => [bound, values.filter((value) => value <= bound).length] as const,
        );
        expect([...bucketsIn(lines)]).toEqual(expected);
        expect(lines.at(-2)).toBe(`h_sum ${values.reduce((sum, value) => sum + value, 0)}`);
        expect(lines.at(-1)).toBe(`h_count ${values.length}`);
      }),
    );
  });
});

test('a histogram is described once, before its lines', () => {
  expect(describedHistogram('h', 'What it counts', ['h_count 1'])).toBe('# HELP h What it counts\n# TYPE h histogram\nh_count 1\n');
});

test('a label value escapes quotes, backslashes and line breaks', () => {
  expect(labelText('a"b\\c\nd')).toBe('a\\"b\\\\c\\nd');
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = labelText(text);
      expect(escaped).toMatch(/^(?:[^"\\\n]|\\["\\n])*$/);
      expect(escaped.replaceAll(/\\(.)/g, (_, found: string) => (found === 'n' ? '\n' : found))).toBe(text);
    }),
  );
});
