/** Concurrent holds, reversals and controls, in one process and in two on one book: each has one outcome, and the model agrees. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { ControlOperation, Ledger, Operation, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { newBook, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { checkHistory, postJournalled } from '../support/history.ts';
import type { Call, History } from '../support/history.ts';
import { pause } from '../support/load.ts';
import { startPostingProcess, startPoster } from '../support/posters.ts';
import { openProcesses } from '../support/processes.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';

let database: TestDatabase;
let clock: Clock;
/** Noon: no day ends while a limit is counted. */
const noonMs = Date.parse('2026-05-05T12:00:00Z');
let noonAtMs: number;
beforeAll(async () => {
  database = await createTestDatabase();
  clock = await takeClock(database);
  await clock.set(new Date(noonMs));
  noonAtMs = performance.now();
});
afterAll(async () => {
  const report = await verify(database.pool);
  await clock.end();
  await database.drop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

const opens = { owner: null, asset: 1, floor: 0n };
const deposit = (wallet: string, key: string, amount: bigint): TransferOperation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens },
  amount,
});
const withdrawal = (key: string, amount: bigint): TransferOperation => ({
  kind: 'withdrawal',
  key,
  debit: { wallet: 'a' },
  credit: { system: 'cash_out' },
  amount,
});
const decided = { wallet: 'a', reason: 'because', actor: 'operator:1' } as const;
const limit = (key: string, perDay: bigint): ControlOperation => ({
  kind: 'limit',
  key,
  ...decided,
  limits: { perTransfer: null, perDay, perMonth: null },
});
const reasonOf = ({ result }: Call) =>
  typeof result === 'string' ? result : ((result.refusal as { code: string } | null)?.code ?? 'posted');
const tally = (calls: readonly Call[]) =>
  calls.reduce<Record<string, number>>((counts, call) => ({ ...counts, [reasonOf(call)]: (counts[reasonOf(call)] ?? 0) + 1 }), {});

type Play = { readonly post: (operation: Operation, who?: number) => Promise<Call>; readonly reader: BookReader };

/** One book and several processes on it; afterwards the state must equal the model's. */
async function withProcesses(count: number, work: (play: Play) => Promise<void>): Promise<void> {
  const history: History = [];
  await openProcesses(
    count,
    async (ledgers, own) => {
      const post = (operation: Operation, who = 0) => postJournalled(history, ledgers[who % count] as Ledger, operation);
      await work({ post, reader: new BookReader(1, own.pool) });
      await checkHistory(history, own, 1);
      const report = await verify(own.pool);
      expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
    },
    async (own) => {
      const ownClock = await takeClock(own);
      await ownClock.set(new Date(noonMs));
      await ownClock.end();
    },
  );
}

/** A separate book that no sweep looks at; afterwards the state must equal the model's. */
async function withWriter(work: (play: Play) => Promise<void>): Promise<void> {
  const book = await newBook(database);
  const writer = await startWriter(database.url, book);
  const history: History = [];
  try {
    await work({ post: (operation) => postJournalled(history, writer, operation), reader: new BookReader(book, database.pool) });
  } finally {
    await writer.stop();
  }
  await checkHistory(history, database, book);
}

describe('fifty concurrent captures of one hold', () => {
  it('from two processes capture exactly the held amount', async () => {
    await openProcesses(1, captureFromTwo);
  });

  async function captureFromTwo([ledger]: readonly Ledger[], { url, pool }: TestDatabase): Promise<void> {
    assert(ledger, 'one process was asked for');
    await ledger.post(deposit('a', 'first', 1_000n));
    const { seq: hold } = await ledger.post({ kind: 'hold', key: 'hold', wallet: 'a', amount: 100n });
    const capture = (key: string): Operation => ({ kind: 'capture', key, wallet: 'a', hold, credit: { system: 'fees' }, amount: 7n });
    const posting = await Promise.all([startPostingProcess({ url }), startPostingProcess({ url })]);
    const histories = await Promise.all(
      posting.map((process, who) => process.post(Array.from({ length: 25 }, (_, number) => capture(`${who} ${number}`)))),
    );
    expect(tally(histories.flat())).toEqual({ posted: 14, hold_exceeded: 36 });
    expect(histories.every((calls) => calls.length === 25)).toBe(true);
    const reader = new BookReader(1, pool);
    expect(await reader.balance('a')).toMatchObject({ balance: 902n, held: 2n });
    expect((await reader.hold(hold))?.hold.left).toBe(2n);
  }
});

