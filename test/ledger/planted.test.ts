/**
 * Bugs planted on purpose, each of which the suite must catch: what cannot fail proves nothing. They are put in through the
 * parameters of pure functions and through rows written by hand; the product has no switch for them.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../server/ledger/rules/asked.ts';
import type { Asked as AskedOperation } from '../../server/ledger/rules/asked.ts';
import { chainHash, encodeBatch } from '../../server/ledger/chain/chain.ts';
import type { Rows } from '../../server/ledger/chain/chain.ts';
import { decide } from '../../server/ledger/rules/decide.ts';
import type { BookView, Decision } from '../../server/ledger/rules/decision.ts';
import { verify } from '../../server/ledger/index.ts';
import type { Account } from '../../server/ledger/index.ts';
import { BookState } from '../../server/ledger/posting/state.ts';
import { BookStore } from '../../server/ledger/posting/store.ts';
import { newBook } from '../support/books.ts';
import { entryAsModel, comparableEntry } from '../support/compare.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { Model } from '../support/model.ts';
import { assets, requests } from '../support/operations.ts';
import type { Asked } from '../support/operations.ts';

type Decide = (book: BookView, asked: AskedOperation) => Decision;

/** Plays requests one by one with these rules, and says whether each answer and the log are the model's. */
function agreesWithModel(rules: Decide, all: readonly Asked[]): boolean {
  const state = new BookState(1, new Set(assets), 1, 1);
  const model = new Model(assets);
  const rows: Rows = { openings: [], entries: [] };
  for (const operation of all.flat()) {
    const asked = ask(operation);
    const decision = rules(state, asked);
    const entry = state.apply(asked, decision, new Date(0), rows) ?? (decision.type === 'replayed' ? decision.entry : null);
    const refusal = decision.type === 'refused' ? decision.refusal : (entry?.refusal ?? null);
    const expected = model.post(operation);
    const answered = { replayed: decision.type === 'replayed', seq: entry?.seq ?? state.nextSeq - 1, refusal };
    if (!isDeepStrictEqual(answered, { replayed: expected.replayed, seq: expected.seq, refusal: expected.refusal })) return false;
  }
  return isDeepStrictEqual(rows.entries.map(entryAsModel), model.log.map(comparableEntry));
}

/** True when random requests find a difference between these rules and the model. */
function isCaught(rules: Decide): boolean {
  return fc.check(
    fc.property(requests(40), (all) => agreesWithModel(rules, all)),
    { numRuns: 300, endOnFailure: true },
  ).failed;
}

/** A view of the book in which some accounts look different. */
function seenThrough(book: BookView, change: (account: Account) => Account): BookView {
  return {
    wallet: (id) => book.wallet(id) && change(book.wallet(id) as Account),
    system: (kind, asset) => book.system(kind, asset) && change(book.system(kind, asset) as Account),
    remembered: (asked) => book.remembered(asked),
    knowsAsset: (asset) => book.knowsAsset(asset),
    nextAccountNumber: book.nextAccountNumber,
  };
}

describe('the model catches rules that', () => {
  it('are right: it does not cry wolf', () => {
    expect(isCaught(decide)).toBe(false);
  });

  const planted: [bug: string, rules: Decide][] = [
    [
      'skip the floor',
      (book, asked) => {
        const floors = new Map<number, bigint | null>();
        const decision = decide(
          seenThrough(book, (account) => {
            floors.set(account.number, account.floor);
            return { ...account, floor: null };
          }),
          asked,
        );
        if (decision.type !== 'posted') return decision;
        const again = (account: Account) => ({ ...account, floor: floors.get(account.number) ?? account.floor });
        return { ...decision, debit: again(decision.debit), credit: again(decision.credit) };
      },
    ],
    [
      'do not compare what was asked under a key',
      (book, asked) => {
        const before = book.remembered(asked);
        return before ? { type: 'replayed', entry: before } : decide(book, asked);
      },
    ],
    [
      'have the wrong sign on one leg',
      (book, asked) => {
        const decision = decide(book, asked);
        if (decision.type !== 'posted' || asked.operation.kind === 'open') return decision;
        return { ...decision, credit: { ...decision.credit, balance: decision.credit.balance - 2n * asked.operation.amount } };
      },
    ],
    [
      'forget what was answered',
      (book, asked) => decide({ ...seenThrough(book, (account) => account), remembered: () => undefined }, asked),
    ],
    [
      'do not count a posting in the version of one side',
      (book, asked) => {
        const decision = decide(book, asked);
        return decision.type === 'posted' ? { ...decision, debit: { ...decision.debit, version: decision.debit.version - 1 } } : decision;
      },
    ],
    [
      'ignore the version that the caller expects',
      (book, asked) => {
        if (asked.operation.kind === 'open') return decide(book, asked);
        const { expectedVersion: _, ...operation } = asked.operation;
        return decide(book, { ...asked, operation });
      },
    ],
    [
      'do not remember a refusal',
      (book, asked) => {
        const decision = decide(book, asked);
        return decision.type === 'refused' ? { ...decision, scope: null } : decision;
      },
    ],
    [
      'remember under the account of the other side',
      (book, asked) => {
        const decision = decide(book, asked);
        return decision.type === 'posted' ? { ...decision, scope: decision.debit.number } : decision;
      },
    ],
  ];
  for (const [bug, rules] of planted) it(bug, () => expect(isCaught(rules)).toBe(true));
});

