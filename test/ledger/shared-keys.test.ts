// A log from before keyspaces: its keys have none, and are found by whoever recorded them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, Operation } from '../../packages/coffer/src/ledger/index.ts';
import { Requests } from '../../packages/coffer/src/requests/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let ledger: Ledger;
const open = async () => await openLedger({ url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 60_000 });
const deposit = (key: string, actor?: string, amount = 1n): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet: 'w', opens: { owner: null, asset: 1, floor: 0n } },
  amount,
  ...(actor !== undefined && { actor }),
});

/** Keys of services are stored as they are: as all keys were. The entry `by user:1` gets its actor as a later version recorded it. */
beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await open();
  for (const key of ['of nobody known', 'of a user', 'of a service']) await ledger.post(deposit(key));
  await ledger.stop();
  await database.pool.query(`
    alter table ledger.entry disable trigger all;
    update ledger.entry set actor = case key when 'of a user' then 'user:1' else 'key:1' end where key in ('of a user', 'of a service');
    alter table ledger.entry enable always trigger append_only;
    insert into ledger.shared_keys (book, until_seq) select 1, max(seq) from ledger.entry`);
  ledger = await open();
});
afterAll(async () => {
  await ledger.stop();
  await database.drop();
});

const outcome = async (operation: Operation) => {
  const { status, replayed, ...rest } = await ledger.post(operation);
  return status === 'refused' && 'refusal' in rest ? rest.refusal.code : replayed ? 'replayed' : 'new';
};

test('a key whose principal is not known is found by every principal', async () => {
  for (const actor of ['user:1', 'key:2', 'anonymous', undefined])
    expect(await outcome(deposit('of nobody known', actor))).toBe('replayed');
  expect(await outcome(deposit('of nobody known', 'user:1', 2n))).toBe('idempotency_key_reused');
});

test('a key with a principal is found by principals of its kind; the same key of another kind is its own, or refused', async () => {
  expect(await outcome(deposit('of a user', 'user:1'))).toBe('replayed');
  expect(await outcome(deposit('of a user', 'anonymous'))).toBe('new');
  expect(await outcome(deposit('of a user', 'anonymous'))).toBe('replayed');
  // Both would be stored under one name: a clear refusal, never another's answer.
  expect(await outcome(deposit('of a user', 'key:2'))).toBe('idempotency_key_reused');
  expect(await outcome(deposit('of a service', 'operator:2'))).toBe('replayed');
  expect(await outcome(deposit('of a service', 'user:1'))).toBe('new');
});

test('what is recorded since then is found by its own kind only, also without an actor', async () => {
  expect([await outcome(deposit('later')), await outcome(deposit('later', 'user:1')), await outcome(deposit('later', 'user:2'))]).toEqual([
    'new',
    'new',
    'replayed',
  ]);
});

test('reads by key follow the same rule', async () => {
  const book = ledger.read.in({ book: 1 });
  const wallet = await ledger.read.balance('w');
  const seqOf = async (key: string, keyspace: 'user' | 'service' | 'anonymous') =>
    (await book.entryByKey(wallet?.number ?? 0, key, keyspace))?.seq !== undefined;
  expect([await seqOf('of nobody known', 'user'), await seqOf('of nobody known', 'service')]).toEqual([true, true]);
  expect([await seqOf('of a user', 'user'), await seqOf('of a user', 'service')]).toEqual([true, false]);
  expect([await seqOf('of a service', 'user'), await seqOf('of a service', 'service')]).toEqual([true, true]);
});

test('an asynchronous request from before keyspaces is found by whoever made it', async () => {
  const pool = createPool(inRole(database.url, 'writer'), silentLog());
  const requests = new Requests(pool);
  const input = { type: 'withdraw', wallet: 'w', owner: null, asset: 1, content: { amount: '1' } } as const;
  const accept = async (key: string, actor: string) =>
    await requests.accept({ ...input, key, approver: null, actor }, { isOnRecord: () => Promise.resolve(false) });
  for (const key of ['x', 'y']) await accept(key, 'key:1');
  await database.pool.query(`update requests.request set actor = case key when 'y' then 'user:1' end`);
  expect(await accept('x', 'user:1')).toMatchObject({ kind: 'accepted', replayed: true, request: { key: 'x' } });
  expect(await accept('y', 'user:2')).toMatchObject({ replayed: true });
  expect(await accept('y', 'anonymous')).toMatchObject({ kind: 'accepted', replayed: false, request: { key: 'y' } });
  expect(await accept('y', 'key:1')).toMatchObject({ kind: 'key_reused' });
  await requests.stop();
  await pool.end();
});
