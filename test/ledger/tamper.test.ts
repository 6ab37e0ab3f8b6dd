import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, readCheckpoints, startCheckpoints, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation, VerifyReport } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { changeAsOwner, keepLedger, places, putBack, tables, verifyAfter } from './tampering.ts';

const walletOfGold = { owner: null, asset: 1, floor: 0n };
const deposit = (wallet: string, key: string, amount: bigint, metadata?: string): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens: walletOfGold },
  amount,
  ...(metadata !== undefined && { metadata }),
});
const transfer = (from: string, to: string, key: string, amount: bigint): Operation => ({
  kind: 'transfer',
  key,
  debit: { wallet: from },
  credit: { wallet: to },
  amount,
});

let database: TestDatabase;
let home: string;
/** Rows to tamper with, in the middle of the log. */
let target: { deposit: number; next: number; transfer: number; refusal: number; opening: number; last: number; lastBatch: number };

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'coffer-checkpoints-'));
  database = await createTestDatabase();
  await writeLog();
  await keepLedger(database);
  const { rows } = await database.pool.query<typeof target>(`
    select
      (select min(seq) from ledger.entry where key = 'deposit 20') as deposit,
      (select min(seq) from ledger.entry where key = 'deposit 21') as next,
      (select min(seq) from ledger.entry where key = 'transfer 25') as transfer,
      (select min(seq) from ledger.entry where key = 'too much 24') as refusal,
      (select min(seq) from ledger.entry where kind = 'open' and credit_account = (select number from ledger.account where id = 'w3')) as opening,
      (select max(seq) from ledger.entry) as last,
      (select max(batch_no) from ledger.batch) as "lastBatch"`);
  if (rows[0]) target = rows[0];
});
afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true });
});
afterEach(() => putBack(database));

async function writeLog(): Promise<void> {
  const ledger = await openLedger({ url: database.url, log: silentLog() });
  const noteCheckpoint = () => startCheckpoints({ pool: database.pool, home, everyMs: 60_000, log: silentLog() }).stop();
  for (let burst = 0; burst < 4; burst++) {
    await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const number = burst * 10 + at;
        await ledger.post(deposit(`w${at}`, `deposit ${number}`, 100n + BigInt(number), '{"order": 1}'));
        await ledger.post(transfer(`w${at}`, 'w0', `transfer ${number}`, 10n));
        await ledger.post(transfer(`w${at}`, 'w0', `too much ${number}`, 1_000_000n));
      }),
    );
    if (burst === 1) await noteCheckpoint();
  }
  await ledger.stop();
  await noteCheckpoint();
}

async function tamper(sql: string): Promise<VerifyReport> {
  return await verifyAfter(database, sql, { checkpoints: await readCheckpoints(home) });
}

async function batchOf(seq: number): Promise<string> {
  const { rows } = await database.pool.query<{ batch_no: number; first_seq: number; last_seq: number }>(
    'select batch_no, first_seq, last_seq from kept.batch where $1 between first_seq and last_seq',
    [seq],
  );
  return `batch ${rows[0]?.batch_no} of book 1 (seq ${rows[0]?.first_seq} to ${rows[0]?.last_seq})`;
}

describe('an unmodified ledger', () => {
  it('verifies, including its checkpoints', async () => {
    const report = await tamper('select 1');
    expect(places(report)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.books).toMatchObject([
      { book: 1, entries: target.last, lastSeq: target.last, batches: target.lastBatch + 1, checkpoints: 2 },
    ]);
  });
});

describe('the database refuses', () => {
  for (const table of tables) {
    const change = {
      book: 'created_at = now()',
      batch: 'recorded_at = now()',
      account: 'opened_at = now()',
      entry: 'recorded_at = now()',
      declaration: "kind = 'epoch'",
      asset: 'scale = 0',
      asset_version: 'retired = true',
      chart: 'floor = 0',
      chart_version: "name = 'Other'",
      identity: 'id = gen_random_uuid()',
    }[table];
    const statements = [`update ledger.${table} set ${change}`, `delete from ledger.${table}`, `truncate ledger.${table}`];
    for (const statement of statements) {
      it(`${statement}, also under session_replication_role = replica`, async () => {
        await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '23001' });
        await expect(database.pool.query(`set session_replication_role = replica; ${statement}`)).rejects.toMatchObject({ code: '23001' });
        await database.pool.query('reset session_replication_role').catch(() => undefined);
      });
    }
  }
});

