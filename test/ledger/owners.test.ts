import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import type { BookWriter } from '../../packages/coffer/src/ledger/posting/writer.ts';
import { newBook, postOne, readLog, startWriter } from '../support/books.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let writer: BookWriter;
let book: number;
beforeAll(async () => {
  database = await createTestDatabase();
  book = await newBook(database);
  writer = await startWriter(database.url, book);
  for (const owner of ['alice', 'bob']) {
    const credit = { wallet: `${owner}'s`, opens: { owner, asset: 1, floor: 0n } };
    await postOne(writer, { kind: 'deposit', key: 'funds', debit: { system: 'cash_in' }, credit, amount: 100n });
  }
});
afterAll(async () => {
  await writer.stop();
  await database.drop();
});

const withdrawal = (key: string, amount: bigint, onlyOwner?: string): Operation => ({
  kind: 'withdrawal',
  key,
  debit: { wallet: "alice's" },
  credit: { system: 'cash_out' },
  amount,
  ...(onlyOwner !== undefined && { onlyOwner }),
});
const toldOf = (outcome: Outcome | undefined) =>
  outcome && {
    replayed: outcome.replayed,
    entry: outcome.entry !== null,
    code: outcome.status === 'refused' ? outcome.refusal.code : null,
  };
const notFound = { replayed: false, entry: false, code: 'wallet_not_found' };

describe('an operation that is bound to an owner', () => {
  it("finds the owner's wallets and no others", async () => {
    expect(toldOf(await postOne(writer, withdrawal('1', 10n, 'alice')))).toEqual({ replayed: false, entry: true, code: null });
    expect(toldOf(await postOne(writer, withdrawal('2', 10n, 'bob')))).toEqual(notFound);
  });

  it("does not reveal what another owner's key was used for", async () => {
    expect(toldOf(await postOne(writer, withdrawal('1', 10n, 'bob')))).toEqual(notFound);
    expect(toldOf(await postOne(writer, withdrawal('1', 11n, 'bob')))).toEqual(notFound);
  });

  it("neither reveals nor consumes another owner's keys in an all-or-nothing group", async () => {
    const before = (await readLog(database, book)).length;
    const group = [withdrawal('1', 10n, 'bob'), withdrawal('3', 1n, 'bob')];
    const outcomes = await writer.queue.add(group, true);
    expect(outcomes.map(toldOf)).toEqual([notFound, { ...notFound, code: 'linked_operation_refused' }]);
    expect((await readLog(database, book)).length).toBe(before);
    expect(toldOf(await postOne(writer, withdrawal('3', 1n, 'alice')))).toEqual({ replayed: false, entry: true, code: null });
  });
});
