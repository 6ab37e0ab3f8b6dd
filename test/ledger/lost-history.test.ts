/** The end of a log is lost, as after a restore or a failover to a standby that was behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import {
  LedgerBehind,
  beginEpoch,
  findLosses,
  knownHeads,
  ledgerIdOf,
  openLedger,
  operationId,
  readCheckpoints,
  recordCheckpoint,
  startCheckpoints,
  verify,
} from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { changeAsOwner, places } from './tampering.ts';

const decided = { reason: 'the disk failed', actor: 'operator:1' };

let database: TestDatabase;
let home: string;
let ledgers: Ledger[] = [];
let posted = 0;

beforeEach(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(path.join(os.tmpdir(), 'coffer-lost-'));
});
afterEach(async () => {
  await Promise.all(ledgers.map((ledger) => ledger.stop()));
  ledgers = [];
  await database.drop();
  await rm(home, { recursive: true });
});

/** A process on this home: it knows the home's checkpoints, and records what it finds lost. */
async function start(): Promise<Ledger> {
  const id = await ledgerIdOf(database.pool);
  const ledger = await openLedger({
    url: inRole(database.url, 'writer'),
    log: silentLog(),
    known: knownHeads(await readCheckpoints(home), id, home),
    onHistoryLost: (book, { batchNo, lastSeq, hash }) => {
      void recordCheckpoint(home, { ledger: id, book, batchNo, lastSeq, hash, at: new Date().toISOString() });
    },
  });
  ledgers.push(ledger);
  return ledger;
}

async function stop(ledger: Ledger): Promise<void> {
  ledgers = ledgers.filter((one) => one !== ledger);
  await ledger.stop();
}

const deposit = async (ledger: Ledger) =>
  await ledger.post({
    kind: 'deposit',
    key: `deposit ${++posted}`,
    debit: { system: 'cash_in' },
    credit: { wallet: 'w', opens: { owner: null, asset: 1, floor: 0n } },
    amount: 1n,
  });

const recordEnd = async () => await startCheckpoints({ pool: database.pool, home, everyMs: 60_000, log: silentLog() }).stop();

/** Keeps a copy of the log, and cuts off its last batches, as a restore of an older backup does. */
async function loseBatches(count: number): Promise<void> {
  await database.pool.query('create schema copy');
  for (const table of ['batch', 'entry', 'account', 'declaration'])
    await database.pool.query(`create table copy.${table} as select * from ledger.${table}`);
  const { rows } = await database.pool.query<{ last: number }>('select max(batch_no) - $1 as last from ledger.batch', [count]);
  const last = rows[0]?.last ?? 0;
  await changeAsOwner(
    database,
    `delete from ledger.entry where seq > (select last_seq from ledger.batch where batch_no = ${last});
     delete from ledger.account where opened_seq > (select last_seq from ledger.batch where batch_no = ${last});
     delete from ledger.batch where batch_no > ${last};
     select ledger.rebuild_newest(1)`,
  );
}

async function bringBack(): Promise<void> {
  const statements = ['batch', 'entry', 'account'].map(
    (table) => `insert into ledger.${table} select * from copy.${table} where true on conflict do nothing`,
  );
  await changeAsOwner(database, statements.join('; '));
}

/** Ends every connection of the ledger, as a failover does. */
async function cutConnections(): Promise<void> {
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'coffer book%' and datname = current_database()",
  );
}

async function acceptLosses(): Promise<void> {
  for (const loss of await findLosses(database.pool, await readCheckpoints(home)))
    expect(await beginEpoch(database.pool, loss, decided)).toBe(true);
}

const isBehind = (ledger: Ledger) =>
  until(async () => ledger.status()[0]?.fault === 'history_lost', {
    what: 'the ledger to find its end lost',
    seen: () => ledger.faults().join(),
  });
const isReady = (ledger: Ledger) =>
  until(async () => ledger.ready, { what: 'the ledger to post again', seen: () => ledger.faults().join() });

/** A process posts, records the end of the log and stops; then the last batches are lost. */
async function loseRecordedEnd(): Promise<void> {
  const before = await start();
  for (let time = 0; time < 5; time++) await deposit(before);
  await stop(before);
  await recordEnd();
  await loseBatches(2);
}

describe('a start on a log that lacks what the home recorded', () => {
  it('posts nothing, says why, and still reads', async () => {
    await loseRecordedEnd();
    const after = await start();
    await expect(deposit(after)).rejects.toThrow(LedgerBehind);
    expect([after.ready, after.faults()]).toEqual([false, [expect.stringContaining('coffer accept-loss')]]);
    expect((await after.read.balance('w'))?.balance).toBe(3n);
  });

  it('goes on by itself when the lost part is brought back', async () => {
    await loseRecordedEnd();
    const after = await start();
    await isBehind(after);
    await bringBack();
    await isReady(after);
    await deposit(after);
    expect((await after.read.balance('w'))?.balance).toBe(6n);
    expect(places(await verify(database.pool, { checkpoints: await readCheckpoints(home) }))).toEqual([]);
  });

  it('is refused where the home belongs to another ledger', async () => {
    const before = await start();
    await deposit(before);
    await stop(before);
    await recordEnd();
    await changeAsOwner(database, 'update ledger.identity set id = gen_random_uuid()');
    await expect(start()).rejects.toThrow(/belongs to the ledger .*, but this database is the ledger/);
  });

  it('does not record the shorter log over the proof', async () => {
    await loseRecordedEnd();
    await recordEnd();
    await expect(deposit(await start())).rejects.toThrow(LedgerBehind);
  });
});

