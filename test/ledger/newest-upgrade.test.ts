/** A ledger of chain format 3 is upgraded in place while a process of the earlier version still posts to it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { BookReader } from '../../packages/coffer/src/ledger/reading/reads.ts';
import { newBook, postOne, startWriter } from '../support/books.ts';
import { createEmptyDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { takeClock } from '../support/time.ts';
import type { Clock } from '../support/time.ts';
import { until } from '../support/until.ts';
import { batchInFormat, post } from './formats.ts';
import { places } from './tampering.ts';

const sql = path.resolve(import.meta.dirname, '../../packages/coffer/database');
const wallets = ['hot', 'limited', 'frozen', 'closed', 'lent', 'late'];
let database: TestDatabase;
let clock: Clock;
let folder: string;
let book: number;
let state: BookState;
const opens = { owner: null, asset: 1, floor: 0n };
const by = { reason: 'a test', actor: 'operator:1' };

const deposit = (key: string, wallet = 'hot', amount = 1n): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens },
  amount,
});
const spend = (key: string, wallet: string): Operation => ({
  kind: 'spend',
  key,
  debit: { wallet },
  credit: { system: 'treasury' },
  amount: 5n,
});

/** What a writer of today reads: there were no accounts of the chart. */
const emptyChart = `
  create view ledger.current_chart as
  select null::text collate "C" as id, null::integer as asset, null::text as type, null::numeric(38, 0) as floor, null::text as name,
    null::text collate "C" as parent, null::integer as version where false`;

/** The posting function before it took the previous entries, and the opening of a book without a position of ledger.newest. */
function earlierFunctions(): string[] {
  const read = (name: string) => fs.readFileSync(path.join(sql, 'functions', `${name}.sql`), 'utf8');
  const without = (text: string, parts: RegExp[]) =>
    parts.reduce((rest, part) => {
      expect(rest).toMatch(part);
      return rest.replace(part, '');
    }, text);
  return [
    without(read('post_batch'), [
      /, p_debit_previous bigint\[\],\s*p_credit_previous bigint\[\](?=\n\))/,
      /, debit_previous, credit_previous(?=\)\n)/,
      /, e\.debit_previous, e\.credit_previous/,
      /, p_debit_previous, p_credit_previous(?=\)\n)/,
      /debit_previous, credit_previous, (?=position)/,
      / {2}insert into ledger\.newest_tail[^;]*;\n/,
    ]),
    without(read('open_book'), [/ {2}insert into ledger\.newest_until[^;]*;\n/]),
    ...['refuse_retired', 'lock_book', 'ownership_claim'].map(read),
    emptyChart,
    ...['views/ledger_asset.sql', 'access/rights.sql'].map((name) => fs.readFileSync(path.join(sql, name), 'utf8')),
  ];
}

/** Applies the migrations up to one of them, and no definitions. */
async function migrateTo(number: number): Promise<void> {
  const isLater = (file: string) => Number(path.basename(file).slice(0, 4)) > number || /\/(functions|views|access)\/./.test(file);
  fs.cpSync(sql, folder, { recursive: true, filter: (file) => !isLater(file) });
  await migrate(database.url, silentLog(), folder);
}

/** One batch as the earlier version wrote it. */
async function postAsBefore(operations: readonly Operation[]): Promise<readonly Outcome[]> {
  const { header, columns, outcomes } = await batchInFormat(database, book, 3, state, operations);
  await post(database, [...header, ...columns]);
  return outcomes;
}

beforeAll(async () => {
  database = await createEmptyDatabase();
  clock = await takeClock(database);
  // Far from the end of a day, at which a limit begins anew.
  await clock.set(new Date('2026-01-10T12:00:00Z'));
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-earlier-'));
  await migrateTo(119);
  for (const text of earlierFunctions()) await database.pool.query(text);
  book = await newBook(database);
  state = new BookState(book, new Set([1]), 1, 1);
});
afterAll(async () => {
  await clock.end();
  await database.drop();
  fs.rmSync(folder, { recursive: true });
});

