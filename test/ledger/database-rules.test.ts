/** What the database itself refuses, whoever asks and whatever the program believes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../server/kernel/index.ts';
import { openLedger } from '../../server/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const ledger = await openLedger({ url: database.url, log: silentLog() });
  const opens = { owner: null, asset: 3, floor: 0n };
  await ledger.post({ kind: 'deposit', key: 'd1', debit: { system: 'cash_in' }, credit: { wallet: 'w1', opens }, amount: 100n });
  await ledger.post({ kind: 'withdrawal', key: 'x1', debit: { wallet: 'w1' }, credit: { system: 'cash_out' }, amount: 40n });
  await ledger.stop();
});
afterAll(() => database.drop());

describe.each(['book', 'batch', 'account', 'entry'])('a row of ledger.%s', (table) => {
  it.each([
    ['changed', `update ledger.${table} set book = book`],
    ['deleted', `delete from ledger.${table}`],
    ['truncated away', `truncate ledger.${table}`],
    [
      'changed by a session that replicates, which skips ordinary triggers',
      `set local session_replication_role = replica; update ledger.${table} set book = book`,
    ],
  ])('is never %s', async (_how, statement) => {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await expect(client.query(statement)).rejects.toMatchObject({
        code: '23001',
        message: expect.stringContaining('append-only') as string,
      });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

/** The newest withdrawal once more, at the end of the log, with some columns otherwise. */
async function insertLike(changes: string): Promise<unknown> {
  return await database.pool.query(`
    insert into ledger.entry
    select (jsonb_populate_record(e, jsonb_build_object('seq', 1000, 'key', 'forged', 'debit_version', 3, 'credit_version', 2) || '${changes}')).*
    from ledger.entry e where e.kind = 'withdrawal'`);
}

describe('an entry', () => {
  it.each([
    ['debits an account below its floor', '{"debit_after": -1}', '23514'],
    ['moves nothing', '{"amount": 0}', '23514'],
    ['moves a negative amount', '{"amount": -5}', '23514'],
    ['debits and credits one account', '{"debit_account": 1, "credit_account": 1}', '23514'],
    ['uses an idempotency key of its account a second time', '{"key": "x1"}', '23505'],
    ['repeats a version of the account that it debits', '{"debit_version": 2}', '23505'],
    ['repeats a version of the account that it credits', '{"credit_version": 1}', '23505'],
    ['takes a place that is taken', '{"seq": 1}', '23505'],
    ['has a debit without a credit', '{"credit_account": null}', '23514'],
  ])('is refused when it %s', async (_what, changes, code) => {
    await expect(insertLike(changes)).rejects.toMatchObject({ code });
  });
});
