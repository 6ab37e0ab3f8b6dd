import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Retention } from './retention.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A table with this many outdated rows. */
function table(rows: number) {
  const parts: number[] = [];
  return {
    parts,
    add: (more: number) => void (rows += more),
    forget: (atOnce: number) => {
      const forgotten = Math.min(rows, atOnce);
      rows -= forgotten;
      parts.push(forgotten);
      return Promise.resolve(forgotten);
    },
  };
}

const clock = { read: () => Promise.resolve(new Date()) };

test('outdated rows are deleted in parts, immediately and then periodically', async () => {
  const { parts, add, forget } = table(25);
  const retention = new Retention({ clock, forget, atOnce: 10, everyMs: 1_000, failed: () => undefined });
  await vi.advanceTimersByTimeAsync(0);
  expect(parts).toEqual([10, 10, 5, 0]);
  add(3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(parts).toEqual([10, 10, 5, 0, 3, 0]);
  await retention.stop();
});

test('the first sweep may be delayed; a requested one returns how many rows it deleted', async () => {
  const { parts, forget } = table(20);
  const retention = new Retention({ clock, forget, atOnce: 10, everyMs: 1_000, firstMs: 30_000, failed: () => undefined });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(parts).toEqual([]);
  expect(await retention.sweep()).toBe(20);
  expect(parts).toEqual([10, 10, 0]);
  await retention.stop();
});

test('a failed sweep is reported, and retried at the next interval', async () => {
  const failures: unknown[] = [];
  const forget = vi.fn<() => Promise<number>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue(0);
  const retention = new Retention({ clock, forget, atOnce: 10, everyMs: 1_000, failed: (failure) => failures.push(failure) });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failures).toHaveLength(1);
  expect(forget).toHaveBeenCalledTimes(2);
  await retention.stop();
});

test('stopping ends a sweep after the current part', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const forget = vi.fn<() => Promise<number>>(() => promise);
  const retention = new Retention({ clock, forget, atOnce: 10, everyMs: 1_000, failed: () => undefined });
  await vi.advanceTimersByTimeAsync(0);
  const stopping = retention.stop();
  resolve(10);
  await stopping;
  expect(forget).toHaveBeenCalledTimes(1);
});
