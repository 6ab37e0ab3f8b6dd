import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { newBook, postOne, readLog, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { pause } from '../support/load.ts';
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

const deposited = (key: string, amount: bigint, wallet = 'w'): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens },
  amount,
});
const later = async (ms: number) => await clock.set(new Date(start.getTime() + ms));

describe('an expired hold that no sweep has released', () => {
  const from = { wallet: 'w' };
  const decided = { reason: 'because', actor: 'operator:1' } as const;
  const debits: Record<string, Operation> = {
    withdrawal: { kind: 'withdrawal', key: 'k', debit: from, credit: { system: 'cash_out' }, amount: 10n },
    spend: { kind: 'spend', key: 'k', debit: from, credit: { system: 'treasury' }, amount: 10n },
    transfer: { kind: 'transfer', key: 'k', debit: from, credit: { wallet: 'v' }, amount: 10n },
    'transfer by saga': { kind: 'transfer_debit', key: 'k', ...from, to: 'v', amount: 10n },
    hold: { kind: 'hold', key: 'k', ...from, amount: 10n },
    sweep: { kind: 'close', key: 'k', ...from, sides: 'both', sweepTo: { wallet: 'v' }, ...decided },
    'credit line': { kind: 'credit_line', key: 'k', ...from, floor: 8n, ...decided },
  };

  it.each(Object.entries(debits))('counts as given back in the decision about a %s', async (_name, operation) => {
    await clock.set(start);
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    await postOne(writer, deposited('d', 10n));
    await postOne(writer, deposited('d', 1n, 'v'));
    const { seq } = await postOne(writer, { kind: 'hold', key: 'h', ...from, amount: 6n, expiresInSeconds: 60 });
    await later(61_000);
    // Its answer carries the new clock.
    await postOne(writer, deposited('later', 1n, 'v'));
    const reader = new BookReader(book, database.pool);
    expect(await reader.balance('w')).toMatchObject({ balance: 10n, held: 0n, version: 3 });
    expect(await reader.hold(seq)).toMatchObject({ expired: true, hold: { left: 0n } });

    // The version that a reader has seen is the one that the operation finds.
    const expecting = { ...operation, expectedVersion: 3 } as Operation;
    expect(reasonOf(await postOne(writer, expecting))).toBe('posted');
    await writer.stop();
    expect((await readLog(database, book)).filter(({ kind }) => kind === 'expire')).toMatchObject([{ hold: seq, actor: 'coffer' }]);
  });

  it('is found by a process that did not make it, also after other holds of the wallet', async () => {
    await clock.set(start);
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    await postOne(writer, deposited('d', 10n));
    for (const [key, expiresInSeconds] of [
      ['long', 3_600],
      ['short', 60],
      ['middle', 120],
    ] as const)
      await postOne(writer, { kind: 'hold', key, ...from, amount: 3n, expiresInSeconds });
    await writer.stop();
    const withdraw = (key: string, amount: bigint) => ({ ...debits['withdrawal'], key, amount }) as Operation;
    for (const [at, amount] of [
      [61_000, 4n],
      [121_000, 3n],
      [3_601_000, 3n],
    ] as const) {
      await later(at);
      const other = await startWriter(database.url, book);
      expect(reasonOf(await postOne(other, withdraw(`too much at ${at}`, amount + 1n)))).toBe('insufficient_funds');
      expect(reasonOf(await postOne(other, withdraw(`at ${at}`, amount)))).toBe('posted');
      await other.stop();
    }
  });

  it('stays released when the operation that found it is refused', async () => {
    await clock.set(start);
    const book = await newBook(database);
    const writer = await startWriter(database.url, book);
    await postOne(writer, deposited('d', 10n));
    await postOne(writer, { kind: 'hold', key: 'h', ...from, amount: 6n, expiresInSeconds: 60 });
    await later(61_000);
    await postOne(writer, deposited('later', 1n, 'v'));
    const refused = await writer.queue.add([deposited('one', 1n), { ...debits['withdrawal'], amount: 12n } as Operation], true);
    expect(refused.map(reasonOf)).toEqual(['linked_operation_refused', 'insufficient_funds']);
    await writer.stop();
    const { rows } = await database.pool.query('select balance, held from ledger.balance where book = $1 and id = $2', [book, 'w']);
    expect(rows).toEqual([{ balance: 10n, held: 0n }]);
  });
});

describe('a clock that was ahead for a moment', () => {
  it('leaves no hold held, and delays none by more than its own wait', async () => {
    const own = await createTestDatabase();
    const ownClock = await takeClock(own);
    const later = async (ms: number) => await ownClock.set(new Date(start.getTime() + ms));
    await later(0);
    const ledger = await openLedger({ url: inRole(own.url, 'writer'), log: silentLog(), patienceMs: 60_000 });
    const heldInLog = async () => (await own.pool.query<{ held: bigint }>("select held from ledger.balance where id = 'w'")).rows[0]?.held;
    await ledger.post(deposited('d', 10n));
    await ledger.post({ kind: 'hold', key: 'before', wallet: 'w', amount: 1n, expiresInSeconds: 1_800 });
    await later(hourMs);
    await ledger.post(deposited('during', 1n));
    await expect.poll(heldInLog).toBe(0n);
    expect(ledger.warnings()).toEqual([]);
    await later(5_000);
    const warning = /^Book 1: the log is 35\d\d s ahead of the database's clock\.$/;
    await expect.poll(() => ledger.warnings()).toEqual([expect.stringMatching(warning)]);

    await ledger.post({ kind: 'hold', key: 'after', wallet: 'w', amount: 2n, expiresInSeconds: 2 });
    const dates: number[] = [];
    for (const key of ['one', 'two', 'three']) {
      await pause(20);
      dates.push((await ledger.post(deposited(key, 1n))).entry?.recordedAt.getTime() ?? 0);
    }
    expect(dates).toEqual([...new Set(dates)].toSorted((one, other) => one - other));
    await expect.poll(heldInLog).toBe(0n);
    await later(hourMs + 60_000);
    await expect.poll(() => ledger.warnings()).toEqual([]);
    await ledger.stop();
    await ownClock.end();
    await own.drop();
  });

  it('put back before anything is posted hides no hold from the sweep', async () => {
    const own = await createTestDatabase();
    const ownClock = await takeClock(own);
    await ownClock.set(new Date(start.getTime() + hourMs));
    const ledger = await openLedger({ url: inRole(own.url, 'writer'), log: silentLog(), patienceMs: 60_000 });
    // The sweep has passed the expiry that the hold is going to have.
    await pause(2_500);
    await ownClock.set(start);
    await pause(1_500);
    await ledger.post(deposited('d', 10n));
    const { seq } = await ledger.post({ kind: 'hold', key: 'h', wallet: 'w', amount: 1n, expiresInSeconds: 1 });
    const kinds = async () => (await ledger.read.book(1)?.entriesOfHold(seq))?.map(({ kind }) => kind);
    await expect.poll(kinds).toEqual(['hold', 'expire']);
    await ledger.stop();
    await ownClock.end();
    await own.drop();
  });
});
