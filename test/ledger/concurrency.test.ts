import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, Operation, Outcome, RefusalCode, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import type { BookWriter } from '../../packages/coffer/src/ledger/posting/writer.ts';
import { newBook, postOne, readLog, startWriter } from '../support/books.ts';
import { comparableOutcome, entryAsModel } from '../support/compare.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { openProcesses } from '../support/processes.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  const report = await verify(database.pool);
  await database.drop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

const gold = { owner: null, asset: 1, floor: 0n };
const deposit = (wallet: string, key: string, amount: bigint): TransferOperation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens: gold },
  amount,
});
const withdrawal = (wallet: string, key: string, amount: bigint): TransferOperation => ({
  kind: 'withdrawal',
  key,
  debit: { wallet },
  credit: { system: 'cash_out' },
  amount,
});
const transfer = (from: string, to: string, key: string, amount: bigint): TransferOperation => ({
  kind: 'transfer',
  key,
  debit: { wallet: from },
  credit: { wallet: to },
  amount,
});

type Play = { readonly to: readonly Ledger[]; readonly reader: BookReader; readonly database: TestDatabase };

/** One book and several processes: the first owns the book, the others hand their operations over to it. */
async function withProcesses(count: number, work: (play: Play) => Promise<void>): Promise<void> {
  await openProcesses(count, async (to, database) => {
    await work({ to, reader: new BookReader(1, database.pool), database });
    const report = await verify(database.pool);
    expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
  });
}

/** A separate book and its writer. */
async function withWriter(work: (writer: BookWriter, reader: BookReader) => Promise<void>): Promise<void> {
  const book = await newBook(database);
  const writer = await startWriter(database.url, book);
  try {
    await work(writer, new BookReader(book, database.pool));
  } finally {
    await writer.stop();
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('an empty list has no items');
  return item;
}

/** An answer without its replay flag. */
function saying(outcome: Outcome): unknown {
  return { ...comparableOutcome(outcome), replayed: null };
}

for (const count of [1, 2]) {
  describe(count === 1 ? 'in one process' : 'in two processes on one book', () => {
    it('fifty concurrent uses of a key have one effect and fifty identical answers', async () => {
      await withProcesses(count, async ({ to, reader }) => {
        const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => postOne(at(to, index), deposit('a', 'the key', 7n))));
        expect((await reader.balance('a'))?.balance).toBe(7n);
        expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
        for (const outcome of outcomes) expect(saying(outcome)).toEqual(saying(at(outcomes, 0)));
      });
    });

    it('fifty concurrent uses of a refused key record one refusal', async () => {
      await withProcesses(count, async ({ to, reader, database }) => {
        await postOne(at(to, 0), deposit('a', 'first', 1n));
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) => postOne(at(to, index), withdrawal('a', 'too much', 2n))),
        );
        expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
        for (const outcome of outcomes)
          expect(outcome).toMatchObject({ status: 'refused', refusal: { code: 'insufficient_funds' }, seq: at(outcomes, 0).seq });
        expect((await readLog(database, 1)).filter(({ key }) => key === 'too much')).toHaveLength(1);
        expect((await reader.balance('a'))?.balance).toBe(1n);
      });
    });

    it('a key used for two different concurrent operations has one effect, and the other is refused', async () => {
      await withProcesses(count, async ({ to, reader }) => {
        await postOne(at(to, 0), deposit('a', 'first', 100n));
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) => postOne(at(to, index), deposit('a', 'shared', BigInt(1 + (index % 2))))),
        );
        const posted = outcomes.filter(({ status }) => status === 'posted');
        const refused = outcomes.filter((outcome) => outcome.status === 'refused' && outcome.refusal.code === 'idempotency_key_reused');
        expect([posted.length, refused.length]).toEqual([10, 10]);
        expect((await reader.balance('a'))?.balance).toBe(100n + (at(posted, 0).entry?.amount ?? 0n));
      });
    });

    it('crossing transfers all succeed, and no unit is lost', async () => {
      await withProcesses(count, async ({ to, reader }) => {
        await Promise.all(['a', 'b'].map((wallet) => postOne(at(to, 0), deposit(wallet, 'first', 1_000n))));
        const outcomes = await Promise.all(
          Array.from({ length: 400 }, (_, index) =>
            postOne(at(to, index), index % 2 ? transfer('a', 'b', `ab ${index}`, 3n) : transfer('b', 'a', `ba ${index}`, 2n)),
          ),
        );
        expect(outcomes.every(({ status }) => status === 'posted')).toBe(true);
        expect((await reader.balance('a'))?.balance).toBe(800n);
        expect((await reader.balance('b'))?.balance).toBe(1_200n);
      });
    });

    it('a race to overdraw ends at zero: exactly as many withdrawals succeed as the balance covers', async () => {
      await withProcesses(count, async ({ to, reader }) => {
        await postOne(at(to, 0), deposit('a', 'first', 100n));
        const outcomes = await Promise.all(
          Array.from({ length: 60 }, (_, index) => postOne(at(to, index), withdrawal('a', `w ${index}`, 7n))),
        );
        expect(outcomes.filter(({ status }) => status === 'posted')).toHaveLength(14);
        expect((await reader.balance('a'))?.balance).toBe(2n);
      });
    });

    it('concurrent first deposits to a missing wallet open it once, and each is posted', async () => {
      await withProcesses(count, async ({ to, reader, database }) => {
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, index) => postOne(at(to, index), deposit('new', `d ${index}`, 5n))),
        );
        expect(outcomes.every(({ status }) => status === 'posted')).toBe(true);
        expect(await reader.balance('new')).toMatchObject({ balance: 200n, version: 40 });
        expect((await readLog(database, 1)).filter(({ kind, credit }) => kind === 'open' && credit?.id === 'new')).toHaveLength(1);
      });
    });

    it('each answer equals its log entry', async () => {
      await withProcesses(count, async ({ to, database }) => {
        const outcomes = await Promise.all(
          Array.from({ length: 300 }, (_, index) =>
            postOne(at(to, index), index % 3 ? deposit(`w${index % 5}`, `k ${index}`, 9n) : withdrawal(`w${index % 5}`, `k ${index}`, 20n)),
          ),
        );
        const log = new Map((await readLog(database, 1)).map((entry) => [entry.seq, entryAsModel(entry)]));
        const remembered = outcomes.filter(({ entry }) => entry !== null);
        expect(remembered.length).toBeGreaterThan(200);
        for (const { seq, entry } of remembered) {
          expect(entry && entryAsModel(entry)).toEqual(log.get(seq));
        }
      });
    });
  });
}

