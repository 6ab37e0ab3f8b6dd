import { expect, test } from 'vitest';
import { until, within } from './until.ts';

const wait = { what: 'twenty answers', seen: () => '3 came', withinMs: 20 };

test('a wait that times out reports what it waited for and what it saw instead', async () => {
  await expect(until(() => false, wait)).rejects.toThrow('waited 0.02 s for twenty answers; instead: 3 came');
  await expect(within(new Promise(() => undefined), wait)).rejects.toThrow('waited 0.02 s for twenty answers; instead: 3 came');
});

test('a wait ends early when its condition can never hold', async () => {
  const gone = () => 'the process ended' as const;
  await expect(until(() => false, { ...wait, withinMs: 60_000, gone })).rejects.toThrow(
    'waited for twenty answers, but the process ended; 3 came',
  );
});

test('a wait resolves in time and passes failures on', async () => {
  let asked = 0;
  await until(() => Promise.resolve(++asked === 3), { ...wait, withinMs: 60_000, everyMs: 1 });
  expect(asked).toBe(3);
  expect(await within(Promise.resolve(7), wait)).toBe(7);
  await expect(within(Promise.reject(new Error('away')), wait)).rejects.toThrow('away');
});
