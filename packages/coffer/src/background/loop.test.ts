import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startLoop } from './loop.ts';
import type { LoopOptions } from './loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const bug = new Error('a bug');

/** A loop whose rounds return the given answers and record when they began. */
function watched(answers: (boolean | Error)[], options: Partial<LoopOptions> = {}) {
  const startedMs = performance.now();
  const rounds: number[] = [];
  const failures: boolean[] = [];
  let recoveries = 0;
  const loop = startLoop({
    everyMs: 1_000,
    work: () => {
      rounds.push(performance.now() - startedMs);
      const answer = answers.shift() ?? false;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    failed: (_, isFirst) => void failures.push(isFirst),
    recovered: () => recoveries++,
    ...options,
  });
  return { loop, rounds, failures, recoveries: () => recoveries };
}

const pass = async (ms: number) => await vi.advanceTimersByTimeAsync(ms);

describe('a loop', () => {
  test('begins immediately and rests between rounds', async () => {
    const { loop, rounds } = watched([]);
    await pass(2_500);
    expect(rounds).toEqual([0, 1_000, 2_000]);
    await loop.stop();
  });

  test('may begin later', async () => {
    const { loop, rounds } = watched([], { firstMs: 300 });
    await pass(1_400);
    expect(rounds).toEqual([300, 1_300]);
    await loop.stop();
  });

  test('does not rest while there is more to do', async () => {
    const { loop, rounds } = watched([true, true, false]);
    await pass(1_500);
    expect(rounds).toEqual([0, 0, 0, 1_000]);
    await loop.stop();
  });

  test('is woken by a notification', async () => {
    const { loop, rounds } = watched([]);
    await pass(400);
    loop.notify();
    await pass(1_100);
    expect(rounds).toEqual([0, 400, 1_400]);
    await loop.stop();
  });

  test('runs once more after a round in which it was notified', async () => {
    let notify = () => undefined as void;
    const rounds: number[] = [];
    const loop = startLoop({
      everyMs: 1_000,
      work: async () => {
        rounds.push(rounds.length);
        if (rounds.length === 1) notify();
        await Promise.resolve();
      },
      failed: () => undefined,
    });
    notify = () => loop.notify();
    await pass(500);
    expect(rounds).toEqual([0, 1]);
    await loop.stop();
  });
});

describe('a loop whose work fails', () => {
  const pauses = { first: 100, most: 400 };

  test('backs off, reports each failure and whether it is the first, and recovers', async () => {
    const { loop, rounds, failures, recoveries } = watched([bug, bug, bug, bug, false, bug], { pauses });
    await pass(3_000);
    expect(rounds).toEqual([0, 100, 300, 700, 1_100, 2_100, 2_200]);
    expect(failures).toEqual([true, false, false, false, true]);
    expect(recoveries()).toBe(2);
    await loop.stop();
  });

  test('waits as long as between rounds when it has no pauses of its own', async () => {
    const { loop, rounds } = watched([bug, bug]);
    await pass(2_500);
    expect(rounds).toEqual([0, 1_000, 2_000]);
    await loop.stop();
  });

  test('is not hurried by notifications', async () => {
    const { loop, rounds } = watched([bug], { pauses });
    await pass(50);
    loop.notify();
    await pass(100);
    expect(rounds[1]).toBe(100);
    await loop.stop();
  });

  test('is hurried by a notification after the failure, where configured', async () => {
    const { loop, rounds } = watched([bug], { pauses: { first: 5_000, most: 5_000 }, notifyEndsPause: true });
    loop.notify();
    await pass(50);
    expect(rounds).toEqual([0]);
    loop.notify();
    await pass(0);
    expect(rounds).toEqual([0, 50]);
    await loop.stop();
  });
});

describe('a loop that is stopped', () => {
  test('waits for the current round', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const loop = startLoop({ everyMs: 1_000, work: () => promise, failed: () => undefined });
    await pass(0);
    let hasStopped = false;
    const stopping = loop.stop().then(() => (hasStopped = true));
    await pass(5_000);
    expect(hasStopped).toBe(false);
    resolve(true);
    await stopping;
  });

  test.each([
    ['rests', {}, [false]],
    ['pauses after a failure', { pauses: { first: 60_000, most: 60_000 } }, [bug]],
    ['has not begun', { firstMs: 60_000 }, []],
  ] as const)('ends immediately when it %s', async (_, options, answers) => {
    const { loop, rounds } = watched([...answers], options);
    await pass(10);
    const before = rounds.length;
    await loop.stop();
    await pass(120_000);
    expect(rounds.length).toBe(before);
  });
});
