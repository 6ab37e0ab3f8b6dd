/**
 * Planted bugs, each of which the suite must catch: a test that cannot fail proves nothing. They are injected through the
 * parameters of pure functions and through rows written by hand; the product has no switch for them.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../packages/coffer/src/ledger/rules/prepared.ts';
import { chainHash, encodeBatch } from '../../packages/coffer/src/ledger/chain/chain.ts';
import type { NewRows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import { decide } from '../../packages/coffer/src/ledger/rules/decide.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { releaseDue } from '../../packages/coffer/src/ledger/posting/due.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { BookStore } from '../../packages/coffer/src/ledger/posting/store.ts';
import { newBook, takeBook } from '../support/books.ts';
import { entryAsModel, comparableEntry } from '../support/compare.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { Model } from '../support/model.ts';
import { assets, granted, keepsWallet, requests } from '../support/operations.ts';
import type { Request } from '../support/operations.ts';
import { emptyState, lookUpDue, lookUpOriginals } from '../support/pure-book.ts';
import { seedOf } from '../support/seed.ts';
import { pureExamples } from './examples.ts';
import { harmless, planted } from './planted.ts';
import type { Decide } from './planted.ts';

/** Plays requests one by one with these rules; returns whether each answer and the log equal the model's. */
function agreesWithModel(rules: Decide, all: readonly Request[]): boolean {
  const state = emptyState();
  const model = new Model(assets, keepsWallet);
  const rows: NewRows = { openings: [], entries: [] };
  let nowMs = Date.parse('2026-01-31T22:00:00Z');
  for (const { wishes, laterMs } of all) {
    nowMs += laterMs;
    const now = new Date(nowMs);
    for (const wish of wishes) {
      const operation = granted(wish, model, model.log.length);
      lookUpOriginals(state, rows, [operation]);
      lookUpDue(state, rows, [operation], now);
      const asked = prepare(operation);
      releaseDue(state, { operations: [asked], linked: false }, now, rows);
      const decision = rules(state, asked, now);
      const entry = state.apply(asked, decision, now, rows) ?? (decision.type === 'replayed' ? decision.entry : null);
      const refusal = decision.type === 'refused' ? decision.refusal : (entry?.refusal ?? null);
      const expected = model.post(operation, now);
      const answered = { replayed: decision.type === 'replayed', seq: entry?.seq ?? state.nextSeq - 1, refusal };
      if (!isDeepStrictEqual(answered, { replayed: expected.replayed, seq: expected.seq, refusal: expected.refusal })) return false;
    }
  }
  return isDeepStrictEqual(rows.entries.map(entryAsModel), model.log.map(comparableEntry));
}

/** True when an example shows a difference between these rules and the model, or makes the rules fail an assertion. */
function isCaught(rules: Decide): boolean {
  return pureExamples.some((all) => {
    try {
      return !agreesWithModel(rules, all);
    } catch {
      return true;
    }
  });
}

/** The same with random requests. */
function isCaughtByChance(rules: Decide): boolean {
  const options = { numRuns: 300, endOnFailure: true, seed: seedOf('the model against right rules') };
  return fc.check(
    fc.property(requests(60), (all) => agreesWithModel(rules, all)),
    options,
  ).failed;
}

describe('the model catches rules that', () => {
  it('are correct: no false alarm', () => {
    for (const rules of [decide, ...harmless]) expect([isCaught(rules), isCaughtByChance(rules)]).toEqual([false, false]);
  });

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

  /** Writes one batch of deposits after tampering with its rows and its hashed rows. */
  async function write(rules: Decide, hashed: (rows: NewRows) => NewRows): Promise<{ book: number; found: string[] }> {
    const book = await newBook(database);
    const store = await BookStore.connect(database.url, book, () => undefined);
    const { head } = await store.head();
    const state = new BookState(book, new Set(assets), 1, 1);
    const rows: NewRows = { openings: [], entries: [] };
    const recordedAt = new Date(head.recordedAt.getTime() + 1_000);
    for (const operation of operations) {
      const asked = prepare(operation);
      state.apply(asked, rules(state, asked, recordedAt), recordedAt, rows);
    }
    const header = { book, batchNo: 1, firstSeq: 1, recordedAt };
    const { undeclared: declarations } = await store.definitions();
    const hash = chainHash(head.hash, header, encodeBatch({ declarations, ...hashed(rows) }));
    const columns = encodeBatch({ declarations, ...rows });
    await store.post({ header, previousHash: head.hash, hash, count: rows.entries.length, columns }, await takeBook(database, book));
    await store.close();
    const report = await verify(database.pool);
    const found = report.invariants.flatMap(({ first }) => (first ? [`${first.invariant} ${first.at}`] : []));
    // One finding must not hide the bug that the next test plants.
    await database.pool.query(`
      truncate ledger.newest, ledger.newest_until, ledger.newest_tail;
      alter table ledger.batch disable trigger append_only; delete from ledger.batch; alter table ledger.batch enable always trigger append_only;
      alter table ledger.entry disable trigger append_only; delete from ledger.entry; alter table ledger.entry enable always trigger append_only;
      alter table ledger.declaration disable trigger append_only; delete from ledger.declaration;
      alter table ledger.declaration enable always trigger append_only;
      alter table ledger.account disable trigger append_only; delete from ledger.account; alter table ledger.account enable always trigger append_only;
      alter table ledger.book disable trigger append_only; delete from ledger.book; alter table ledger.book enable always trigger append_only`);
    return { book, found };
  }

  it('is correct: no false alarm', async () => {
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

  it('lets the maker approve', async () => {
    const { book, found } = await write(decide, (rows) => {
      Object.assign(rows.entries.at(-1) ?? {}, { actor: 'key:1', approver: 'key:1' });
      return rows;
    });
    expect(found).toEqual([`I11 ${book}-5`]);
  });

  it('has the wrong sign on one leg', async () => {
    const wrong: Decide = (book, asked, now) => {
      const decision = decide(book, asked, now);
      if (decision.type !== 'posted' || decision.credit === null || decision.amount === null) return decision;
      return { ...decision, credit: { ...decision.credit, balance: decision.credit.balance - 2n * decision.amount } };
    };
    const { book, found } = await write(wrong, (rows) => rows);
    expect(found).toEqual(['I1 asset 1 in book ' + book, `I2 account 2 of book ${book} (w)`, `I3 ${book}-3`]);
  });

  it('skips a version', async () => {
    const wrong: Decide = (book, asked, now) => {
      const decision = decide(book, asked, now);
      if (decision.type !== 'posted' || decision.credit === null) return decision;
      return { ...decision, credit: { ...decision.credit, version: decision.credit.version + 1 } };
    };
    const { book, found } = await write(wrong, (rows) => rows);
    expect(found).toEqual([`I3 ${book}-3`]);
  });
});
