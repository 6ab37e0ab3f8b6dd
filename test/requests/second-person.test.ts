// Payouts are decided by a person who neither made the request nor owns the wallet; the entry of the capture has both names.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scopes } from '../../packages/coffer/src/identity/index.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { peopleOf } from '../access/world.ts';
import type { People } from '../access/world.ts';
import type { Answer } from '../http/product.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
let people: People;
let wallet = '';

beforeAll(async () => {
  coffer = await startWorking({}, { mode: 'required' });
  people = await peopleOf(coffer.product);
  wallet = `${people.user.user.id}.USD`;
  for (const id of [wallet, `${people.treasury.user.id}.USD`]) await call('POST', `/wallet/${id}/deposit`, { amount: 1_000 }, people.admin);
  coffer.work({ payout: { kind: 'approval', timeoutSeconds: 600 } });
});
afterAll(async () => {
  const report = await verify(coffer.pool);
  await coffer.stop();
  expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

type Caller = { readonly authorization: string };

async function call(method: string, path: string, body: object | undefined, { authorization }: Caller): Promise<Answer> {
  return await coffer.call(method, path, body, { authorization });
}

/** A withdrawal that waits for a decision. */
async function waiting(id: string, maker: Caller): Promise<string> {
  const { body } = await call('POST', `/wallet/${id}/withdraw`, { amount: 10, async: true }, maker);
  const request = String(body['id']);
  await expect.poll(async () => (await statusOf(request)).body['status']).toBe('awaiting_approval');
  return request;
}

async function statusOf(request: string): Promise<Answer> {
  return await call('GET', `/requests/${request}`, undefined, people.support);
}

async function decide(request: string, decision: string, decider: Caller): Promise<Answer> {
  return await call('POST', `/requests/${request}/${decision}`, { reason: 'looked into' }, decider);
}

/** A key that a person created over REST, or that such a key created. */
async function keyOf(creator: Caller): Promise<Caller> {
  const { body } = await call('POST', '/keys', { name: 'second face', scopes }, creator);
  return { authorization: `Bearer ${String(body['secret'])}` };
}

const alone = { status: 403, body: { code: 'request_needs_second_person' } };

test('the maker of a request decides nothing about it: not with an API key of their own, nor with a key of that key', async () => {
  const request = await waiting(wallet, people.admin);
  const key = await keyOf(people.admin);
  for (const decider of [people.admin, key, await keyOf(key)])
    for (const decision of ['approve', 'reject']) expect(await decide(request, decision, decider)).toMatchObject(alone);
  expect((await statusOf(request)).body['status']).toBe('awaiting_approval');
  expect((await decide(request, 'reject', people.treasury)).status).toBe(200);
});

test('the owner of the wallet decides nothing about it', async () => {
  const request = await waiting(`${people.treasury.user.id}.USD`, people.admin);
  expect(await decide(request, 'approve', people.treasury)).toMatchObject(alone);
  expect((await decide(request, 'approve', people.operator)).status).toBe(200);
});

test('the capture has the maker and the second person, for staff to see', async () => {
  const request = await waiting(wallet, people.user);
  expect((await decide(request, 'approve', people.treasury)).status).toBe(200);
  await expect.poll(async () => (await statusOf(request)).body['status']).toBe('completed');
  const path = `/operations/${String((await statusOf(request)).body['operationId'])}`;
  const names = { actor: `user:${people.user.user.id}`, approver: `operator:${people.treasury.user.id}` };
  expect((await call('GET', path, undefined, people.support)).body).toMatchObject(names);
  const seen = (await call('GET', path, undefined, people.user)).body;
  expect([seen['actor'], seen['approver']]).toEqual([undefined, undefined]);
});

test('a decision needs the duty: support and risk are refused', async () => {
  const request = await waiting(wallet, people.user);
  for (const decider of [people.support, people.risk])
    expect(await decide(request, 'approve', decider)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  assert((await decide(request, 'reject', people.treasury)).status === 200, 'treasury decides');
});
