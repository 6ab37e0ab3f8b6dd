import { expect, test } from 'vitest';
import { MemoryPages } from './memory-pages.ts';

/** Counts its reads. */
function pageOf(rows: number) {
  const read = async () => {
    read.reads++;
    return Array.from({ length: rows }, (_, at) => at);
  };
  read.reads = 0;
  return read;
}

test('a page is read once', async () => {
  const pages = new MemoryPages();
  const read = pageOf(3);
  expect([await pages.page('a', read), await pages.page('a', read)]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ]);
  expect([read.reads, pages.counts]).toEqual([1, { hits: 1, misses: 1 }]);
});

test('the page that was not used for longest makes room', async () => {
  const pages = new MemoryPages(12);
  const [a, b, c] = [pageOf(3), pageOf(3), pageOf(3)];
  await pages.page('a', a);
  await pages.page('b', b);
  await pages.page('c', c);
  await pages.page('a', a);
  await pages.page('d', pageOf(3));
  await pages.page('a', a);
  await pages.page('b', b);
  expect([a.reads, b.reads, c.reads]).toEqual([1, 2, 1]);
});

test('empty pages occupy room, too', async () => {
  const pages = new MemoryPages(2);
  const empty = pageOf(0);
  for (const name of ['a', 'b', 'c', 'a']) await pages.page(name, empty);
  expect(empty.reads).toBe(4);
});

test('a page larger than the whole room is returned and not kept', async () => {
  const pages = new MemoryPages(4);
  const large = pageOf(9);
  expect(await pages.page('large', large)).toHaveLength(9);
  await pages.page('large', large);
  expect(large.reads).toBe(2);
});

test('concurrent readers of one page do not count it twice', async () => {
  const pages = new MemoryPages(8);
  const [one, other] = [pageOf(3), pageOf(3)];
  await Promise.all([pages.page('a', one), pages.page('a', one)]);
  await pages.page('b', other);
  await pages.page('a', one);
  expect(one.reads).toBe(2);
});

test('a failed read is not remembered', async () => {
  const pages = new MemoryPages();
  await expect(
    pages.page('a', async () => {
      throw new Error('away');
    }),
  ).rejects.toThrow('away');
  expect(await pages.page('a', pageOf(1))).toEqual([0]);
});
