import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keysetPage, parseKeyset } from './index.ts';

/** The numbers up to a count, newest first, as a database would return them. */
function pageOf(count: number, limit: number, cursor: string | undefined) {
  const keyset = parseKeyset(cursor);
  const all = Array.from({ length: count }, (_, at) => count - at);
  const inWay = keyset.isBackward ? all.toReversed() : all;
  const from =
    keyset.position === null
      ? inWay
      : inWay.filter((one) => (keyset.isBackward ? one > Number(keyset.position) : one < Number(keyset.position)));
  return keysetPage(from.slice(0, limit + 1), limit, keyset, String);
}

test('every item is on one page, and the way back passes the same pages', () => {
  fc.assert(
    fc.property(fc.nat(30), fc.integer({ min: 1, max: 7 }), (count, limit) => {
      const pages = [pageOf(count, limit, undefined)];
      for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) pages.push(pageOf(count, limit, next));
      expect(pages.flatMap(({ items }) => items)).toEqual(Array.from({ length: count }, (_, at) => count - at));
      expect(pages[0]?.previous).toBeNull();
      let at = pages.length - 1;
      for (let back = pages.at(-1)?.previous; back; back = pageOf(count, limit, back).previous)
        expect(pageOf(count, limit, back).items).toEqual(pages[--at]?.items);
      expect(at).toBe(0);
    }),
  );
});