describe('a running process whose database falls back', () => {
  it('posts nothing from its reconnection on, and a restart does not forget it', async () => {
    const running = await start();
    for (let time = 0; time < 5; time++) await deposit(running);
    await loseBatches(1);
    await cutConnections();
    await isBehind(running);
    await expect(deposit(running)).rejects.toThrow(LedgerBehind);
    await until(async () => (await readCheckpoints(home)).length === 1, { what: 'the lost end to be recorded', seen: () => 'nothing' });
    await stop(running);
    await expect(deposit(await start())).rejects.toThrow(LedgerBehind);
  });

  it('is not disturbed by a reconnection that lost nothing', async () => {
    const running = await start();
    await deposit(running);
    await cutConnections();
    await deposit(running);
    expect(running.ready).toBe(true);
  });
});

describe('an accepted loss', () => {
  it('begins an epoch in which no id, event or cursor of the lost end is given again', async () => {
    const running = await start();
    const lost: string[] = [];
    for (let time = 0; time < 6; time++) {
      const { entry } = await deposit(running);
      if (time >= 4 && entry) lost.push(operationId(entry));
    }
    const cursor = (await running.read.events(undefined, 100)).next ?? '';
    const kept = (await running.read.events(undefined, 3)).next ?? '';
    await recordEnd();
    await loseBatches(2);
    await cutConnections();
    await isBehind(running);
    await acceptLosses();
    await isReady(running);
    const { entry } = await deposit(running);
    expect(entry && operationId(entry)).toBe('1-1000000000001');
    for (let time = 0; time < 20; time++) await deposit(running);
    const { rows } = await database.pool.query<{ id: string }>("select book || '-' || operation as id from ledger.entry");
    expect(rows.filter(({ id }) => lost.includes(id))).toEqual([]);
    expect([await running.read.isBeyond(cursor), await running.read.isBeyond(kept)]).toEqual([true, false]);
    const later = await running.read.events(kept, 100);
    expect(later.events.at(-1)?.seq).toBe(1_000_000_000_021);
    expect((await running.read.balance('w'))?.balance).toBe(25n);
  });

  it('verifies, with the checkpoints of the lost end, and the report names it', async () => {
    const running = await start();
    for (let time = 0; time < 5; time++) await deposit(running);
    await recordEnd();
    await loseBatches(2);
    await cutConnections();
    await isBehind(running);
    const before = await verify(database.pool, { checkpoints: await readCheckpoints(home) });
    expect(places(before)).toEqual(['I11 the end of book 1']);
    await acceptLosses();
    await isReady(running);
    await deposit(running);
    await recordEnd();
    const after = await verify(database.pool, { checkpoints: await readCheckpoints(home) });
    expect(places(after)).toEqual([]);
    expect(after.acceptedLosses).toMatchObject([{ book: 1, ...decided }]);
  });

  it('can be followed by another one', async () => {
    for (const loss of [1, 2]) {
      const ledger = await start();
      for (let time = 0; time < 4; time++) await deposit(ledger);
      await recordEnd();
      await database.pool.query('drop schema if exists copy cascade');
      await loseBatches(1);
      await stop(ledger);
      await acceptLosses();
      const report = await verify(database.pool, { checkpoints: await readCheckpoints(home) });
      expect([places(report), report.acceptedLosses.length]).toEqual([[], loss]);
    }
    const { entry } = await deposit(await start());
    expect(entry?.seq).toBe(2_000_000_000_001);
  });

  it('is the word of the owner alone: the running Coffer cannot give it', async () => {
    const running = await start();
    await deposit(running);
    await recordEnd();
    await deposit(running);
    const writer = createPool(inRole(database.url, 'writer'), silentLog());
    const { rows } = await writer.query<{ last: number }>('select max(last_seq) as last from ledger.batch');
    const after = rows[0]?.last ?? 0;
    await expect(beginEpoch(writer, { book: 1, after, lostUntil: after + 5 }, decided)).rejects.toMatchObject({ code: '42501' });
    await writer.end();
  });

  it('that was not declared does not excuse a missing checkpoint', async () => {
    const running = await start();
    for (let time = 0; time < 5; time++) await deposit(running);
    await recordEnd();
    await loseBatches(2);
    await stop(running);
    await acceptLosses();
    // The declaration is changed, so that it would cover more.
    await changeAsOwner(
      database,
      `update ledger.declaration set body = replace(body::text, '"lostUntil":', '"lostUntil":9')::json where kind = 'epoch'`,
    );
    expect(places(await verify(database.pool))).toEqual([expect.stringContaining('I11 batch')]);
  });
});
