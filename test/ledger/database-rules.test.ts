/** Constraints that the database enforces itself, for every client and regardless of the application code. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const ledger = await openLedger({ url: database.url, log: silentLog() });
  const opens = { owner: null, asset: 3, floor: 0n };
  await ledger.post({ kind: 'deposit', key: 'd1', debit: { system: 'cash_in' }, credit: { wallet: 'w1', opens }, amount: 100n });
  const withdrawn = await ledger.post({
    kind: 'withdrawal',
    key: 'x1',
    debit: { wallet: 'w1' },
    credit: { system: 'cash_out' },
    amount: 40n,
  });
  const held = await ledger.post({ kind: 'hold', key: 'h1', wallet: 'w1', amount: 20n, expiresInSeconds: 3_600 });
  await ledger.post({ kind: 'capture', key: 'c1', wallet: 'w1', hold: held.seq, credit: { system: 'fees' }, amount: 5n });
  const reversal = { kind: 'reversal', initiator: 'w1', reason: 'because', actor: 'operator:1' } as const;
  await ledger.post({ ...reversal, key: 'r1', reverses: withdrawn.seq, amount: 10n });
  await ledger.post({ kind: 'freeze', key: 'f1', wallet: 'w1', sides: 'debits', reason: 'because', actor: 'operator:1' });
  await ledger.stop();
});
afterAll(() => database.drop());

describe.each(['book', 'batch', 'account', 'entry'])('a row of ledger.%s', (table) => {
  it.each([
    ['changed', `update ledger.${table} set book = book`],
    ['deleted', `delete from ledger.${table}`],
    ['truncated away', `truncate ledger.${table}`],
    [
      'updated by a session with the replica role, which skips ordinary triggers',
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

describe('the posting function', () => {
  it.each([
    ['without a term', () => null],
    ['under the term of a lease that was given back', (term: number) => term],
    ['under a term that has not begun', (term: number) => term + 1],
  ])('refuses a batch %s', async (_which, termOf) => {
    const { rows: leases } = await database.pool.query<{ term: number }>('select term from ownership.lease where book = 1');
    await expect(postBatch(database.pool, { p_book: 1, p_term: termOf(leases[0]?.term ?? 0) })).rejects.toMatchObject({ code: 'CF001' });
  });

  it.each([
    ['the hash', { p_previous_hash: "sha256('another')" }],
    ['the last seq', { p_first_seq: 'b.last_seq + 2' }],
    ['the number', { p_batch_no: 'b.batch_no + 2' }],
  ])('adds no batch that names %s of another predecessor', async (_what, changes) => {
    const following = { p_batch_no: 'b.batch_no + 1', p_previous_hash: 'b.hash', p_first_seq: 'b.last_seq + 1' };
    expect(await postedUnderTerm(following)).toBe(true);
    expect(await postedUnderTerm({ ...following, ...changes })).toBe(false);
  });
});

type SqlValues = Readonly<Record<string, string | number | null>>;

/** Calls the posting function with these arguments, SQL expressions, and nulls for the others. `from`: what the expressions refer to. */
async function postBatch(client: pg.Pool | pg.PoolClient, values: SqlValues, from = ''): Promise<unknown> {
  const { rows: parameters } = await client.query<{ name: string }>(
    "select unnest(proargnames) as name from pg_proc where oid = 'ledger.post_batch'::regproc",
  );
  const call = parameters.map(({ name }) => `${name} => ${values[name] ?? 'null'}`).join(', ');
  const { rows } = await client.query<{ posted: unknown }>(`select ledger.post_batch(${call}) as posted ${from}`);
  return rows[0]?.posted;
}

