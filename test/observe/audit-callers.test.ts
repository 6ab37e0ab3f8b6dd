// Whom the audit names, what it keeps of strangers, and what the reader role sees of it.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { auditedRows, startWatched } from './watched.ts';
import type { AuditedRow, Watched } from './watched.ts';

let coffer: Watched;
let jane: Person;
let operator: Person;
beforeAll(async () => {
  coffer = await startWatched({ mode: 'required' });
  jane = await person(coffer.product, 'jane', 'user');
  operator = await person(coffer.product, 'operator', 'operator');
});
afterAll(async () => await coffer.stop());

async function audited(work: () => Promise<number>): Promise<AuditedRow[]> {
  const { written, waiting } = coffer.audit.counts;
  const before = written + waiting;
  return (await auditedRows(coffer, before + (await work()))).slice(before);
}

test('a refusal names its caller: a user, a key, or anonymous without a valid credential', async () => {
  const authorization = await service(coffer.product, ['wallets:read']);
  const rows = await audited(async () => {
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 }, { authorization: jane.authorization });
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 }, { authorization });
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1 });
    return 3;
  });
  const key = authorization.split('_')[1] ?? '';
  expect(rows.map(({ actor, status }) => [actor, status])).toEqual([
    [`user:${jane.user.id}`, 403],
    [`key:${key}`, 403],
    ['anonymous', 401],
  ]);
});

test("what staff read of others is recorded; a user's own reads, and what staff read of themselves, are not", async () => {
  const rows = await audited(async () => {
    for (const path of ['/users/me', '/auth/sessions', '/assets', '/metrics', '/health'])
      await coffer.call('GET', path, undefined, { authorization: operator.authorization });
    await coffer.call('GET', `/wallet/${jane.user.id}.USD`, undefined, { authorization: jane.authorization });
    await coffer.call('GET', `/wallet/${jane.user.id}.USD`, undefined, { authorization: operator.authorization });
    await coffer.call('GET', `/users/${jane.user.id}/logins`, undefined, { authorization: operator.authorization });
    return 2;
  });
  const actor = `operator:${operator.user.id}`;
  expect(rows).toMatchObject([
    { method: 'GET', operation: 'getWallet', actor, status: 200, body: null },
    { method: 'GET', operation: 'listLogins', actor, status: 200, body: null },
  ]);
});

test('a read that is denied to a known caller is recorded; one without a valid credential is only counted', async () => {
  const rows = await audited(async () => {
    await coffer.call('GET', '/users', undefined, { authorization: jane.authorization });
    await coffer.call('GET', '/users');
    await coffer.call('GET', '/users', undefined, { authorization: 'Bearer nonsense' });
    return 1;
  });
  expect(rows).toMatchObject([{ method: 'GET', operation: 'listUsers', actor: `user:${jane.user.id}`, status: 403 }]);
});

test('the body of a refused login or sign-up is not stored; one that succeeds is, without its password', async () => {
  const rows = await audited(async () => {
    await coffer.call('POST', '/users/login', { email: 'jane@example.com', password: 'a wrong guess' });
    await coffer.call('POST', '/users/signup', { email: 'new@example.com', name: 'N', password: 'short' });
    await coffer.call('POST', '/users/signup', { email: 'new@example.com', name: 'N', password: 'correct horse battery staple' });
    return 3;
  });
  expect(rows.map(({ status, body }) => [status, body])).toEqual([
    [401, null],
    [400, null],
    [201, expect.stringMatching(/new@example\.com/)],
  ]);
  expect(JSON.stringify(rows)).not.toMatch(/correct horse|a wrong guess/);
});

test('the reader role sees neither e-mail addresses nor addresses of callers', async () => {
  await audited(async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'user-agent': 'shop (ops@example.com)' };
    await coffer.call('POST', '/users/signup?for=a%40example.org', { email: 'seen@example.com', name: 'N', password: 'short' }, headers);
    await coffer.call('PATCH', '/users/me', { email: 'moved@example.com' }, { ...headers, authorization: jane.authorization });
    return 2;
  });
  const client = new pg.Client({ connectionString: inRole(coffer.databaseUrl, 'reader') });
  await client.connect();
  try {
    const { rows } = await client.query<{ text: string }>('select row_to_json(a)::text as text from api_audit a');
    const everything = rows.map(({ text }) => text).join('\n');
    expect(everything).toContain('[hidden]');
    expect(everything).not.toMatch(/@example|%40example|127\.0\.0\.1"|203\.0\.113\.9/);
    await expect(client.query('select from audit.request')).rejects.toThrow('permission denied');
  } finally {
    await client.end();
  }
});