describe('the verifier catches a writer that', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const opens = { owner: null, asset: 1, floor: 0n };
  const operations = [1n, 2n, 3n].map(
    (amount) =>
      ({ kind: 'deposit', key: `deposit ${amount}`, debit: { system: 'cash_in' }, credit: { wallet: 'w', opens }, amount }) as const,
  );

  /** Writes one batch of deposits whose rows, and whose hashed rows, were tampered with on the way. */
  async function write(rules: Decide, hashed: (rows: Rows) => Rows): Promise<{ book: number; found: string[] }> {
    const book = await newBook(database);
    const store = await BookStore.connect(database.url, book, () => undefined);
    const { head } = await store.head();
    const state = new BookState(book, new Set(assets), 1, 1);
    const rows: Rows = { openings: [], entries: [] };
    const recordedAt = new Date(head.recordedAt.getTime() + 1_000);
    for (const operation of operations) {
      const asked = ask(operation);
      state.apply(asked, rules(state, asked), recordedAt, rows);
    }
    const header = { book, batchNo: 1, firstSeq: 1, recordedAt };
    const hash = chainHash(head.hash, header, encodeBatch(hashed(rows)));
    await store.post({ header, previousHash: head.hash, hash, count: rows.entries.length, columns: encodeBatch(rows) });
    await store.close();
    const report = await verify(database.pool);
    const found = report.invariants.flatMap(({ first }) => (first ? [`${first.invariant} ${first.at}`] : []));
    // What was found once must not hide what the next test plants.
    await database.pool.query(`
      alter table ledger.batch disable trigger append_only; delete from ledger.batch; alter table ledger.batch enable always trigger append_only;
      alter table ledger.entry disable trigger append_only; delete from ledger.entry; alter table ledger.entry enable always trigger append_only;
      alter table ledger.account disable trigger append_only; delete from ledger.account; alter table ledger.account enable always trigger append_only;
      alter table ledger.book disable trigger append_only; delete from ledger.book; alter table ledger.book enable always trigger append_only`);
    return { book, found };
  }

  it('is right: it does not cry wolf', async () => {
    const { found } = await write(decide, (rows) => rows);
    expect(found).toEqual([]);
  });

  it('leaves a row out of the hash', async () => {
    const { book, found } = await write(decide, ({ openings, entries }) => ({ openings, entries: entries.slice(0, -1) }));
    expect(found).toEqual([`I11 batch 1 of book ${book} (seq 1 to 5)`]);
  });

  it('leaves an opened account out of the hash', async () => {
    const { book, found } = await write(decide, ({ openings, entries }) => ({ openings: openings.slice(1), entries }));
    expect(found).toEqual([`I11 batch 1 of book ${book} (seq 1 to 5)`]);
  });

  it('has the wrong sign on one leg', async () => {
    const wrong: Decide = (book, asked) => {
      const decision = decide(book, asked);
      if (decision.type !== 'posted' || asked.operation.kind === 'open') return decision;
      return { ...decision, credit: { ...decision.credit, balance: decision.credit.balance - 2n * asked.operation.amount } };
    };
    const { book, found } = await write(wrong, (rows) => rows);
    expect(found).toEqual(['I1 asset 1 in book ' + book, `I2 account 2 of book ${book} (w)`, `I3 ${book}-3`]);
  });

  it('skips a version', async () => {
    const wrong: Decide = (book, asked) => {
      const decision = decide(book, asked);
      return decision.type === 'posted' ? { ...decision, credit: { ...decision.credit, version: decision.credit.version + 1 } } : decision;
    };
    const { book, found } = await write(wrong, (rows) => rows);
    expect(found).toEqual([`I3 ${book}-3`]);
  });
});