describe('an edited row is named', () => {
  const edits: [what: string, row: keyof typeof target, change: string, rule: string][] = [
    ['the amount', 'deposit', 'amount = amount + 1', 'I11'],
    ['the balance after a credit', 'deposit', 'credit_after = credit_after + 1', 'I3'],
    ['the balance after a debit', 'transfer', 'debit_after = debit_after + 1', 'I3'],
    ['a version', 'deposit', 'credit_version = credit_version + 1', 'I3'],
    ['the floor in force', 'transfer', 'debit_floor = -1', 'I6'],
    ['the key', 'deposit', `key = 'another'`, 'I11'],
    ['the metadata', 'deposit', `metadata = '{"order":1}'`, 'I11'],
    ['the kind', 'deposit', `kind = 'topup'`, 'I11'],
    ['whose key it is', 'deposit', 'scope = debit_account', 'I11'],
    ['the digest', 'deposit', `digest = '\\x00112233445566778899aabbccddeeff'`, 'I11'],
    ['the moment', 'deposit', `recorded_at = recorded_at + interval '1 microsecond'`, 'I11'],
    ['the operation', 'deposit', 'operation = operation - 1', 'I11'],
    ['the accounts', 'transfer', 'debit_account = credit_account, credit_account = debit_account, scope = credit_account', 'I11'],
    ['what was refused', 'refusal', `details = replace(details::text, '1000000', '1000001')::json`, 'I11'],
    ['the kind of a refusal', 'refusal', `kind = 'withdrawal'`, 'I11'],
  ];
  for (const [what, row, change, rule] of edits) {
    it(`when ${what} was changed`, async () => {
      const report = await tamper(`update ledger.entry set ${change} where seq = ${target[row]}`);
      expect(places(report)).toContain(`${rule} 1-${target[row]}`);
    });
  }

  it('by its batch, when the reason of a refusal was changed', async () => {
    const report = await tamper(`update ledger.entry set refusal = 'version_stale' where seq = ${target.refusal}`);
    expect(places(report)).toEqual([`I11 ${await batchOf(target.refusal)}`]);
  });

  it('by its batch, when the facts of a refusal were changed', async () => {
    const report = await tamper(
      `update ledger.entry set details = replace(details::text, 'available":"', 'available":"9')::json where seq = ${target.refusal}`,
    );
    expect(places(report)).toEqual([`I11 ${await batchOf(target.refusal)}`]);
  });

  for (const [what, change] of [
    ['owner', `owner = 'mallory'`],
    ['floor', 'floor = -1000000'],
    ['asset', 'asset = 2'],
    ['name', `id = 'mallory'`],
    ['opening', 'opened_seq = opened_seq + 1'],
    ['moment', `opened_at = opened_at - interval '1 day'`],
  ]) {
    it(`by the entry that opened it, when an account's ${what} was changed`, async () => {
      const report = await tamper(`update ledger.account set ${change} where id = 'w3'`);
      expect(places(report)).toContain(`I11 1-${target.opening}`);
    });
  }

  it('when every later balance was adjusted to match the change', async () => {
    const report = await tamper(`
      update ledger.entry set amount = amount + 1 where seq = ${target.deposit};
      update ledger.entry set credit_after = credit_after + 1 where credit_account = (select credit_account from kept.entry where seq = ${target.deposit}) and seq >= ${target.deposit};
      update ledger.entry set debit_after = debit_after + 1 where debit_account = (select credit_account from kept.entry where seq = ${target.deposit}) and seq >= ${target.deposit};
      update ledger.entry set debit_after = debit_after - 1 where debit_account = (select debit_account from kept.entry where seq = ${target.deposit}) and seq >= ${target.deposit}`);
    expect(places(report)).toEqual([`I11 1-${target.deposit}`]);
  });
});

describe('a misplaced row is named', () => {
  it('when two rows were swapped', async () => {
    const [one, other] = [target.deposit, target.next];
    const report = await tamper(`
      update ledger.entry set seq = -1 where seq = ${one}; update ledger.entry set seq = ${one}, operation = ${one} where seq = ${other};
      update ledger.entry set seq = ${other}, operation = ${other} where seq = -1`);
    expect(places(report)).toContain(`I3 1-${Math.min(one, other)}`);
  });

  it('when a row was deleted from the middle', async () => {
    const report = await tamper(`delete from ledger.entry where seq = ${target.deposit}`);
    expect(places(report)).toContain(`I11 1-${target.deposit + 1}`);
  });

  it('when a row was inserted at the end, without a batch', async () => {
    const report = await tamper(`
      insert into ledger.entry select ${target.last} + 1, ${target.last} + 1, recorded_at, debit_account, credit_account, debit_version, credit_version, scope, book, kind,
        amount, debit_after, credit_after, debit_floor, 'inserted', digest, metadata, refusal, details from ledger.entry where seq = ${target.deposit}`);
    expect(places(report)).toContain(`I11 1-${target.last + 1}`);
  });

  it('when a key has two entries', async () => {
    await changeAsOwner(database, 'drop index ledger.entry_by_key');
    try {
      const report = await tamper(
        `update ledger.entry set key = 'deposit 20', scope = (select scope from kept.entry where seq = ${target.deposit}) where seq = ${target.last}`,
      );
      expect(places(report)).toContain(`I5 1-${target.last}`);
    } finally {
      await changeAsOwner(
        database,
        'truncate ledger.entry; insert into ledger.entry select * from kept.entry; create unique index entry_by_key on ledger.entry (book, key, scope) where key is not null',
      );
    }
  });

  it('when an account was inserted without an opening entry', async () => {
    const report = await tamper(
      `insert into ledger.account select book, 999, 'ghost', kind, asset, owner, floor, opened_seq, opened_at from ledger.account where id = 'w3'`,
    );
    expect(places(report)).toEqual(['I11 account 999 of book 1 (ghost)']);
  });

  it('when an account was deleted', async () => {
    const report = await tamper(`delete from ledger.account where id = 'w3'`);
    expect(places(report)).toContain(`I11 1-${target.opening}`);
  });
});