async function expectReadsAsPosted(): Promise<void> {
  const reader = new BookReader(book, database.pool);
  for (const id of wallets) {
    const account = state.wallet(id);
    const read = await reader.balance(id);
    const { number, balance, held, version, seq, controls, floor } = account ?? {};
    expect(read).toMatchObject({ number, balance, held, version, seq, controls, floor });
    const { rows } = await database.pool.query<{ seq: number }>(
      'select seq from ledger.entry where book = $1 and $2 in (debit_account, credit_account) order by seq desc',
      [book, number],
    );
    const seqs: number[] = [];
    for (let before = (version ?? 0) + 1; before > 1; before -= 77)
      seqs.push(...(await reader.history(number ?? 0, { from: before - 1, downTo: 1, limit: 77 })).map((entry) => entry.seq));
    expect(seqs).toEqual(rows.map((row) => row.seq).slice(0, -1));
  }
  const { rows } = await database.pool.query(
    `select e.seq, past.* from ledger.entry e cross join lateral ledger.balance_at($1, e.credit_account, e.seq) past
     where e.book = $1 and e.credit_account is not null and (past.balance <> coalesce(e.credit_after, 0) or past.version <> e.credit_version)`,
    [book],
  );
  expect(rows).toEqual([]);
}

it('keeps every balance, history and verification, and what the earlier version posts meanwhile', async () => {
  await postAsBefore(wallets.slice(0, 5).map((wallet) => deposit(`open ${wallet}`, wallet, 100n)));
  for (let batch = 0; batch < 3; batch++) await postAsBefore(Array.from({ length: 90 }, (_, at) => deposit(`${batch} ${at}`)));
  const [held] = await postAsBefore([{ kind: 'hold', key: 'hold', wallet: 'hot', amount: 20n }]);
  const [paid] = await postAsBefore([
    spend('to reverse', 'hot'),
    { kind: 'capture', key: 'capture', wallet: 'hot', hold: held?.seq ?? 0, credit: { wallet: 'lent' }, amount: 5n },
    { kind: 'limit', key: 'limit', wallet: 'limited', limits: { perTransfer: null, perDay: 12n, perMonth: null }, ...by },
    spend('counted', 'limited'),
    { kind: 'freeze', key: 'freeze', wallet: 'frozen', sides: 'debits', ...by },
    { kind: 'credit_line', key: 'line', wallet: 'lent', floor: -50n, ...by },
    { kind: 'close', key: 'close', wallet: 'closed', sides: 'both', sweepTo: { wallet: 'hot' }, ...by },
  ]);
  await postAsBefore([{ kind: 'reversal', key: 'reversal', initiator: 'hot', reverses: paid?.seq ?? 0, amount: 5n, ...by }]);

  await migrateTo(120);
  await postAsBefore([deposit('after 120'), deposit('opened meanwhile', 'late')]);
  await migrateTo(121);
  await postAsBefore([deposit('after 121', 'late')]);
  // A batch that waits for the lock of its book is committed after the function it calls was dropped.
  const last = await batchInFormat(database, book, 3, state, [deposit('waits'), deposit('waits too', 'limited')]);
  const locking = await database.pool.connect();
  await locking.query('begin; select from ledger.book for no key update');
  const waiting = post(database, [...last.header, ...last.columns]);
  await until(
    async () =>
      (
        await database.pool.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%post_batch%'",
        )
      ).rowCount === 1,
    { what: 'a batch that waits for the lock', seen: () => 'none does' },
  );
  await migrateTo(122);
  await locking.query('commit');
  locking.release();
  await waiting;
  // Later migrations build indexes, which wait for every transaction that is older.
  await migrate(database.url, silentLog());
  // No process of the new version has started yet.
  expect(places(await verify(database.pool))).toEqual([]);
  await expectReadsAsPosted();
  await expect(postAsBefore([deposit('too late')])).rejects.toThrow('does not exist');

  const writer = await startWriter(database.url, book);
  expect(await postOne(writer, spend('over the limit', 'limited'))).toMatchObject({ status: 'posted' });
  expect(await postOne(writer, spend('over the limit now', 'limited'))).toMatchObject({
    status: 'refused',
    refusal: { code: 'limit_exceeded' },
  });
  for (const wallet of wallets.filter((one) => one !== 'closed')) await postOne(writer, deposit(`new ${wallet}`, wallet));
  await Promise.all(Array.from({ length: 300 }, (_, at) => postOne(writer, deposit(`many ${at}`))));
  await writer.stop();
  expect(places(await verify(database.pool))).toEqual([]);
});
