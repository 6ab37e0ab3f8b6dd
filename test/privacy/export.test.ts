import { afterAll, beforeAll, expect, test } from 'vitest';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import type { Answer } from '../http/product.ts';
import { auditedRows, startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';

let coffer: Watched;
let jane: Person;
let john: Person;
let operator: Person;
beforeAll(async () => {
  coffer = await startWatched({ mode: 'required' });
  jane = await person(coffer.product, 'jane', 'user');
  john = await person(coffer.product, 'john', 'user');
  operator = await person(coffer.product, 'operator', 'operator');
});
afterAll(async () => await coffer.stop());

type Exported = Record<'sessions' | 'factors' | 'subjects' | 'logins' | 'notifications' | 'requests', unknown[]> & {
  readonly user: Record<string, unknown>;
  readonly wallets: { wallet: { id: string; balance: string }; holds: unknown[]; history: Record<string, unknown>[] }[];
};

async function exported(path: string, authorization: string): Promise<Answer & { readonly document: Exported }> {
  const answer = await coffer.call('GET', path, undefined, { authorization });
  return { ...answer, document: answer.body as unknown as Exported };
}

async function post(path: string, body: object, authorization: string): Promise<Answer> {
  return await coffer.call('POST', path, body, { authorization });
}

async function walletOf({ user }: Person): Promise<string> {
  return (await coffer.product.queries.walletOf(user.id))?.id ?? '';
}

test('a user gets everything that the lists show, whole and as one JSON document', async () => {
  const [mine, other] = [await walletOf(jane), await walletOf(john)];
  // More than one page.
  const operations = Array.from({ length: 450 }, (_, at) => ({ type: 'deposit', walletId: mine, amount: at + 1 }));
  expect((await post('/operations/batch', { operations }, operator.authorization)).status).toBe(200);
  await post(`/wallet/${mine}/transfer`, { amount: 5, toWalletId: other, metadata: { note: 'for lunch' } }, jane.authorization);
  await post(`/wallet/${mine}/holds`, { amount: 7 }, jane.authorization);
  await post(`/wallet/${mine}/withdraw`, { amount: 1, async: true }, jane.authorization);
  await coffer.pool.query(
    `insert into insights.notification (user_id, kind, wallet, facts, key) values ($1, 'money_received', $2, '{"amount":"5","asset":"USD"}', 'n')`,
    [jane.user.id, mine],
  );

  const { status, headers, document } = await exported('/users/me/export', jane.authorization);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  const ask = async (path: string) => (await coffer.call('GET', path, undefined, { authorization: jane.authorization })).body;
  expect(document.user).toEqual(await ask('/users/me'));
  expect(document.logins).toEqual((await ask('/users/me/logins'))['items']);
  expect(document.requests).toEqual((await ask('/requests'))['items']);
  expect(document.notifications).toEqual((await ask('/users/me/notifications'))['items']);
  expect(document.sessions).toHaveLength(1);
  expect([document.factors, document.subjects]).toEqual([[], []]);
  const [first, ...others] = document.wallets;
  expect(others).toEqual([]);
  expect(first?.wallet).toEqual(await ask(`/wallet/${mine}`));
  expect(first?.holds).toEqual((await ask(`/wallet/${mine}/holds`))['items']);
  const pages: unknown[] = [];
  for (let next: string | null = ''; next !== null;) {
    const page = await ask(`/wallet/${mine}/history?limit=500${next === '' ? '' : `&cursor=${next}`}`);
    pages.push(...(page['items'] as unknown[]));
    next = page['next'] as string | null;
  }
  expect(pages.length).toBeGreaterThan(450);
  expect(first?.history).toEqual(pages);
});

test('staff get what the user may see, and the audit says who asked', async () => {
  await post(
    `/wallet/${await walletOf(jane)}/transfer`,
    { amount: 5, toWalletId: await walletOf(john), requestId: 'janes-key' },
    jane.authorization,
  );
  const own = await exported('/users/me/export', john.authorization);
  const staffs = await exported(`/users/${john.user.id}/export`, operator.authorization);
  // The key of the payer is the payer's.
  expect(staffs.text).not.toContain('janes-key');
  expect(staffs.document.wallets).toEqual(own.document.wallets);
  await expect.poll(async () => (await auditedRows(coffer, 1)).some((row) => row['operation'] === 'exportUser')).toBe(true);
  const { rows: found } = await coffer.pool.query("select actor, subject from audit.request where operation = 'exportUser'");
  expect(found).toEqual([{ actor: `operator:${operator.user.id}`, subject: john.user.id }]);
});

test('others get nothing, and a service needs both scopes', async () => {
  expect((await exported(`/users/${jane.user.id}/export`, john.authorization)).status).toBe(403);
  expect((await exported(`/users/${jane.user.id}/export`, await service(coffer.product, ['users:read']))).status).toBe(403);
  expect((await exported(`/users/${jane.user.id}/export`, await service(coffer.product, ['users:read', 'wallets:read']))).status).toBe(200);
  expect((await exported('/users/00000000-0000-4000-8000-000000000000/export', operator.authorization)).status).toBe(404);
});

test('six an hour for each user', async () => {
  const statuses: number[] = [];
  for (let time = 0; time < 7; time++) statuses.push((await exported('/users/me/export', operator.authorization)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);
});

test('a failure in the middle breaks the connection: no part passes for the whole', async () => {
  await coffer.pool.query('alter table requests.request rename to request_away');
  await expect(exported('/users/me/export', jane.authorization)).rejects.toThrow();
  await coffer.pool.query('alter table requests.request_away rename to request');
});