describe('an event log that differs from the entries is named', () => {
  for (const [what, told] of [
    ['leaves an event out', (seq: number) => `select * from ledger.event_kept where seq <> ${seq}`],
    [
      'contains an event twice',
      (seq: number) => `select * from ledger.event_kept union all select * from ledger.event_kept where seq = ${seq}`,
    ],
    [
      'names another wallet',
      (seq: number) =>
        `select book, seq, part, id, type, case seq when ${seq} then 'w9' else wallet end as wallet, recorded_at, operation, data from ledger.event_kept`,
    ],
  ] as const) {
    it(`when it ${what}`, async () => {
      const { pool } = database;
      await pool.query(`alter view ledger.event rename to event_kept; create view ledger.event as ${told(target.deposit)}`);
      try {
        expect(places(await verify(pool))).toEqual([`I8 1-${target.deposit}-1`]);
      } finally {
        await pool.query('drop view ledger.event; alter view ledger.event_kept rename to event');
      }
    });
  }
});

describe('a broken chain is named', () => {
  it('when the hash of a batch was changed', async () => {
    const report = await tamper(`update ledger.batch set hash = sha256('x') where ${target.deposit} between first_seq and last_seq`);
    expect(places(report)).toEqual([`I11 ${await batchOf(target.deposit)}`]);
  });

  it('when a batch was recorded at another time, with its entries', async () => {
    const report = await tamper(`
      update ledger.batch set recorded_at = recorded_at + interval '1 millisecond' where ${target.last} between first_seq and last_seq;
      update ledger.entry set recorded_at = recorded_at + interval '1 millisecond' where seq in (select seq from ledger.entry e join kept.batch b on ${target.last} between b.first_seq and b.last_seq and e.seq between b.first_seq and b.last_seq)`);
    expect(places(report)).toEqual([`I11 ${await batchOf(target.last)}`]);
  });

  it('when a batch was deleted from the middle, with its entries', async () => {
    const { rows } = await database.pool.query<{ last_seq: number }>(
      'select last_seq from kept.batch where $1 between first_seq and last_seq',
      [target.deposit],
    );
    const after = (rows[0]?.last_seq ?? 0) + 1;
    const report = await tamper(`
      delete from ledger.entry where seq in (select e.seq from kept.entry e join kept.batch b on ${target.deposit} between b.first_seq and b.last_seq and e.seq between b.first_seq and b.last_seq);
      delete from ledger.batch where ${target.deposit} between first_seq and last_seq`);
    expect(places(report)).toContain(`I11 1-${after}`);
  });

  it('when the end of the log was cut off, by the checkpoint beyond its head', async () => {
    const cutOff = `
      delete from ledger.entry where seq >= (select first_seq from kept.batch order by batch_no desc limit 1);
      delete from ledger.batch where batch_no = ${target.lastBatch};
      select ledger.rebuild_newest(1)`;
    const report = await tamper(cutOff);
    expect(places(report)).toEqual(['I11 the end of book 1']);
    expect(report.invariants.find(({ id }) => id === 'I11')?.first).toMatchObject({
      what: expect.stringMatching(/^the log extends at least to the checkpoint of \d{4}-/) as unknown,
      expected: `seq ${target.last}`,
      found: expect.stringMatching(/^the log ends at seq \d+$/) as unknown,
    });
    // Without a checkpoint this is undetectable: the rest is a consistent ledger.
    expect((await verify(database.pool)).ok).toBe(true);
  });

  it.each([
    ['when the book was opened', "update ledger.book set created_at = created_at + interval '1 microsecond'"],
    ['the identity of the ledger', 'update ledger.identity set id = gen_random_uuid()'],
  ])('when the end of the log was cut off, and %s was changed to disown the checkpoints', async (_what, change) => {
    const report = await tamper(`
      delete from ledger.entry where seq >= (select first_seq from kept.batch order by batch_no desc limit 1);
      delete from ledger.batch where batch_no = ${target.lastBatch};
      ${change}`);
    expect(report.ok).toBe(false);
  });

  it('when the log was rewritten from some point on, by the checkpoint of the original', async () => {
    const report = await tamper(`update ledger.batch set hash = sha256('rewritten') where batch_no = ${target.lastBatch}`);
    expect(report.invariants.find(({ id }) => id === 'I11')?.violations).toBe(2);
  });
});