describe('a capture that races with the expiry of its hold', () => {
  it('has exactly one outcome', async () => {
    const seed = seedOf('captures against expiry');
    const random = randomFrom(seed);
    const trials = 300;
    await withWriter(async ({ post, reader }) => {
      await post(deposit('a', 'first', 1_000n));
      const databaseMs = () => noonMs + performance.now() - noonAtMs;
      const until = async (ms: number) => await pause(Math.max(0, ms - databaseMs()));
      const trial = async (number: number) => {
        await pause(random() * 1_500);
        const held = await post({ kind: 'hold', key: `hold ${number}`, wallet: 'a', amount: 2n, expiresInSeconds: 1 });
        const entry = typeof held.result === 'string' ? null : held.result.entry;
        const [hold, expiresAtMs] = [entry?.seq ?? 0, entry?.expiresAt?.getTime() ?? 0];
        const capture = async () => {
          // On a busy machine every late request arrives after the expiry, so some are sent early.
          await until(expiresAtMs - (number % 10 === 0 ? 600 : 40) + random() * 50);
          return reasonOf(
            await post({ kind: 'capture', key: `capture ${number}`, wallet: 'a', hold, credit: { system: 'fees' }, amount: 2n }),
          );
        };
        const expire = async () => {
          await until(expiresAtMs - 10);
          for (;;) {
            const reason = reasonOf(await post({ kind: 'expire', key: null, wallet: 'a', hold }));
            if (reason !== 'hold_not_expired') return reason;
            await pause(1);
          }
        };
        const outcome = (await Promise.all([capture(), expire()])).join(' ');
        expect((await reader.entriesOfHold(hold)).map(({ kind }) => kind)).toEqual([
          'hold',
          outcome.startsWith('posted') ? 'capture' : 'expire',
        ]);
        return outcome;
      };
      const outcomes = await Promise.all(Array.from({ length: trials }, (_, number) => trial(number)));
      const captured = outcomes.filter((outcome) => outcome === 'posted hold_resolved').length;
      // A late capture has the expiry entry made ahead of it.
      const isExpired = (outcome: string) => outcome === 'hold_expired posted' || outcome === 'hold_expired hold_resolved';
      const expired = outcomes.filter(isExpired).length;
      console.info(`captures against expiry: ${captured} captured, ${expired} expired, of ${trials}`);
      expect(captured + expired).toBe(trials);
      expect(Math.min(captured, expired)).toBeGreaterThan(0);
      expect(await reader.balance('a')).toMatchObject({ balance: 1_000n - 2n * BigInt(captured), held: 0n });
    });
  });
});

