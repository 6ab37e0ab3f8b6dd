// An operation that meets an approval policy waits for a second person: neither its maker nor an owner, under any login or key of theirs.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scopes } from '../../packages/coffer/src/identity/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import type { ApprovalPolicy } from '../../packages/coffer/src/operations/index.ts';
import { password, peopleOf, person, service } from '../access/world.ts';
import type { People, Person } from '../access/world.ts';
import type { Answer } from '../http/product.ts';
import { startWorking } from '../requests/working.ts';
import type { Working } from '../requests/working.ts';

let coffer: Working;
let people: People;
let wallet = '';

/** Four eyes: deposits above 1,000 by staff and keys, every reversal, closes, credit and limits above 1,000, withdrawals above 1,000. */
const policies = ['deposit', 'withdraw', 'transfer', 'setCreditLine', 'setLimits'].map((operation) => ({ operation, above: '1000' }));

beforeAll(async () => {
  coffer = await startWorking({}, { mode: 'required', books: 2 });
  people = await peopleOf(coffer.product);
  const all = [...policies, { operation: 'reverseOperation', above: null }, { operation: 'closeWallet', above: null }];
  const makers = ['treasury', 'operator', 'admin', 'key'] as const;
  for (const { operation, above: threshold } of all) {
    const id = `four-eyes-${operation.toLowerCase()}`;
    const above = threshold === null ? null : BigInt(threshold);
    const policy = { id, operation, asset: null, above, makers, wallets: 'any' } as const;
    await coffer.product.approvals.changeNow({ id, policy, reason: 'a test' }, 'cli');
  }
});
beforeEach(async () => {
  wallet = `w-${newId()}`;
  expect((await call('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, people.treasury)).status).toBe(201);
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

const waits = { status: 422, body: { code: 'approval_required' } };
const samePerson = { status: 403, body: { code: 'approval_same_person' } };

async function keyOf(creator: Caller): Promise<Caller> {
  const { body } = await call('POST', '/keys', { name: 'second face', scopes }, creator);
  return { authorization: `Bearer ${String(body['secret'])}` };
}

async function balance(id = wallet): Promise<unknown> {
  return (await call('GET', `/wallet/${id}`, undefined, people.support)).body['balance'];
}

/** The id of the approval for which an operation waits. */
async function held(path: string, body: object, maker: Caller): Promise<string> {
  const answer = await call('POST', path, body, maker);
  expect([answer.status, answer.body['code'], answer.text]).toEqual([422, 'approval_required', answer.text]);
  expect(answer.headers.get('location')).toBe(`/approvals/${String(answer.body['approvalId'])}`);
  return String(answer.body['approvalId']);
}

async function approve(id: string, second: Caller): Promise<Answer> {
  return await call('POST', `/approvals/${id}/approve`, {}, second);
}

const bigDeposit = (more: object = {}) => ({ amount: 1_001, ...more });

test('the threshold is exclusive, and the whole amount waits: nothing is posted until a second person approves', async () => {
  expect((await call('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, people.treasury)).status).toBe(201);
  const id = await held(`/wallet/${wallet}/deposit`, bigDeposit({ metadata: { order: 7 } }), people.treasury);
  expect(await balance()).toBe('2000');
  expect((await call('GET', `/approvals/${id}`, undefined, people.support)).body).toMatchObject({
    state: 'pending',
    operation: 'deposit',
    maker: `operator:${people.treasury.user.id}`,
    amount: '1001',
    walletIds: [wallet],
    input: { amount: '1001', wallet, metadata: { order: 7 } },
  });
  const done = await approve(id, people.operator);
  expect(done).toMatchObject({ status: 200, body: { state: 'done', decidedBy: `operator:${people.operator.user.id}` } });
  expect(await balance()).toBe('3001');
  const entry = await call('GET', `/operations/${String(done.body['operationId'])}`, undefined, people.support);
  expect(entry.body).toMatchObject({
    actor: `operator:${people.treasury.user.id}`,
    approver: `operator:${people.operator.user.id}`,
    metadata: { order: 7 },
  });
});

describe('the same key', () => {
  test('waits as the same approval, refuses other content, and answers with the posting once it is done', async () => {
    const body = bigDeposit({ requestId: newId() });
    const id = await held(`/wallet/${wallet}/deposit`, body, people.treasury);
    expect(await held(`/wallet/${wallet}/deposit`, body, people.treasury)).toBe(id);
    expect(await call('POST', `/wallet/${wallet}/deposit`, { ...body, amount: 1_002 }, people.treasury)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
    await approve(id, people.operator);
    const again = await call('POST', `/wallet/${wallet}/deposit`, body, people.treasury);
    expect([again.status, again.headers.get('idempotency-replayed'), await balance()]).toEqual([201, 'true', '2001']);
  });

  test('asked for asynchronously waits likewise: other content under it is refused, not accepted', async () => {
    await call('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, people.treasury);
    const body = { amount: 1_001, requestId: newId(), async: true };
    const path = `/wallet/${wallet}/withdraw`;
    const id = await held(path, body, people.treasury);
    expect(await held(path, body, people.treasury)).toBe(id);
    expect(await call('POST', path, { ...body, amount: 1_002 }, people.treasury)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
    expect((await call('GET', '/requests', undefined, people.support)).body['items']).toEqual([]);
  });

  test('after a rejection posts nothing, and says so', async () => {
    const body = bigDeposit({ requestId: newId() });
    const id = await held(`/wallet/${wallet}/deposit`, body, people.treasury);
    expect((await call('POST', `/approvals/${id}/reject`, { reason: 'no' }, people.operator)).body).toMatchObject({ state: 'rejected' });
    expect(await call('POST', `/wallet/${wallet}/deposit`, body, people.treasury)).toMatchObject({
      status: 422,
      body: { code: 'approval_closed', approvalId: id, approvalState: 'rejected' },
    });
    expect(await balance()).toBe('1000');
  });
});

describe('the second person', () => {
  test('is not the maker: not in a second session, not with an API key of theirs, not with a key of that key', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.admin);
    const session = await coffer.product.sessions.login({ email: 'admin@example.com', password });
    const token = 'token' in session ? session.token : '';
    const key = await keyOf(people.admin);
    for (const face of [people.admin, { authorization: `Bearer ${token}` }, key, await keyOf(key)]) {
      expect(await approve(id, face)).toMatchObject(samePerson);
      expect(await call('POST', `/approvals/${id}/reject`, { reason: 'x' }, face)).toMatchObject(samePerson);
    }
    expect(await balance()).toBe('1000');
  });

  test('is not the person who created the key that asked for it', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), await keyOf(people.admin));
    expect(await approve(id, people.admin)).toMatchObject(samePerson);
    expect(await approve(id, people.operator)).toMatchObject({ body: { state: 'done' } });
  });

  test('owns none of the wallets, on either side', async () => {
    const own = `${people.operator.user.id}.USD`;
    const into = await held(`/wallet/${own}/deposit`, bigDeposit(), people.treasury);
    expect(await approve(into, people.operator)).toMatchObject(samePerson);
    expect(await approve(into, people.admin)).toMatchObject({ body: { state: 'done' } });
    const away = await held(`/wallet/${own}/transfer`, { toWalletId: wallet, amount: 1_001 }, people.treasury);
    expect(await approve(away, people.operator)).toMatchObject(samePerson);
  });

  test('has the role of the operation', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury);
    for (const other of [people.user, people.support, people.risk, { authorization: await service(coffer.product, ['requests:decide']) }])
      expect(await approve(id, other)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const able = { authorization: await service(coffer.product, ['requests:decide', 'money:deposit']) };
    expect(await approve(id, able)).toMatchObject({ body: { state: 'done' } });
  });

  test('is never named by a caller: not in the body, not by metadata', async () => {
    const path = `/wallet/${wallet}/deposit`;
    expect((await call('POST', path, bigDeposit({ approver: 'operator:eve' }), people.treasury)).status).toBe(400);
    const id = await held(path, bigDeposit({ metadata: { approver: `operator:${people.admin.user.id}` } }), people.treasury);
    const { rows } = await coffer.pool.query('select from ledger.entry where approver = $1', ['operator:eve']);
    expect([rows.length, (await call('GET', `/approvals/${id}`, undefined, people.support)).body['state']]).toEqual([0, 'pending']);
  });

  test('is one of two who approve at once: it is posted once', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury);
    const answers = await Promise.all([approve(id, people.operator), approve(id, people.admin), approve(id, people.operator)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(await balance()).toBe('2001');
  });
});

describe('the maker', () => {
  test('who was suspended, or lost the role, has nothing approved', async () => {
    const maker = await person(coffer.product, `maker-${newId()}`, 'treasury');
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), maker);
    await coffer.product.users.setRole(maker.user.id, 'support', 'cli');
    expect(await approve(id, people.operator)).toMatchObject({ status: 409, body: { code: 'approval_maker_gone' } });
    await coffer.product.users.setRole(maker.user.id, 'treasury', 'cli');
    await coffer.product.users.suspend(maker.user.id, { actor: 'cli', byUser: null, aboutStaff: true, reason: 'a test' });
    expect(await approve(id, people.operator)).toMatchObject({ status: 409, body: { code: 'approval_maker_gone' } });
    expect(await balance()).toBe('1000');
  });

  test('cancels their own, and only their own', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury);
    const cancel = async (caller: Person) => await call('POST', `/approvals/${id}/cancel`, undefined, caller);
    expect(await cancel(people.operator)).toMatchObject({ status: 403, body: { code: 'approval_not_yours' } });
    expect((await cancel(people.treasury)).body).toMatchObject({ state: 'cancelled' });
    expect(await approve(id, people.operator)).toMatchObject({ status: 409, body: { code: 'approval_not_pending' } });
  });

  test('uses no staff right on a wallet of their own without a second person, whatever the amount', async () => {
    const own = `${people.operator.user.id}.USD`;
    const id = await held(`/wallet/${own}/deposit`, { amount: 1 }, people.operator);
    expect(await approve(id, people.treasury)).toMatchObject({ body: { state: 'done' } });
    await held(`/wallet/${wallet}/transfer`, { toWalletId: own, amount: 1 }, people.operator);
    for (const ownerId of [people.operator.user.id, people.operator.user.id.toUpperCase()])
      await held('/wallet', { ownerId, asset: 'GOLD', creditLimit: 1_000_000, requestId: newId() }, people.operator);
    const credit = await held('/wallet', { ownerId: people.operator.user.id, asset: 'EUR', creditLimit: 5 }, people.operator);
    expect(await approve(credit, people.treasury)).toMatchObject({ body: { state: 'done' } });
    expect((await call('POST', '/wallet', { ownerId: people.operator.user.id, asset: 'GOLD' }, people.operator)).status).toBe(201);
    await held(`/wallet/${own}/freeze`, { reason: 'x' }, people.operator);
    await held(`/wallet/${people.admin.user.id}.USD/deposit`, { amount: 1 }, await keyOf(people.admin));
    // What any user may do with their own money.
    expect((await call('POST', `/wallet/${own}/transfer`, { toWalletId: wallet, amount: 1 }, people.operator)).status).toBe(201);
  });
});

describe('what waits', () => {
  test('expires', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury);
    await coffer.pool.query(`update approvals.request set expires_at = created_at where id = $1`, [id]);
    expect(await approve(id, people.operator)).toMatchObject({ status: 409, body: { approvalState: 'expired' } });
    expect(await balance()).toBe('1000');
  });

  test('still waits when its policy was removed meanwhile', async () => {
    const change = (policy: boolean) => ({
      id: 'for-a-while',
      policy: policy
        ? { id: 'for-a-while', operation: 'releaseHold', asset: null, above: null, makers: ['risk' as const], wallets: 'any' as const }
        : null,
      reason: 'a test',
    });
    const { body } = await call('POST', `/wallet/${wallet}/holds`, { amount: 5 }, people.risk);
    await coffer.product.approvals.changeNow(change(true), 'cli');
    const id = await held(`/holds/${String(body['holdId'])}/release`, {}, people.risk);
    await coffer.product.approvals.changeNow(change(false), 'cli');
    expect((await call('GET', `/approvals/${id}`, undefined, people.risk)).body['state']).toBe('pending');
    expect(await approve(id, people.operator)).toMatchObject({ body: { state: 'done' } });
  });

  test('is posted once by the loop when the process died between the decision and the posting', async () => {
    const id = await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury);
    const decider = { actor: `operator:${people.operator.user.id}` };
    expect(await coffer.product.approvals.approve(id, decider, async () => await Promise.resolve(true))).toMatchObject({
      approval: { state: 'approved' },
    });
    expect(await balance()).toBe('1000');
    const loops = [coffer.product.approvalRunner.start(20), coffer.product.approvalRunner.start(20)];
    await expect.poll(async () => (await call('GET', `/approvals/${id}`, undefined, people.support)).body['state']).toBe('done');
    await Promise.all(loops.map((loop) => loop.stop()));
    expect(await balance()).toBe('2001');
  });

  test('is decided by the ledger as it is then: a refusal ends it', async () => {
    const id = await held(`/wallet/${wallet}/withdraw`, { amount: 1_001 }, people.treasury);
    expect((await approve(id, people.operator)).body).toMatchObject({ state: 'failed', failure: { code: 'insufficient_funds' } });
  });
});

