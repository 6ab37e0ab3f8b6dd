/** Assets of a ledger that is older than their versions. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inRole, migrate } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { Assets } from '../../packages/coffer/src/ledger/assets/assets.ts';
import type { Declaration } from '../../packages/coffer/src/ledger/chain/declarations.ts';
import { decideBatch } from '../../packages/coffer/src/ledger/posting/batch.ts';
import { RequestQueue } from '../../packages/coffer/src/ledger/posting/queue.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { BookStore } from '../../packages/coffer/src/ledger/posting/store.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { newBook, postOne, startWriter, takeBook } from '../support/books.ts';
import { createEmptyDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { changeAsOwner, places } from './tampering.ts';

const sql = path.resolve(import.meta.dirname, '../../packages/coffer/database');
const longName = 'Vouchers '.repeat(12);

let database: TestDatabase;
let earlier: string;
beforeAll(async () => {
  database = await createEmptyDatabase();
  earlier = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-earlier-'));
  const isLater = (file: string) => Number(path.basename(file).slice(0, 4)) >= 102 || /\/(functions|views|access)\/./.test(file);
  fs.cpSync(sql, earlier, { recursive: true, filter: (file) => !isLater(file) });
  await migrate(database.url, silentLog(), earlier);
  // There was no other way to add one, and no rule for the name.
  await database.pool.query("insert into ledger.asset (id, code, scale, name) values (5, 'VOUCHER', 18, $1), (9, 'NAMELESS', 0, '')", [
    longName,
  ]);
  await migrate(database.url, silentLog());
});
afterAll(async () => {
  await database.drop();
  fs.rmSync(earlier, { recursive: true });
});

const deposit = (key: string, asset: number): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet: `wallet-${asset}`, opens: { owner: null, asset, floor: 0n } },
  amount: 9_223_372_036_854_775_807n,
});

/** One batch as a server without versions wrote it. */
async function postAsBefore(book: number): Promise<void> {
  const { rows } = await database.pool.query<{ body: string }>(
    "select json_build_object('id', id, 'code', code, 'scale', scale, 'name', name)::text as body from ledger.asset order by id",
  );
  const undeclared = rows.map(({ body }): Declaration => ({ kind: 'asset', body }));
  const store = await BookStore.connect(inRole(database.url, 'writer'), book, () => undefined);
  const { head } = await store.head();
  const { known, retired, named } = await store.definitions();
  const state = new BookState(book, known, 1, 1);
  state.learnDefinitions({ known, retired, named, undeclared });
  const queue = new RequestQueue(10_000, () => null);
  const asked = queue.add([deposit('one', 5)], false);
  const batch = decideBatch(book, state, head, queue.take(1), new Date(head.recordedAt.getTime() + 1_000));
  if (!batch.sealed) throw new Error('a deposit is written');
  await store.post(batch.sealed, await takeBook(database, book));
  batch.requests[0]?.answer(batch.answers[0] ?? []);
  expect((await asked)[0]?.status).toBe('posted');
  await store.close();
}

it('inserted by hand after the upgrade are used and verify', async () => {
  await changeAsOwner(database, "insert into ledger.asset (id, code, scale, name) values (11, 'BYHAND', 2, 'By hand')");
  const book = await newBook(database);
  const writer = await startWriter(database.url, book);
  expect((await postOne(writer, deposit('one', 11))).status).toBe('posted');
  await writer.stop();
  expect(places(await verify(database.pool))).toEqual([]);
});

it('keep their names, verify, and are declared again with their versions', async () => {
  const book = await newBook(database);
  await postAsBefore(book);
  expect(places(await verify(database.pool))).toEqual([]);
  const assets = await Assets.load(database.pool);
  expect(
    assets.all
      .map(({ code, kind, name, version }) => ({ code, kind, name, version }))
      .filter(({ code }) => ['VOUCHER', 'NAMELESS'].includes(code)),
  ).toEqual([
    { code: 'VOUCHER', kind: 'other', name: longName, version: 1 },
    { code: 'NAMELESS', kind: 'other', name: '', version: 1 },
  ]);
  const writer = await startWriter(database.url, book);
  expect((await postOne(writer, deposit('two', 9))).status).toBe('posted');
  expect(await assets.change('NAMELESS', { name: 'Named' }, 'USD')).toMatchObject({ version: 2 });
  expect(await assets.change('VOUCHER', { retired: true }, 'USD')).toMatchObject({ version: 2, name: longName });
  writer.definitionsChanged();
  expect((await postOne(writer, deposit('three', 5))).status).toBe('posted');
  await writer.stop();
  const { rows } = await database.pool.query(
    "select body ->> 'version' as version from ledger.declaration where book = $1 and kind = 'asset' and body ->> 'id' = '9' order by batch_no",
    [book],
  );
  expect(rows.map(({ version }: Record<string, unknown>) => version)).toEqual([null, '1', '2']);
  expect(places(await verify(database.pool))).toEqual([]);
  await changeAsOwner(database, "update ledger.asset_version set kind = 'currency' where asset = 9 and version = 1");
  expect(places(await verify(database.pool))).toContainEqual(expect.stringContaining('I11 asset 9'));
});