for (const count of [1, 2]) {
  describe(count === 1 ? 'in one process' : 'in two processes on one book', () => {
    it('a limit is exact under a hundred concurrent debits', async () => {
      await withProcesses(count, async ({ post, reader }) => {
        await post(deposit('a', 'first', 1_000n));
        await post(withdrawal('before the limit', 3n));
        await post({ kind: 'hold', key: 'hold', wallet: 'a', amount: 5n });
        await post(limit('limit', 50n));
        const calls = await Promise.all(Array.from({ length: 100 }, (_, number) => post(withdrawal(`w ${number}`, 7n), number)));
        expect(tally(calls)).toEqual({ posted: 6, limit_exceeded: 94 });
        expect(await reader.balance('a')).toMatchObject({ balance: 955n, spent: { day: 45n, month: 45n } });
      });
    });

    it('twenty concurrent partial reversals of one transfer return exactly its amount', async () => {
      await withProcesses(count, async ({ post, reader }) => {
        await post(deposit('b', 'for b', 1n));
        await post(deposit('a', 'first', 1_000n));
        const moved = await post({ kind: 'transfer', key: 't', debit: { wallet: 'a' }, credit: { wallet: 'b' }, amount: 100n });
        const reverses = typeof moved.result === 'string' ? 0 : moved.result.seq;
        const reversal = { kind: 'reversal', initiator: 'a', reverses, reason: 'because', actor: 'operator:1' } as const;
        const caller = async (who: number) => {
          const calls: Call[] = [];
          for (let round = 0; round < 4; round++)
            calls.push(await post({ ...reversal, key: `${who} ${round}`, amount: 7n, ...(round === 3 && { upTo: true }) }, who));
          return calls;
        };
        const calls = (await Promise.all(Array.from({ length: 20 }, (_, who) => caller(who)))).flat();
        const sums = calls.map(({ result }) => (typeof result === 'string' || result.refusal ? 0n : (result.entry?.amount ?? 0n)));
        expect(sums.reduce((total, amount) => total + amount, 0n)).toBe(100n);
        expect(await reader.balance('a')).toMatchObject({ balance: 1_000n });
        expect(await reader.balance('b')).toMatchObject({ balance: 1n });
      });
    });

    it('a freeze under load blocks every later debit', async () => {
      await withProcesses(count, async ({ post, reader }) => {
        await post(deposit('a', 'first', 1_000_000n));
        let over = false;
        const caller = async (who: number) => {
          const calls: Call[] = [];
          for (let round = 0; !over; round++) calls.push(await post(withdrawal(`${who} ${round}`, 1n), who));
          return calls;
        };
        const load = Promise.all(Array.from({ length: 20 }, (_, who) => caller(who)));
        await vi.waitFor(async () => expect((await reader.balance('a'))?.version).toBeGreaterThan(60), { timeout: 120_000, interval: 1 });
        const frozen = await post({ kind: 'freeze', key: 'freeze', sides: 'debits', ...decided });
        // Some requests always follow the freeze.
        const after = await Promise.all(Array.from({ length: count }, (_, who) => post(withdrawal(`after ${who}`, 1n), who)));
        over = true;
        const calls = [...(await load).flat(), ...after];
        const at = typeof frozen.result === 'string' ? 0 : frozen.result.seq;
        const seqOf = ({ result }: Call) => (typeof result === 'string' ? 0 : result.seq);
        for (const call of calls) expect(reasonOf(call)).toBe(seqOf(call) < at ? 'posted' : 'wallet_frozen');
        expect(Object.keys(tally(calls)).toSorted()).toEqual(['posted', 'wallet_frozen']);
      });
    });

    it('two first limits set during debits count all of them', async () => {
      await withProcesses(count, async ({ post, reader }) => {
        await post(deposit('a', 'first', 1_000_000n));
        const caller = async (who: number) => {
          for (let round = 0; round < 20; round++) await post(withdrawal(`${who} ${round}`, 1n), who);
        };
        const load = Promise.all(Array.from({ length: 20 }, (_, who) => caller(who)));
        await vi.waitFor(async () => expect((await reader.balance('a'))?.version).toBeGreaterThan(40), { timeout: 120_000, interval: 1 });
        const limits = await Promise.all([post(limit('one', 10_000n), 0), post(limit('other', 20_000n), 1)]);
        expect(tally(limits)).toEqual({ posted: 2 });
        await load;
        expect(await reader.balance('a')).toMatchObject({ spent: { day: 400n, month: 400n } });
      });
    });
  });
}

describe('a process that is killed with holds open', () => {
  it('leaves them open, and another process can capture them', async () => {
    const seed = seedOf('killed with holds');
    const book = await newBook(database);
    const poster = startPoster({ url: database.url, book, name: 'killed', seed, callers: 16 });
    const holdsOf = (calls: History) =>
      calls.flatMap(({ operation, result }) =>
        operation.kind === 'hold' && typeof result !== 'string' && result.entry?.hold ? [result.entry] : [],
      );
    await vi.waitFor(() => expect(holdsOf(poster.history()).length).toBeGreaterThan(4), { timeout: 120_000, interval: 50 });
    poster.signal('SIGKILL');
    await poster.ended;
    const history = poster.history();
    await checkHistory(history, database, book);
    const held = holdsOf(history);
    const writer = await startWriter(database.url, book);
    const calls = await Promise.all(
      held.map(({ seq, debit, amount }) =>
        postJournalled(history, writer, {
          kind: 'capture',
          key: `capture ${seq}`,
          wallet: debit?.name ?? '',
          hold: seq,
          credit: { system: 'fees' },
          amount: amount ?? 0n,
        }),
      ),
    );
    await writer.stop();
    expect(tally(calls)).toEqual({ posted: held.length });
    await checkHistory(history, database, book);
  });
});
