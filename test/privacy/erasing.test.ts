// Erasure: nothing in the database is personal about an erased user, and everything still verifies.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyAudit } from '../../packages/coffer/src/audit/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { eraseDeletedUsers, eraseUser } from '../../packages/coffer/src/privacy/index.ts';
import { password } from '../access/world.ts';
import { startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';
import { rowsWith } from './world.ts';

let coffer: Watched;
beforeEach(async () => {
  coffer = await startWatched({ mode: 'required' });
});
afterEach(async () => await coffer.stop());

const marks = { first: 'jane.first@example.com', second: 'jane.second@example.com', name: 'Jane Unmistakable', agent: 'janes-browser' };

/** A user who signed up, changed the address, mistyped the password, used a wallet, and deleted the account. */
async function aDeletedUser(): Promise<string> {
  const agent = { 'user-agent': marks.agent };
  const signedUp = await coffer.call('POST', '/users/signup', { email: marks.first, name: marks.name, password }, agent);
  const id = String(signedUp.body['id']);
  const logIn = async (email: string, word = password) =>
    (await coffer.call('POST', '/users/login', { email, password: word }, agent)).body;
  let authorization = `Bearer ${String((await logIn(marks.first))['token'])}`;
  await coffer.call('PATCH', '/users/me', { email: marks.second, currentPassword: password }, { ...agent, authorization });
  await logIn(marks.second, 'a wrong password');
  await logIn(marks.first);
  authorization = `Bearer ${String((await logIn(marks.second))['token'])}`;
  const deleted = await coffer.call('DELETE', '/users/me', undefined, { ...agent, authorization });
  expect(deleted.status).toBe(200);
  await coffer.pool.query('insert into insights.notification (user_id, kind, wallet, facts, key) values ($1, $2, $3, $4, $5)', [
    id,
    'funds_deposited',
    'w1',
    { note: marks.name },
    'n1',
  ]);
  for (const text of [
    "insert into identity.proof (id, user_id, purpose, address, token_hash, expires_at) values (gen_random_uuid(), $1, 'email', $2, sha256('x'), clock_timestamp())",
    "insert into identity.mail (kind, address, user_id, name) values ('proof', $2, $1, 'Jane Unmistakable')",
    "insert into identity.mail (kind, address, created_at) select 'reset', $2, created_at from identity.users where id = $1",
    "insert into identity.factor (id, user_id, kind, name, sealed_secret) values (gen_random_uuid(), $1, 'totp', $2, 'x')",
    "insert into identity.subject (id, issuer, subject, user_id, created_by) values (gen_random_uuid(), 'https://x', $2, $1, 'cli')",
    `insert into approvals.request (id, operation, digest, input, maker, wallets, policy, later, state, created_at, waiting_since, expires_at, decided_by)
     values (gen_random_uuid(), 'deposit', 'x', json_build_object('metadata', $2::text)::text, 'cli', array[$1 || '.USD'], 'p', false, 'rejected', now(), now(), now(), 'cli')`,
  ])
    await coffer.pool.query(text, [id, marks.first]);
  return id;
}

async function settled(): Promise<void> {
  await expect.poll(() => coffer.audit.counts.waiting).toBe(0);
}

test('no table contains the name, an address or the browser of an erased user', async () => {
  const id = await aDeletedUser();
  await settled();
  for (const mark of Object.values(marks)) expect(await rowsWith(coffer.pool, mark)).not.toEqual([]);
  expect(await eraseUser(coffer.pool, id)).toEqual({ erasedAt: expect.any(Date) as Date });
  for (const mark of Object.values(marks)) expect(await rowsWith(coffer.pool, mark)).toEqual([]);

  const { rows } = await coffer.pool.query(
    `select email, name, password_hash, deleted_at is not null as deleted, number > 0 as numbered from identity.users where id = $1`,
    [id],
  );
  expect(rows).toEqual([{ email: null, name: 'erased', password_hash: null, deleted: true, numbered: true }]);
  const audit = await verifyAudit(coffer.pool, { heads: [], keptSince: new Date(0) });
  expect(audit.violations).toEqual([]);
  expect(audit.chains[0]?.erased).toBeGreaterThan(5);
  expect((await verify(coffer.pool, {})).ok).toBe(true);
  const { rows: changes } = await coffer.pool.query(`select kind, subject from audit.change where kind = 'users.erase'`);
  expect(changes).toEqual([{ kind: 'users.erase', subject: id }]);
});

test('a changed row of an erased user is still found', async () => {
  const id = await aDeletedUser();
  await settled();
  await eraseUser(coffer.pool, id);
  await coffer.pool.query(
    `alter table audit.request disable trigger user; update audit.request set status = 500 where id = (select max(id) from audit.request where erased is not null)`,
  );
  expect((await verifyAudit(coffer.pool, { heads: [], keptSince: new Date(0) })).ok).toBe(false);
});

test('a user who is not deleted is not erased, and a second time changes nothing', async () => {
  const signedUp = await coffer.call('POST', '/users/signup', { email: marks.first, name: marks.name, password });
  const id = String(signedUp.body['id']);
  expect(await eraseUser(coffer.pool, id)).toEqual({ refusal: 'not_deleted' });
  expect(await eraseUser(coffer.pool, '00000000-0000-4000-8000-000000000000')).toEqual({ refusal: 'user_not_found' });
  expect(await eraseUser(coffer.pool, 'nonsense')).toEqual({ refusal: 'user_not_found' });
  await coffer.pool.query('update identity.users set deleted_at = clock_timestamp() where id = $1', [id]);
  const first = await eraseUser(coffer.pool, id);
  expect(await eraseUser(coffer.pool, id)).toEqual(first);
});

test('an address that has a new account keeps its audit', async () => {
  const id = await aDeletedUser();
  const again = await coffer.call('POST', '/users/signup', { email: marks.second, name: 'Another', password });
  expect(again.status).toBe(201);
  await settled();
  await eraseUser(coffer.pool, id);
  const { rows } = await coffer.pool.query('select operation from audit.request where subject = $1', [marks.second]);
  expect(rows).toEqual([{ operation: 'signUp' }]);
});

test('the loop erases users when their time is over, and no others', async () => {
  const id = await aDeletedUser();
  const other = await coffer.call('POST', '/users/signup', { email: 'other@example.com', name: 'Other', password });
  const failed = await coffer.product.users.signUp({ email: 'pending@example.com', name: 'Never', password });
  assert('id' in failed, 'the user is new');
  await coffer.pool.query(
    `update identity.users set status = 'rolled_back', updated_at = clock_timestamp() - interval '31 days' where id = $1`,
    [failed.id],
  );
  const sweep = async () => {
    const loop = eraseDeletedUsers({ pool: coffer.pool, log: silentLog(), afterDays: 30, everyMs: 3_600_000 });
    await loop.sweep();
    await loop.stop();
  };
  const erasedIds = async () =>
    (await coffer.pool.query<{ id: string }>('select id from identity.users where erased_at is not null')).rows.map((row) => row.id);
  await sweep();
  expect(await erasedIds()).toEqual([failed.id]);
  await coffer.pool.query(`update identity.users set deleted_at = deleted_at - interval '31 days' where id = $1`, [id]);
  await sweep();
  expect((await erasedIds()).toSorted()).toEqual([failed.id, id].toSorted());
  expect(await rowsWith(coffer.pool, 'other@example.com')).not.toEqual([]);
  expect(other.status).toBe(201);
});

test('the login log is deleted by age, but not its last day', async () => {
  const { pool } = coffer;
  await pool.query(`insert into identity.login_log (email, success, reason, at) select 'x@example.com', false, 'user_unknown', clock_timestamp() - age * interval '1 day'
    from unnest(array[500, 450, 3, 0]) age`);
  const forget = async (days: number) =>
    (await pool.query<{ n: number }>(`select identity.forget_logins_before(clock_timestamp() - $1 * interval '1 day', 10) as n`, [days]))
      .rows[0]?.n;
  expect(await forget(400)).toBe(2);
  expect(await forget(0)).toBe(1);
  expect(await forget(0)).toBe(0);
});
