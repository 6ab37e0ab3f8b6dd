import { expect, test } from 'vitest';
import { counterOf, WindowCounter } from './counter.ts';
import type { Counter } from './counter.ts';

test('a key is counted up to its limit in a window, which begins with the first try', () => {
  const counter = new WindowCounter();
  expect([counter.take('a', 2, 1_000, 0), counter.take('a', 2, 1_000, 400), counter.take('a', 2, 1_000, 400)]).toEqual([0, 0, 600]);
  expect(counter.take('b', 2, 1_000, 400)).toBe(0);
  counter.giveBack('a');
  expect([counter.take('a', 2, 1_000, 999), counter.take('a', 2, 1_000, 999)]).toEqual([0, 1]);
  expect(counter.take('a', 2, 1_000, 1_000)).toBe(0);
});

test('a key that a caller did not take cannot be given back', () => {
  const counter = new WindowCounter();
  counter.giveBack('a');
  counter.take('a', 1, 1_000, 0);
  counter.giveBack('a');
  counter.giveBack('a');
  expect([counter.take('a', 1, 1_000, 0), counter.take('a', 1, 1_000, 0)]).toEqual([0, 1_000]);
});

test('many keys do not fill the memory', () => {
  const counter = new WindowCounter();
  counter.take('first', 1, 1_000, 0);
  for (let key = 0; key < 100_000; key++) counter.take(String(key), 1, 1_000, 0);
  expect(counter.take('first', 1, 1_000, 0)).toBe(0);
  expect(counter.take('99999', 1, 1_000, 0)).toBe(1_000);
});

test('the second counter counts when the first is down or does not answer', async () => {
  let answer: number | null = 7;
  let up = true;
  const first: Counter = {
    get up() {
      return up;
    },
    take: () => Promise.resolve(answer),
    giveBack: () => Promise.resolve(),
  };
  const second: Counter = { up: true, take: () => Promise.resolve(9), giveBack: () => Promise.resolve() };
  const both = counterOf(first, second);
  expect(await both?.take('a', 1, 1)).toBe(7);
  answer = null;
  expect(await both?.take('a', 1, 1)).toBe(9);
  [answer, up] = [7, false];
  expect(await both?.take('a', 1, 1)).toBe(9);
  expect(both?.up).toBe(true);
  expect([counterOf(null, second), counterOf(first, null), counterOf(null, null)]).toEqual([second, first, null]);
});
