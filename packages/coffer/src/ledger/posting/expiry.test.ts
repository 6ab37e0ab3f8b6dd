import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type pg from 'pg';
import { silentLog } from '../../kernel/index.ts';
import type { ExpireOperation } from '../rules/types.ts';
import { Expiry } from './expiry.ts';
import { LedgerOverloaded, LedgerUnavailable } from './outages.ts';

type Held = { readonly seq: number; readonly wallet: string; readonly expiresAtMs: number; isOpen: boolean };

const everyMs = 1_000;
const startMs = Date.UTC(2026, 0, 1);

beforeEach(() => void vi.useFakeTimers({ now: startMs }));
afterEach(() => void vi.useRealTimers());

/** A book's holds as the database would select them: those due after a moment and a seq, at most a thousand. */
function startExpiry(holds: Held[], post: (due: readonly ExpireOperation[]) => void = () => undefined) {
  const looks: { readonly after: number; readonly found: number }[] = [];
  const given: number[] = [];
  const pool = {
    query: ({ values }: { values: readonly unknown[] }) => {
      const [, afterDate, afterSeq, now] = values as [number, Date, number, Date];
      const rows = holds
        .filter(({ expiresAtMs, seq }) => expiresAtMs > afterDate.getTime() || (expiresAtMs === afterDate.getTime() && seq > afterSeq))
        .filter(({ expiresAtMs }) => expiresAtMs <= now.getTime())
        .toSorted((one, other) => one.expiresAtMs - other.expiresAtMs || one.seq - other.seq)
        .slice(0, 1_000)
        .map(({ seq, wallet, expiresAtMs, isOpen }) => ({ seq, wallet, expires_at: new Date(expiresAtMs), is_open: isOpen }));
      looks.push({ after: afterDate.getTime(), found: rows.length });
      return Promise.resolve({ rows });
    },
  } as unknown as pg.Pool;
  const expiry = new Expiry({
    book: 1,
    pool,
    log: silentLog(),
    now: () => new Date(),
    post: (due) => {
      post(due);
      for (const { hold } of due) {
        given.push(hold);
        const held = holds.find(({ seq }) => seq === hold);
        if (held) held.isOpen = false;
      }
      return Promise.resolve([]);
    },
  });
  return { expiry, looks, given };
}

const hold = (seq: number, expiresAtMs: number): Held => ({ seq, wallet: `w${seq}`, expiresAtMs, isOpen: true });
const sweep = async (times = 1) => void (await vi.advanceTimersByTimeAsync(times * everyMs));

describe('an expired hold', () => {
  test('is released at the next sweep, and not before', async () => {
    const { expiry, given } = startExpiry([hold(1, startMs + 2 * everyMs)]);
    await sweep();
    expect(given).toEqual([]);
    await sweep();
    expect(given).toEqual([1]);
    await expiry.stop();
  });

  test('is released once', async () => {
    const { expiry, given } = startExpiry([hold(1, startMs)]);
    await sweep(10);
    expect(given).toEqual([1]);
    await expiry.stop();
  });

  // Its time was taken at the decision; its batch may commit after a sweep has passed that time.
  test.each([1, 30, 59])('is found although it was committed %i seconds after a sweep had passed its time', async (seconds) => {
    const holds: Held[] = [];
    const { expiry, given } = startExpiry(holds);
    await sweep(120);
    holds.push(hold(7, Date.now() - seconds * 1_000));
    await sweep();
    expect(given).toEqual([7]);
    await expiry.stop();
  });

  test('is not read again and again: a sweep looks back one minute', async () => {
    const holds = [hold(1, startMs), hold(2, startMs + 1)];
    const { expiry, looks } = startExpiry(holds);
    await sweep(120);
    expect(looks.at(-1)?.found).toBe(0);
    const lastSweepMs = Date.now();
    await sweep();
    expect(lastSweepMs - (looks.at(-1)?.after ?? 0)).toBe(60_000);
    await expiry.stop();
  });
});

test('thousands of holds that expire together are released page by page, each once, in order of expiry', async () => {
  const holds = Array.from({ length: 2_500 }, (_, at) => hold(at + 1, startMs - Math.floor(at / 2)));
  const { expiry, given, looks } = startExpiry(holds);
  await sweep();
  expect(looks.map(({ found }) => found)).toEqual([1_000, 1_000, 500]);
  const byMoment = holds.toSorted((one, other) => one.expiresAtMs - other.expiresAtMs || one.seq - other.seq);
  expect(given).toEqual(byMoment.map(({ seq }) => seq));
  await expiry.stop();
});

test.each([new LedgerUnavailable('unknown'), new LedgerOverloaded()])('a release that failed is retried: %s', async (failure) => {
  let isAway = true;
  const { expiry, given } = startExpiry([hold(1, startMs)], () => {
    if (isAway) throw failure;
  });
  await sweep(100);
  expect(given).toEqual([]);
  isAway = false;
  await sweep();
  expect(given).toEqual([1]);
  await expiry.stop();
});

test('nothing is released after it is stopped', async () => {
  const { expiry, given } = startExpiry([hold(1, startMs + 2 * everyMs)]);
  await sweep();
  await expiry.stop();
  await sweep(10);
  expect(given).toEqual([]);
});