describe('every way', () => {
  test('a batch: the item waits and the others are done; an all-or-nothing group is refused, and names the item', async () => {
    const small = { type: 'deposit', walletId: wallet, amount: 1 };
    const big = { type: 'deposit', walletId: wallet, amount: 1_001 };
    const batch = async (more: object) =>
      await call('POST', '/operations/batch', { operations: [small, big, small], ...more }, people.treasury);
    const apart = await batch({});
    expect(apart.body).toMatchObject({
      completed: 2,
      results: [{}, { code: 'approval_required', facts: { approvalState: 'pending' } }, {}],
    });
    expect(await balance()).toBe('1002');
    const together = await batch({ atomic: true });
    expect(together).toMatchObject({ status: 422, body: { code: 'batch_refused' } });
    expect(together.body['detail']).toMatch(/operations\[1\] was refused.*second person/);
    expect(await balance()).toBe('1002');
    const { approvalId } = (apart.body['results'] as { facts?: { approvalId: string } }[])[1]?.facts ?? {};
    expect(await approve(String(approvalId), people.operator)).toMatchObject({ body: { state: 'done' } });
  });

  test('an asynchronous withdrawal: once approved it is a request, whose entry has both names', async () => {
    const worker = coffer.work();
    await approve(await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury), people.operator);
    const body = { amount: 1_001, async: true, requestId: newId() };
    const id = await held(`/wallet/${wallet}/withdraw`, body, people.treasury);
    const { asyncRequestId } = (await approve(id, people.operator)).body;
    const request = async () => (await call('GET', `/requests/${String(asyncRequestId)}`, undefined, people.support)).body;
    await expect.poll(async () => (await request())['status']).toBe('completed');
    const entry = await call('GET', `/operations/${String((await request())['operationId'])}`, undefined, people.support);
    expect(entry.body).toMatchObject({
      actor: `operator:${people.treasury.user.id}`,
      approver: `operator:${people.operator.user.id}`,
    });
    const again = await call('POST', `/wallet/${wallet}/withdraw`, body, people.treasury);
    expect([again.status, again.body['id']]).toEqual([202, asyncRequestId]);
    await worker.stop();
  });

  test('a transfer in steps: every step has both names', async () => {
    const other = `w-${newId()}`;
    await call('POST', `/wallet/${other}/deposit`, { amount: 1 }, people.treasury);
    await approve(await held(`/wallet/${wallet}/deposit`, bigDeposit(), people.treasury), people.operator);
    const id = await held(`/wallet/${wallet}/transfer`, { toWalletId: other, amount: 1_001, mode: 'saga' }, people.treasury);
    expect(await approve(id, people.operator)).toMatchObject({ body: { state: 'done' } });
    expect(await balance(other)).toBe('1002');
    const { rows } = await coffer.pool.query<{ approver: string | null }>(
      `select distinct approver from ledger.entry where kind::text like 'transfer\\_%' and (details::text like $1 or details::text like $2)`,
      [`%${wallet}%`, `%${other}%`],
    );
    expect(rows).toEqual([{ approver: `operator:${people.operator.user.id}` }]);
  });

  test('a reversal, a close with a sweep, a credit line and limits', async () => {
    const deposit = await call('POST', `/wallet/${wallet}/deposit`, { amount: 5 }, people.treasury);
    const reversal = await held(`/operations/${String(deposit.body['operationId'])}/reverse`, { reason: 'x' }, people.treasury);
    expect(await approve(reversal, people.operator)).toMatchObject({ body: { state: 'done' } });
    const line = async (creditLimit: number) =>
      await call('PUT', `/wallet/${wallet}/credit-line`, { creditLimit, reason: 'x' }, people.treasury);
    expect([await line(1_000), await line(1_001)]).toMatchObject([{ status: 200 }, waits]);
    const limits = { perTransfer: 1_000, perDay: 1_000, perMonth: 1_000, reason: 'x' };
    const { perDay: _omitted, ...unlimited } = limits;
    const set = async (body: object) => await call('PUT', `/wallet/${wallet}/limits`, body, people.operator);
    expect([await set(limits), await set(unlimited)]).toMatchObject([{ status: 200 }, waits]);
    const close = await held(`/wallet/${wallet}/close`, { sweepTo: 'cash_out', reason: 'x' }, people.treasury);
    expect(await approve(close, people.operator)).toMatchObject({ body: { state: 'done' } });
    expect(await balance()).toBe('0');
  });
});