/** Whether an empty batch behind the end of the log is added, in a transaction that holds a lease and is rolled back. */
async function postedUnderTerm(values: SqlValues): Promise<boolean> {
  const client = await database.pool.connect();
  try {
    await client.query('begin; update ownership.lease set process = gen_random_uuid() where book = 1');
    const batch = { p_count: 0, p_hash: "sha256('next')", p_format: '3::smallint', p_recorded_at_us: 0, p_term: 'l.term', p_book: 1 };
    const from = `from ownership.lease l join (select * from ledger.batch where book = 1 order by batch_no desc limit 1) b on l.book = 1`;
    return (await postBatch(client, { ...batch, ...values }, from)) !== null;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Appends a copy of the newest entry of a kind to the log, with some columns changed. */
async function insertLike(changes: string, kind = 'withdrawal', client: pg.Pool | pg.PoolClient = database.pool): Promise<unknown> {
  return await client.query(`
    insert into ledger.entry
    select (jsonb_populate_record(e, jsonb_build_object('seq', 1000, 'key', 'forged', 'debit_version', 100,
      'credit_version', case when e.credit_account is null then null else 100 end) || '${changes}')).*
    from ledger.entry e where e.kind = '${kind}' order by e.seq desc limit 1`);
}

describe('an entry', () => {
  it.each([
    ['debits an account below its floor', '{"debit_after": -1}', '23514'],
    ['moves nothing', '{"amount": 0}', '23514'],
    ['moves a negative amount', '{"amount": -5}', '23514'],
    ['debits and credits one account', '{"debit_account": 1, "credit_account": 1}', '23514'],
    ['uses an idempotency key of its account a second time', '{"key": "x1"}', '23505'],
    ['reuses an existing seq', '{"seq": 1}', '23505'],
    ['has a debit without a credit', '{"credit_account": null}', '23514'],
  ])('is refused when it %s', async (_what, changes, code) => {
    await expect(insertLike(changes)).rejects.toMatchObject({ code });
  });
});

describe('an entry of a hold, a correction or a control', () => {
  const check = '23514';
  const unique = '23505';
  it.each([
    ['hold', 'holds nothing', '{"amount": 0}', check],
    ['hold', 'has an account to be credited', '{"credit_account": 1, "credit_after": 0, "credit_version": 100}', check],
    ['hold', 'names no hold', '{"hold": null, "hold_left": null}', check],
    ['hold', 'does not state the remaining amount', '{"hold_left": null}', check],
    ['hold', 'leaves a negative amount', '{"hold_left": -1}', check],
    ['hold', 'stores an empty held amount as 0', '{"debit_held": 0}', check],
    ['hold', 'holds a negative amount', '{"debit_held": -1}', check],
    ['hold', 'holds more than the balance', '{"debit_held": 61}', check],
    ['hold', 'has no scope and no key', '{"scope": null, "key": null}', check],
    ['withdrawal', 'takes what is held', '{"debit_after": 10, "debit_held": 11}', check],
    ['capture', 'expires', '{"expires_at": "2030-01-01"}', check],
    ['capture', 'has no credit account', '{"credit_account": null, "credit_after": null, "credit_version": null}', check],
    ['capture', 'repeats what happened to the hold at a version of the wallet', '{"debit_version": 4}', unique],
    ['reversal', 'reverses nothing', '{"reverses": null, "reversed": null}', check],
    ['reversal', 'does not state the reversed amount', '{"reversed": null}', check],
    ['withdrawal', 'reverses something', '{"reverses": 1, "reversed": 1}', check],
    ['reversal', 'reverses the same part again', '{}', unique],
    ['freeze', 'moves an amount', '{"amount": 1}', check],
    ['freeze', 'has a credit account', '{"credit_account": 1, "credit_after": 0, "credit_version": 100}', check],
    ['freeze', 'has no controls', '{"controls": null}', check],
    [
      'freeze',
      'closes with a sweep account but no amount',
      '{"kind": "close", "credit_account": 1, "credit_after": 0, "credit_version": 100}',
      check,
    ],
    ['freeze', 'closes with an amount but no sweep account', '{"kind": "close", "amount": 1}', check],
    ['hold', 'records a refusal without a key', '{"refusal": "hold_expired", "debit_account": null, "key": null}', check],
    ['hold', 'records a refusal with a debit account', '{"refusal": "hold_expired"}', check],
    ['hold', 'is an expiry with a key', '{"kind": "expire", "expires_at": null}', check],
  ])('%s is refused when it %s', async (kind, _what, changes, code) => {
    await expect(insertLike(changes, kind)).rejects.toMatchObject({ code });
  });

  it.each([
    ['hold', '{}'],
    ['capture', '{}'],
    ['reversal', '{"reversed": 11}'],
    ['freeze', '{}'],
    ['freeze', '{"kind": "close"}'],
    ['hold', '{"kind": "expire", "expires_at": null, "key": null, "scope": null}'],
  ])('%s is accepted when it is valid, so the refusals above are caused by the planted change', async (kind, changes) => {
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      expect(await insertLike(changes, kind, client)).toMatchObject({ rowCount: 1 });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
