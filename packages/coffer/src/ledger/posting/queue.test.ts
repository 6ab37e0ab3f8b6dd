import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Operation } from '../rules/types.ts';
import { LedgerOverloaded, LedgerUnavailable } from './outages.ts';
import { RequestQueue } from './queue.ts';

const operationsMax = 100_000;
const patienceMs = 1_000;
/** The same object every time: the queue ignores what an operation contains. */
const operation: Operation = { kind: 'hold', key: 'k', wallet: 'w1', amount: 1n };
const operations = (count: number) => Array.from({ length: count }, () => operation);

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** Adds a request and records its answer; "waiting" until then. */
function add(queue: RequestQueue, count: number): { told: unknown } {
  const caller: { told: unknown } = { told: 'waiting' };
  queue.add(operations(count), false).then(
    (outcomes) => (caller.told = outcomes),
    (failure: unknown) => (caller.told = failure),
  );
  return caller;
}

/** Lets pending answers arrive. */
async function heard(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}

describe('a full queue', () => {
  test('takes a hundred thousand operations and rejects the next immediately: nothing of it is done', async () => {
    const queue = new RequestQueue(patienceMs);
    const last = Array.from({ length: 100 }, () => add(queue, operationsMax / 100)).at(-1);
    const turnedAway = add(queue, 1);
    await heard();
    expect(turnedAway.told).toBeInstanceOf(LedgerOverloaded);
    expect(last?.told).toBe('waiting');
    expect(queue.operations).toBe(operationsMax);
  });

  test('a request that does not fit is rejected whole, and a smaller one after it is accepted', async () => {
    const queue = new RequestQueue(patienceMs);
    add(queue, operationsMax - 10);
    const [tooLarge, fits] = [add(queue, 11), add(queue, 10)];
    await heard();
    expect(tooLarge.told).toBeInstanceOf(LedgerOverloaded);
    expect(fits.told).toBe('waiting');
  });

  test('has room again for as many operations as were taken, timed out or failed', async () => {
    const queue = new RequestQueue(patienceMs);
    for (const makeRoom of [
      () => void queue.take(operationsMax),
      () => {
        vi.advanceTimersByTime(patienceMs);
        queue.dropExpired();
      },
      () => queue.failAll(() => new Error('gone')),
    ]) {
      add(queue, operationsMax);
      const turnedAway = add(queue, 1);
      makeRoom();
      await heard();
      expect(turnedAway.told).toBeInstanceOf(LedgerOverloaded);
      expect(queue.operations).toBe(0);
    }
  });
});

describe('a caller whose deadline has passed', () => {
  test('is answered that nothing was done if nothing was sent, and its request is not taken any more', async () => {
    const queue = new RequestQueue(patienceMs);
    const early = add(queue, 1);
    vi.advanceTimersByTime(patienceMs / 2);
    const late = add(queue, 2);
    vi.advanceTimersByTime(patienceMs / 2);
    queue.dropExpired();
    await heard();
    expect(early.told).toBeInstanceOf(LedgerUnavailable);
    expect(early.told).toMatchObject({ outcome: 'not_done' });
    expect(late.told).toBe('waiting');
    expect(queue.take(10).map(({ operations }) => operations.length)).toEqual([2]);
  });

  test('is answered that the outcome is unknown if the request was sent and put back', async () => {
    const queue = new RequestQueue(patienceMs);
    const caller = add(queue, 1);
    const [request] = queue.take(1);
    if (!request) throw new Error('no request was added');
    request.sent = true;
    queue.putBack([request]);
    vi.advanceTimersByTime(patienceMs);
    queue.dropExpired();
    await heard();
    expect(caller.told).toMatchObject({ outcome: 'unknown' });
    expect([request.givenUp, queue.operations]).toEqual([true, 0]);
  });
});

test('a closed queue accepts nothing more and hands out what it has', async () => {
  const queue = new RequestQueue(patienceMs);
  add(queue, 1);
  queue.close();
  const late = add(queue, 1);
  await heard();
  expect(late.told).toMatchObject({ name: 'LedgerUnavailable', outcome: 'not_done' });
  expect([queue.closed, queue.take(10).length]).toEqual([true, 1]);
});

test('requests leave whole and in order of arrival, at least one and no more operations than requested; requests put back come first', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.boolean()), { maxLength: 12 }), (added, takes) => {
      const queue = new RequestQueue(patienceMs);
      for (const size of added) add(queue, size);
      let left = [...added];
      for (const [limit, isPutBack] of takes) {
        const taken = queue.take(limit);
        const got = taken.map(({ operations }) => operations.length);
        expect(got).toEqual(left.slice(0, got.length));
        const sum = got.reduce((total, size) => total + size, 0);
        expect(got.length === Math.min(1, left.length) || sum <= limit).toBe(true);
        // No more fitted.
        expect(sum + (left[got.length] ?? Number.POSITIVE_INFINITY)).toBeGreaterThan(limit);
        if (isPutBack) queue.putBack(taken);
        else left = left.slice(got.length);
        expect(queue.operations).toBe(left.reduce((total, size) => total + size, 0));
        expect(queue.empty).toBe(left.length === 0);
      }
    }),
  );
});