describe('two processes under load', () => {
  it('both progress, and no unit is lost', async () => {
    await withProcesses(2, async ({ to, reader }) => {
      const wallets = ['a', 'b', 'c', 'd'];
      await Promise.all(wallets.map((wallet) => postOne(at(to, 0), deposit(wallet, 'first', 10_000n))));
      const posted = [0, 0];
      const caller = async (who: number, number: number) => {
        for (let round = 0; round < 25; round++) {
          const from = at(wallets, number + round);
          const payee = at(wallets, number + round + 1 + (round % 3));
          const outcome = await postOne(
            at(to, who),
            transfer(from, payee === from ? at(wallets, number + round + 2) : payee, `${who} ${number} ${round}`, 3n),
          );
          if (outcome.status === 'posted') posted[who] = (posted[who] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: 40 }, (_, number) => caller(number % 2, number)));
      expect(posted).toEqual([500, 500]);
      const balances = await Promise.all(wallets.map(async (wallet) => (await reader.balance(wallet))?.balance ?? 0n));
      expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(40_000n);
    });
  });
});

describe('one bad operation among 999', () => {
  const setUp: Operation[] = [
    // Not from cash-in, which would then reach its own limit.
    {
      kind: 'issue',
      key: 'all there is',
      debit: { system: 'issuance' },
      credit: { system: 'treasury' },
      amount: 10n ** 38n - 1n,
      asset: 1,
    },
    { kind: 'topup', key: 'first', debit: { system: 'treasury' }, credit: { wallet: 'rich', opens: gold }, amount: 10n ** 38n - 1n },
    deposit('poor', 'first', 1n),
    { kind: 'open', key: 'opened', wallet: 'points', opens: { owner: null, asset: 2, floor: 0n } },
  ];
  const bad: [RefusalCode, Operation][] = [
    ['idempotency_key_reused', deposit('poor', 'first', 2n)],
    ['wallet_not_found', withdrawal('nobody', 'bad', 1n)],
    ['recipient_not_found', transfer('poor', 'nobody', 'bad', 1n)],
    ['wallet_exists', { kind: 'open', key: 'bad', wallet: 'points', opens: { owner: null, asset: 2, floor: 0n } }],
    ['asset_unknown', { ...withdrawal('poor', 'bad', 1n), asset: 99 }],
    ['amount_invalid', withdrawal('poor', 'bad', 0n)],
    ['same_wallet', transfer('poor', 'poor', 'bad', 1n)],
    ['asset_mismatch', transfer('poor', 'points', 'bad', 1n)],
    ['version_stale', { ...withdrawal('poor', 'bad', 1n), expectedVersion: 7 }],
    ['insufficient_funds', withdrawal('poor', 'bad', 1_000n)],
    ['balance_limit', transfer('poor', 'rich', 'bad', 1n)],
  ];
  for (const [code, operation] of bad) {
    it(`is refused alone: ${code}, first, in the middle and last`, async () => {
      for (const place of [0, 500, 998]) {
        await withWriter(async (writer, reader) => {
          for (const one of setUp) await postOne(writer, one);
          const neighbours = Array.from({ length: 999 }, (_, index) =>
            index === place ? operation : deposit(`w${index % 20}`, `k ${index}`, 1n),
          );
          const outcomes = await Promise.all(neighbours.map((one) => postOne(writer, one)));
          expect(outcomes.flatMap((outcome, index) => (outcome.status === 'refused' ? [[index, outcome.refusal.code]] : []))).toEqual([
            [place, code],
          ]);
          const balances = await Promise.all(
            Array.from({ length: 20 }, async (_, index) => (await reader.balance(`w${index}`))?.balance ?? 0n),
          );
          expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(998n);
        });
      }
    });

    it(`refuses the whole all-or-nothing group: ${code}`, async () => {
      await withWriter(async (writer, reader) => {
        for (const one of setUp) await postOne(writer, one);
        const before = await reader.balance('poor');
        const outcomes = await writer.queue.add([deposit('poor', 'one', 5n), operation, deposit('other', 'two', 5n)], true);
        expect(outcomes.map((outcome) => outcome.status === 'refused' && outcome.refusal.code)).toEqual([
          'linked_operation_refused',
          code,
          'linked_operation_refused',
        ]);
        expect(await reader.balance('other')).toBeNull();
        expect(await reader.balance('poor')).toMatchObject({ balance: before?.balance, version: before?.version });
      });
    });
  }
});
