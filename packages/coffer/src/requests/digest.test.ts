import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, isSameAsset } from './digest.ts';
import type { Content } from './types.ts';

const content: Content = {
  to: 'w2',
  mode: 'saga',
  amount: '300',
  upTo: true,
  effectiveAt: '2026-01-01T00:00:00Z',
  metadata: '{"order":1}',
};

describe('a request with the same key', () => {
  test.each<[string, Content]>([
    ['recipient', { ...content, to: 'w3' }],
    ['mode', { ...content, mode: 'atomic' }],
    ['amount', { ...content, amount: '301' }],
    ['amount written otherwise', { ...content, amount: '300.0' }],
    ['way to take less', { amount: '300', to: 'w2', mode: 'saga', effectiveAt: '2026-01-01T00:00:00Z', metadata: '{"order":1}' }],
    ['effective moment', { ...content, effectiveAt: '2026-01-02T00:00:00Z' }],
    ['metadata', { ...content, metadata: '{"order":2}' }],
  ])('differs if it has another %s', (_what, changed) => {
    expect(digestOf('transfer', changed)).not.toBe(digestOf('transfer', content));
  });

  test('differs if it has another type', () => {
    expect(digestOf('withdraw', content)).not.toBe(digestOf('transfer', content));
  });

  test('is the same if only its preconditions or its named asset differ', () => {
    const same: Content = { ...content, minimumBalance: '5', expectedVersion: 7, asset: 3 };
    expect(digestOf('transfer', same)).toBe(digestOf('transfer', content));
  });

  test('is the same whether a field is absent or undefined, and in any order of fields', () => {
    const reversed = Object.fromEntries(Object.entries(content).toReversed()) as unknown as Content;
    expect(digestOf('transfer', reversed)).toBe(digestOf('transfer', content));
    const absent = { amount: '1' };
    expect(digestOf('withdraw', { ...absent, to: undefined, upTo: undefined } as unknown as Content)).toBe(digestOf('withdraw', absent));
  });
});

test('no two contents share a digest: fields do not run into each other', () => {
  const text = fc.string({ maxLength: 6 });
  const any = fc.record({ to: text, amount: text, effectiveAt: text, metadata: text });
  fc.assert(
    fc.property(any, any, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      expect(digestOf('transfer', one) === digestOf('transfer', other)).toBe(isSame);
      expect(digestOf('transfer', one)).toMatch(/^[0-9a-f]{32}$/);
    }),
  );
});

test("without a named asset, the wallet's asset applies", () => {
  const named = (asset?: number | string): Content => ({ amount: '1', ...(asset !== undefined && { asset }) });
  expect(isSameAsset(named(), named(3), 3)).toBe(true);
  expect(isSameAsset(named(3), named(), 3)).toBe(true);
  expect(isSameAsset(named(), named(), 3)).toBe(true);
  expect(isSameAsset(named(), named(4), 3)).toBe(false);
  expect(isSameAsset(named('XYZ'), named(3), 3)).toBe(false);
});