describe('deleting a user, which closes and sweeps their wallets', () => {
  const remove = async ({ user }: Person, sweepTo: string, caller: Caller) =>
    await call('DELETE', `/users/${user.id}?reason=x&${sweepTo}`, undefined, caller);

  test('waits for no second person, so it is refused until each wallet was closed with one', async () => {
    const leaver = await person(coffer.product, `leaver-${newId()}`, 'user');
    const id = `${leaver.user.id}.USD`;
    await call('POST', `/wallet/${id}/deposit`, { amount: 5 }, people.treasury);
    for (const caller of [people.operator, people.admin, { authorization: await service(coffer.product, scopes) }]) {
      const refused = await remove(leaver, 'sweepTo=treasury', caller);
      expect(refused).toMatchObject({ status: 422, body: { code: 'approval_required', wallet: id } });
      expect(refused.body['detail']).toMatch(/Close the wallet on its own/);
    }
    expect(await balance(id)).toBe('5');
    const close = await held(`/wallet/${id}/close`, { sweepTo: 'treasury', reason: 'x' }, people.operator);
    await approve(close, people.admin);
    expect((await remove(leaver, 'sweepTo=treasury', people.operator)).status).toBe(200);
  });

  test('needs a role that moves money', async () => {
    const leaver = await person(coffer.product, `leaver-${newId()}`, 'user');
    for (const caller of [people.risk, people.treasury, people.support])
      expect(await remove(leaver, 'sweepTo=treasury', caller)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  test('needs a second person to sweep money to a wallet of the person who does it, whatever the other policies say', async () => {
    const change = (policy: ApprovalPolicy | null) => ({ id: 'four-eyes-closewallet', policy, reason: 'a test' });
    const before = (await coffer.product.approvals.readPolicies()).find(({ id }) => id === 'four-eyes-closewallet');
    await coffer.product.approvals.changeNow(change(null), 'cli');
    const leaver = await person(coffer.product, `leaver-${newId()}`, 'user');
    await call('POST', `/wallet/${leaver.user.id}.USD/deposit`, { amount: 5 }, people.treasury);
    expect(await remove(leaver, `sweepToWalletId=${people.operator.user.id}.USD`, people.operator)).toMatchObject(waits);
    expect((await remove(leaver, 'sweepTo=treasury', people.operator)).status).toBe(200);
    await coffer.product.approvals.changeNow(change(before ?? null), 'cli');
  });
});

describe('a policy', () => {
  const put = async (body: object, caller: Caller) =>
    await call('PUT', '/approval-policies/spending', { makers: ['key'], reason: 'a test', ...body }, caller);

  test('is changed by two admins, and both are recorded', async () => {
    const { status, body } = await put({ operation: 'spend' }, people.admin);
    expect([status, body['state']]).toEqual([202, 'pending']);
    const id = String(body['id']);
    expect(await approve(id, people.admin)).toMatchObject(samePerson);
    expect((await approve(id, people.operator)).status).toBe(403);
    const another = await person(coffer.product, `another-${newId()}`, 'admin');
    expect((await approve(id, another)).body).toMatchObject({ state: 'done' });
    const { body: listed } = await call('GET', '/approval-policies', undefined, people.support);
    expect(listed['items']).toContainEqual({ id: 'spending', operation: 'spend', makers: ['key'], wallets: 'any' });
    const { rows } = await coffer.pool.query(`select actor, approver, before from approvals.policy_change where policy = 'spending'`);
    expect(rows).toEqual([{ actor: `operator:${people.admin.user.id}`, approver: `operator:${another.user.id}`, before: null }]);
    await expect(coffer.pool.query('delete from approvals.policy_change')).rejects.toThrow();
  });

  test('is not switched off by one admin', async () => {
    const removed = await call('DELETE', '/approval-policies/own-wallets', { reason: 'in my way' }, people.admin);
    expect(removed).toMatchObject({ status: 202, body: { operation: 'removeApprovalPolicy', state: 'pending' } });
    await held(`/wallet/${people.admin.user.id}.USD/deposit`, { amount: 1 }, people.admin);
  });

  test('that is malformed is refused', async () => {
    for (const body of [{ operation: 'fly' }, { operation: '*', makers: [] }, { operation: '*', above: '-1' }])
      expect((await put(body, people.admin)).status).toBe(400);
  });
});
