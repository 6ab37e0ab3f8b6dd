import { describe, expect, test } from 'vitest';
import type pg from 'pg';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import { projectionStatus } from './status.ts';

type Row = { readonly name: string; readonly book: number; readonly seq: number; readonly part: number; readonly applied: number };
/** The positions of a book's events, and the last entry of its log, which may have none. */
type Log = { readonly events: readonly (readonly [seq: number, part: number])[]; readonly lastSeq: number };

async function statusOf(rows: readonly Row[], logs: Readonly<Record<number, Log>>, recordedSecondsAgo = 60) {
  const read = rows.map((row) => ({ ...row, active_generation: 2, building_generation: 3, set_aside: 4 }));
  const pool = { query: () => Promise.resolve({ rows: read }) } as unknown as pg.Pool;
  const reader = ({ book }: { book: number }) => ({
    events: (seq: number, part: number) => {
      const next = logs[book]?.events.find(([at, of]) => at > seq || (at === seq && of > part));
      const event = next && { seq: next[0], part: next[1], recordedAt: new Date(Date.now() - recordedSecondsAgo * 1_000) };
      return Promise.resolve(event ? [event as LedgerEvent] : []);
    },
    lastSeq: () => Promise.resolve(logs[book]?.lastSeq ?? 0),
    within: (seq: number) => Promise.resolve(Math.min(seq, logs[book]?.lastSeq ?? 0)),
  });
  return await projectionStatus(pool, { read: { in: reader } } as unknown as Pick<Ledger, 'read'>);
}

const stats = (book: number, seq: number, part: number): Row => ({ name: 'stats', book, seq, part, applied: 10 });

describe('the progress of a projection', () => {
  test('is reported per book, with its generation and quarantined events', async () => {
    const status = await statusOf([stats(1, 5, 1), stats(2, 7, 1)], { 1: { events: [], lastSeq: 5 }, 2: { events: [], lastSeq: 7 } });
    expect(status).toMatchObject([
      {
        name: 'stats',
        generation: 2,
        building: 3,
        setAside: 4,
        books: [
          { book: 1, seq: 5 },
          { book: 2, seq: 7 },
        ],
      },
    ]);
  });

  test('is zero entries and zero seconds behind, even if the log ends with an entry without events', async () => {
    const [status] = await statusOf([stats(1, 5, 1)], { 1: { events: [[5, 1]], lastSeq: 6 } });
    expect(status?.books).toMatchObject([{ behindEntries: 0, behindSeconds: 0 }]);
  });

  test('is behind by entries, and by the age of the first missing event', async () => {
    const [status] = await statusOf(
      [stats(1, 5, 1)],
      {
        1: {
          events: [
            [5, 1],
            [8, 1],
          ],
          lastSeq: 9,
        },
      },
      60,
    );
    expect(status?.books).toMatchObject([{ behindEntries: 4 }]);
    expect(status?.books[0]?.behindSeconds).toBeGreaterThanOrEqual(60);
  });

  test('is behind by one in the middle of the last entry', async () => {
    const [status] = await statusOf([stats(1, 5, 1)], {
      1: {
        events: [
          [5, 1],
          [5, 2],
        ],
        lastSeq: 5,
      },
    });
    expect(status?.books).toMatchObject([{ behindEntries: 1 }]);
  });

  test('is never behind by a negative time, if clocks differ', async () => {
    const [status] = await statusOf([stats(1, 5, 1)], { 1: { events: [[6, 1]], lastSeq: 6 } }, -30);
    expect(status?.books).toMatchObject([{ behindEntries: 1, behindSeconds: 0 }]);
  });
});
