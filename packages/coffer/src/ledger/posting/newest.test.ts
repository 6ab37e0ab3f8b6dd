import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { silentLog } from '../../kernel/index.ts';
import type { PostedSide, RecordedEntry } from '../rules/types.ts';
import { NewestEntries, entriesPerMove, inSteps } from './newest.ts';

const side = (id: string) => ({ id }) as PostedSide;
const entry = (seq: number, debit: string | null, credit: string | null) =>
  ({ seq, debit: debit && side(debit), credit: credit && side(credit) }) as RecordedEntry;

/** A book whose moves end when the test says so. */
function book() {
  let moved = 0;
  const moves: { end: () => void; fail: () => void }[] = [];
  const committed: { seq: number; account: string }[] = [];
  const newest = new NewestEntries(
    {
      book: 1,
      log: silentLog(),
      move: async () => {
        const end = committed.at(-1)?.seq ?? 0;
        await new Promise<void>((resolve, reject) => {
          moves.push({ end: resolve, fail: () => reject(new Error('the database is gone')) });
        });
        moved = end;
        return moved;
      },
    },
    0,
  );
  return {
    newest,
    moves,
    post: (seq: number, debit: string | null, credit: string | null) => {
      for (const account of [debit, credit]) if (account !== null) committed.push({ seq, account });
      newest.committed([entry(seq, debit, credit)]);
    },
    /** What the owner has to know, because ledger.newest does not. */
    expected: (): Map<string, number> => new Map(committed.filter(({ seq }) => seq > moved).map(({ seq, account }) => [account, seq])),
  };
}

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('post' as const), debit: fc.constantFrom('a', 'b', 'c'), credit: fc.constantFrom('d', 'e', null) }),
    fc.record({ do: fc.constantFrom('end' as const, 'fail' as const) }),
  ),
  { maxLength: 60 },
);

it('knows the newest entry of every account that was posted to since ledger.newest was moved, also while it is moved or cannot be', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { newest, moves, post, expected } = book();
      let seq = 0;
      for (const step of all) {
        if (step.do === 'post') post(++seq, step.debit, step.credit);
        else moves.shift()?.[step.do]();
        await new Promise((resolve) => setImmediate(resolve));
        const { known } = newest;
        expect(known.until).toBe(seq);
        for (const [account, at] of expected()) expect(known.of(account)).toBe(at);
      }
    }),
  );
});

it('forgets what ledger.newest knows', async () => {
  const { newest, moves, post } = book();
  post(1, 'a', 'b');
  post(2, 'b', null);
  moves.shift()?.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(newest.known).toMatchObject({ until: 2 });
  expect(newest.known.of('a')).toBeUndefined();
  expect(newest.known.of('b')).toBe(2);
});

it('halves a step that takes too long, until it ends in time, and takes larger ones again', async () => {
  const asked: number[] = [];
  const tooSlow = Object.assign(new pg.DatabaseError('canceling statement due to statement timeout', 0, 'error'), { code: '57014' });
  let fits = 40_000;
  const move = inSteps((most) => {
    asked.push(most);
    return most > fits ? Promise.reject(tooSlow) : Promise.resolve(1);
  });
  await move();
  await move();
  expect(asked).toEqual([131_072, 65_536, 32_768, 65_536, 32_768]);
  fits = entriesPerMove;
  await move();
  await move();
  await move();
  expect(asked.slice(5)).toEqual([65_536, 131_072, 131_072]);
  fits = 0;
  await expect(move()).rejects.toBe(tooSlow);
  expect(asked.at(-1)).toBe(1_024);
});
