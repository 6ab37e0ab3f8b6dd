// Every operation by which staff change something leaves a record of who did it, in the transaction of the change.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { policy, ruleOf } from '../../packages/coffer/src/gateway/access/index.ts';
import type { OperationName } from '../../packages/coffer/src/gateway/access/index.ts';
import { openApiDocument } from '../../packages/coffer/src/gateway/http/index.ts';
import { assert, newId } from '../../packages/coffer/src/kernel/index.ts';
import { definitions } from '../../packages/coffer/src/operations/index.ts';
import { startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';
import { person, service } from './world.ts';
import type { Person } from './world.ts';

let coffer: Watched;
let admin: Person;
let user: Person;
/** Asks for what others decide about. */
let payer: Person;
beforeAll(async () => {
  coffer = await startWatched({ mode: 'required' });
  admin = await person(coffer.product, 'admin', 'admin');
  user = await person(coffer.product, 'user', 'user');
  payer = await person(coffer.product, 'payer', 'user');
  const account = { id: 'revenue:marketplace', asset: 'USD', type: 'revenue', name: 'Revenue', floor: null, parent: null } as const;
  assert('account' in (await coffer.product.chart.add(account)), 'the account is added');
});
afterAll(async () => await coffer.stop());

type Asked = { readonly method?: string; readonly path: string; readonly body?: object };
/** `status`: of the answer. */
type Case = { readonly kind: string; readonly ask: () => Asked | Promise<Asked>; readonly status?: number };

const reason = 'a test';
let asked = 0;
const publicUrl = 'https://93.184.215.14/hooks';
const rule = { threshold: '5000000', movements: ['spend'], assets: 'all' };

async function aWebhook(): Promise<string> {
  const input = { url: publicUrl, description: '', types: ['*'], wallet: null, owner: null, createdBy: 'a test' };
  const made = await coffer.product.webhooks.create(input);
  assert('endpoint' in made, 'the webhook is made');
  return made.endpoint.id;
}

async function aDelivery(): Promise<string> {
  const webhook = await aWebhook();
  const sent = await coffer.product.webhooks.test(webhook);
  assert('id' in sent, 'the test is made');
  return `/webhooks/${webhook}/deliveries/${sent.id}`;
}

async function aKey(): Promise<string> {
  return (await service(coffer.product, ['wallets:read'])).slice('Bearer cof_'.length).split('_')[0] ?? '';
}

/** A request in a status that no operation of the API reaches without a worker. */
async function aRequest(status: 'awaiting_approval' | 'failed'): Promise<string> {
  const wallet = await coffer.product.queries.walletOf(payer.user.id);
  assert(wallet, 'the user has a wallet');
  const headers = { authorization: payer.authorization, 'idempotency-key': newId() };
  const { body } = await coffer.call('POST', `/wallet/${wallet.id}/withdraw`, { amount: 1, async: true }, headers);
  const id = String(body['id']);
  await coffer.pool.query(
    status === 'failed'
      ? `update requests.request set status = 'failed', way = 'post', finished_at = clock_timestamp(), failure_code = 'x' where id = $1`
      : `update requests.request set status = 'awaiting_approval', way = 'approval', hold_seconds = 60, hold = '1-1' where id = $1`,
    [id],
  );
  return id;
}

/** A deposit that another person asked for. */
async function anApproval(): Promise<string> {
  const input = JSON.stringify({ wallet: 'w1', amount: { '~amount': '1' }, key: newId() });
  const asked = {
    operation: 'deposit',
    name: newId(),
    digest: '',
    digestWith: () => '',
    input,
    maker: `operator:${newId()}`,
    person: newId(),
  };
  const filed = await coffer.product.approvals.file({ ...asked, wallets: ['w1'], amount: 1n, asset: 1, policy: 'planted', later: false });
  return filed.id;
}

async function aDeadLetter(): Promise<string> {
  const { rows } = await coffer.pool.query<{ id: string }>(
    `insert into events.dead_letter (queue, book, seq, part, previous_seq, previous_part, body, event_id, event_type, wallet, reason, deliveries, died_at)
     values ('wallet.events.worker', 1, $1, 1, 0, 0, '{}', 'x', 'X', 'w', 'a test', 1, clock_timestamp()) returning id::text`,
    [Math.floor(Math.random() * 1e9)],
  );
  return rows[0]?.id ?? '';
}

const changes = {
  addAsset: {
    kind: 'assets.add',
    ask: () => ({ path: '/assets', body: { code: `A${asked++}`, scale: 0, name: 'An asset', kind: 'other' } }),
    status: 201,
  },
  changeAsset: { kind: 'assets.change', ask: () => ({ method: 'PATCH', path: '/assets/POINTS', body: { name: `Points ${asked++}` } }) },
  addAccount: {
    kind: 'accounts.add',
    ask: () => ({ path: '/accounts', body: { id: `revenue:r${asked++}`, asset: 'USD', type: 'revenue', name: 'Revenue' } }),
    status: 201,
  },
  changeAccount: {
    kind: 'accounts.change',
    ask: () => ({ method: 'PATCH', path: '/accounts/revenue:marketplace', body: { name: `Revenue ${asked++}` } }),
  },
  createKey: { kind: 'keys.create', ask: () => ({ path: '/keys', body: { name: 'k', scopes: ['wallets:read'] } }), status: 201 },
  rotateKey: { kind: 'keys.rotate', ask: async () => ({ path: `/keys/${await aKey()}/rotate`, body: {} }) },
  revokeKey: { kind: 'keys.revoke', ask: async () => ({ method: 'DELETE', path: `/keys/${await aKey()}` }) },
  setUserRole: {
    kind: 'users.role',
    ask: () => ({ method: 'PATCH', path: `/users/${user.user.id}`, body: { role: 'operator' } }),
  },
  suspendUser: { kind: 'users.suspended', ask: () => ({ path: `/users/${user.user.id}/suspend`, body: { reason } }) },
  reinstateUser: { kind: 'users.reinstated', ask: () => ({ path: `/users/${user.user.id}/reinstate`, body: { reason } }) },
  createWebhook: { kind: 'webhooks.create', ask: () => ({ path: '/webhooks', body: { url: publicUrl } }), status: 201 },
  updateWebhook: {
    kind: 'webhooks.update',
    ask: async () => ({ method: 'PATCH', path: `/webhooks/${await aWebhook()}`, body: { types: ['FundsDeposited'] } }),
  },
  deleteWebhook: { kind: 'webhooks.delete', ask: async () => ({ method: 'DELETE', path: `/webhooks/${await aWebhook()}` }) },
  rotateWebhookSecret: { kind: 'webhooks.rotate', ask: async () => ({ path: `/webhooks/${await aWebhook()}/rotate` }) },
  testWebhook: { kind: 'webhooks.test', ask: async () => ({ path: `/webhooks/${await aWebhook()}/test` }), status: 202 },
  replayWebhook: {
    kind: 'webhooks.replay',
    ask: async () => {
      const delivery = await aDelivery();
      await coffer.pool.query("update webhooks.delivery set status = 'failed', finished_at = clock_timestamp()");
      return { path: delivery.replace(/\/deliveries.*/, '/replay'), body: { since: '2026-01-01T00:00:00Z' } };
    },
    status: 202,
  },
  replayWebhookDelivery: { kind: 'webhooks.replay', ask: async () => ({ path: `${await aDelivery()}/replay` }), status: 202 },
  addFraudRule: {
    kind: 'fraud.add',
    ask: () => ({
      path: '/fraud/rules',
      body: { id: 'new-rule', name: 'A rule', kind: 'amount', definition: rule, action: 'flag', enabled: false, reason },
    }),
    status: 201,
  },
  changeFraudRule: {
    kind: 'fraud.change',
    ask: () => ({ method: 'PATCH', path: '/fraud/rules/withdrawal-amount', body: { name: `Renamed ${asked++}`, reason } }),
  },
  approveRequest: {
    kind: 'requests.approve',
    ask: async () => ({ path: `/requests/${await aRequest('awaiting_approval')}/approve`, body: { reason } }),
  },
  rejectRequest: {
    kind: 'requests.reject',
    ask: async () => ({ path: `/requests/${await aRequest('awaiting_approval')}/reject`, body: { reason } }),
  },
  replayRequest: {
    kind: 'requests.replay',
    ask: async () => ({ path: `/requests/${await aRequest('failed')}/replay`, body: { reason } }),
  },
  closePeriod: { kind: 'periods.close', ask: () => ({ path: '/closings', body: { before: '2020-01-01T00:00:00Z', reason } }), status: 201 },
  replayDeadLetter: { kind: 'deadletters.replay', ask: async () => ({ path: `/dead-letters/${await aDeadLetter()}/replay` }) },
  replayDeadLetters: {
    kind: 'deadletters.replay',
    ask: async () => {
      await aDeadLetter();
      return { path: '/dead-letters/replay' };
    },
  },
  dropDeadLetter: { kind: 'deadletters.drop', ask: async () => ({ method: 'DELETE', path: `/dead-letters/${await aDeadLetter()}` }) },
  inviteUser: { kind: 'users.invited', ask: () => ({ path: '/users/invitations', body: { email: 'new@example.com' } }), status: 202 },
  deleteUser: {
    kind: 'users.deleted',
    ask: async () => ({
      method: 'DELETE',
      path: `/users/${(await person(coffer.product, `gone${asked++}`, 'user')).user.id}?reason=a%20test`,
    }),
  },
  endSessionsOfUser: {
    kind: 'users.sessions_ended',
    ask: () => ({ method: 'DELETE', path: `/users/${user.user.id}/sessions?reason=a%20test` }),
  },
  linkSubject: {
    kind: 'users.subject_linked',
    ask: () => ({ method: 'PUT', path: `/users/${user.user.id}/subjects`, body: { issuer: 'https://login.example.com', subject: 'x' } }),
  },
  unlinkSubject: {
    kind: 'users.subject_unlinked',
    ask: async () => {
      const path = `/users/${user.user.id}/subjects`;
      const { body } = await coffer.call('GET', path, undefined, { authorization: admin.authorization });
      return { method: 'DELETE', path: `${path}/${String((body['items'] as { id: string }[])[0]?.id)}` };
    },
  },
  rejectOperation: { kind: 'approvals.rejected', ask: async () => ({ path: `/approvals/${await anApproval()}/reject`, body: { reason } }) },
  // A policy is in force from the start, so changes wait for another admin.
  setApprovalPolicy: {
    kind: 'approvals.asked',
    ask: () => ({ method: 'PUT', path: '/approval-policies/large', body: { operation: 'deposit', makers: ['treasury'], reason } }),
    status: 202,
  },
  removeApprovalPolicy: {
    kind: 'approvals.asked',
    ask: () => ({ method: 'DELETE', path: '/approval-policies/own-wallets', body: { reason } }),
    status: 202,
  },
  retryAllSetAside: { kind: 'projections.retry', ask: () => ({ path: '/projections/stats/set-aside/retry', body: { reason } }) },
} as const satisfies Partial<Record<OperationName, Case>>;

/** Staff may call these, and they need no record of their own. */
const unrecorded: Partial<Record<OperationName, string>> = {
  postBatch: 'each operation is an entry of the ledger, which names the actor',
  backdate: 'a permission for operations of the ledger',
  nameAccount: 'a permission for operations of the ledger',
  createUser: 'over gRPC only: test/grpc/changes.test.ts',
  createPasswordLink: 'over gRPC only: test/grpc/changes.test.ts',
  closeWallets: 'over gRPC only; each is an entry of the ledger',
  findUser: 'over gRPC only; reads',
  cancelOperation: 'by its maker; recorded as rejectOperation is',
  approveOperation: 'the record is that of the decision, as for rejectOperation; the operation is an entry with both names',
  dryRunFraudRule: 'reads',
  readNotification: 'marks what staff have read',
  readAllNotifications: 'marks what staff have read',
  retrySetAside: 'the same command as retryAllSetAside, for one event',
};

test('every change by staff has a record, or a reason for none', async () => {
  const { paths } = JSON.parse(await openApiDocument()) as { paths: Record<string, Record<string, { operationId?: string }>> };
  const reads = new Set(Object.values(paths).flatMap((methods) => methods['get']?.operationId ?? []));
  const posted = new Set<string>(definitions.map(({ name }) => name));
  const isAboutCaller = ({ service: forService, user: forUser }: ReturnType<typeof ruleOf>) => forService === 'never' && forUser === 'own';
  const ofStaff = (Object.keys(policy) as OperationName[]).filter(
    (name) => !reads.has(name) && !posted.has(name) && ruleOf(name).kind === 'guarded' && !isAboutCaller(ruleOf(name)),
  );
  expect(ofStaff.toSorted()).toEqual([...Object.keys(changes), ...Object.keys(unrecorded)].toSorted());
});

type Recorded = {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly request_id: string | null;
};

async function recordedAfter(id: number): Promise<Recorded[]> {
  const { rows } = await coffer.pool.query<Recorded>(
    'select id, kind, subject, actor, request_id from audit.change where id > $1 order by id',
    [id],
  );
  return rows;
}

async function lastId(): Promise<number> {
  return (await coffer.pool.query<{ id: number }>("select id from audit.head where chain = 'change'")).rows[0]?.id ?? 0;
}

test.each(Object.entries<Case>(changes))('%s', async (name, { kind, ask, status = 200 }) => {
  const { method = 'POST', path, body } = await ask();
  const before = await lastId();
  const answer = await coffer.call(method, path, body, { authorization: admin.authorization, 'x-request-id': `r-${name}` });
  expect([answer.status, answer.text]).toEqual([status, answer.text]);
  const [change, ...others] = await recordedAfter(before);
  expect(others).toEqual([]);
  // The ledger records a closing by itself, without a request.
  const request = name === 'closePeriod' ? null : `r-${name}`;
  expect(change).toMatchObject({ kind, actor: `operator:${admin.user.id}`, request_id: request });
});

test.each([
  ['createKey', 'identity.api_key'],
  ['createWebhook', 'webhooks.endpoint'],
  ['changeFraudRule', 'insights.fraud_rule_version'],
  ['suspendUser', 'identity.user_change'],
  ['dropDeadLetter', 'events.dead_letter'],
  ['closePeriod', 'ledger.closing'],
] as const)('%s does nothing when its record cannot be written', async (name, table) => {
  const { method = 'POST', path, body }: Asked = await changes[name].ask();
  const rows = async () => (await coffer.pool.query(`select from ${table}`)).rowCount;
  const before = await rows();
  await coffer.pool.query('alter table audit.change rename to change_away');
  const answer = await coffer.call(method, path, body, { authorization: admin.authorization });
  await coffer.pool.query('alter table audit.change_away rename to change');
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(await rows()).toBe(before);
});

test('operators list the records, newest first, page by page, by kind, subject, actor and request', async () => {
  const list = async (query: string) => {
    const { body } = await coffer.call('GET', `/audit/changes?${query}`, undefined, { authorization: admin.authorization });
    return { items: body['items'] as Record<string, unknown>[], next: body['next'] };
  };
  const all = await list('limit=500');
  const ids = all.items.map(({ id }) => Number(id));
  expect(ids).toEqual(ids.toSorted((one, other) => other - one));
  const first = await list('limit=2');
  expect([...first.items, ...(await list(`limit=498&cursor=${String(first.items[1]?.['id'])}`)).items]).toEqual(all.items);
  const [update] = (await list('kind=webhooks.update')).items;
  expect(update).toMatchObject({
    actor: `operator:${admin.user.id}`,
    before: { types: ['*'], url: publicUrl },
    after: { types: ['FundsDeposited'], url: publicUrl },
    requestId: 'r-updateWebhook',
  });
  for (const query of [`subject=${String(update?.['subject'])}`, 'requestId=r-updateWebhook', `actor=operator:${admin.user.id}`]) {
    expect((await list(query)).items).toContainEqual(update);
  }
  expect((await list('actor=operator:nobody')).items).toEqual([]);
});

test('records contain no secret', async () => {
  const { rows } = await coffer.pool.query<{ text: string }>('select c::text as text from audit.change c');
  expect(rows.length).toBeGreaterThan(10);
  for (const { text } of rows) expect(text).not.toMatch(/whsec_|cof_[a-z0-9]{16}_/);
});
