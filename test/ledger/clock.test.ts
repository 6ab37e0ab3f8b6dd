import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, postOne, readLog, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';

let database: TestDatabase;
let clock: Clock;
beforeAll(async () => {
  database = await createTestDatabase();
  clock = await takeClock(database);
});
afterAll(async () => {
  await clock.end();
  await database.drop();
});

const hourMs = 3_600_000;
const yearMs = 8_766 * hourMs;
const opens = { owner: null, asset: 1, floor: 0n };
const start = new Date('2031-05-05T12:00:00Z');
const reasonOf = (outcome: Outcome) => (outcome.status === 'refused' ? outcome.refusal.code : outcome.status);

describe("a database's clock that jumps", () => {
  it.each([hourMs, -hourMs, 10 * yearMs, -10 * yearMs])(
    'by %d ms and back: the log goes on in order, and a hold expires by that clock',
    async (jumpMs) => {
      await clock.set(start);
      const book = await newBook(database);
      const writer = await startWriter(database.url, book);
      let last = 0;
      const deposit = async () =>
        await postOne(writer, {
          kind: 'deposit',
          key: `d${++last}`,
          debit: { system: 'cash_in' },
          credit: { wallet: 'w', opens },
          amount: 10n,
        });
      await deposit();
      const hold = await postOne(writer, { kind: 'hold', key: 'h', wallet: 'w', amount: 5n, expiresInSeconds: 600 });
      const capture = async (key: string) =>
        await postOne(writer, { kind: 'capture', key, wallet: 'w', hold: hold.seq, credit: { system: 'fees' }, amount: 1n });
      await clock.set(new Date(start.getTime() + jumpMs));
      // The answer to the first posting after the jump carries the new clock.
      await deposit();
      expect(reasonOf(await capture('after the jump'))).toBe(jumpMs > 0 ? 'hold_expired' : 'posted');
      await clock.set(start);
      await deposit();
      // Time never goes back within a log: an expired hold stays expired.
      expect(reasonOf(await capture('back again'))).toBe(jumpMs > 0 ? 'hold_expired' : 'posted');
      await writer.stop();

      const moments = (await readLog(database, book)).map(({ recordedAt }) => recordedAt.getTime());
      expect(moments).toEqual(moments.toSorted((one, other) => one - other));
      const report = await verify(database.pool);
      expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
    },
  );
});
