import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workerQueue } from '../../packages/coffer/src/events/broker.ts';
import { openApiDocument } from '../../packages/coffer/src/gateway/index.ts';
import { misfit, operationsOf, resolved } from './openapi.ts';
import type { Described, Document, Parameter, Schema } from './openapi.ts';
import { startWatched } from '../observe/watched.ts';
import { rounds } from '../support/rounds.ts';
import { alice } from './product.ts';
import type { TestProduct } from './product.ts';

const committed = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
const document = JSON.parse(committed) as Document;
/** The page that explains each error code. */
const refusals = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/reference/refusals.md'), 'utf8');
const requestsMax = 50;
/** More are sent only until one succeeds. */
const requestsMin = rounds(requestsMax, 15);
const seed = 20_261_121;

let coffer: TestProduct;
/** Existing ids, by the parameter that takes them. */
const known: Record<string, string[]> = {
  id: ['w1', 'w2', 'nobody'],
  key: ['d1', 'never'],
  operationId: [],
  holdId: [],
  at: ['2999-01-01T00:00:00Z'],
  email: ['jane@example.com', 'john@example.com'],
  user_id: [alice],
  ownerId: [alice],
  // The user whose role changes; the caller stays an admin.
  userId: [],
  keyId: [],
  webhookId: [],
  deliveryId: [],
  asyncRequestId: [],
  approvalId: [],
  policyId: ['own-wallets', 'fuzzed'],
  wait: ['0', '1'],
  wallet: ['w1', 'w2'],
  rule: ['withdrawal-amount', 'withdrawal-velocity'],
  projection: ['stats'],
  eventId: ['1-900000-1'],
  notificationId: [],
  factorId: [],
  subjectId: [],
  code: ['GOLD', 'POINTS', 'gold'],
};
/** What succeeds only with the answer of a device, or with passkeys, which are off here. Their own tests are in test/factors. */
const needsDevice: ReadonlySet<string> = new Set([
  'startLoginPasskey',
  'finishLogin',
  'startMyProof',
  // The caller has no password.
  'proveMe',
  'confirmMyTotp',
  'startMyPasskey',
  'addMyPasskey',
]);
/** Operations that change the state of their target for good, each with its own wallets or ids. */
const own: Readonly<Record<string, readonly string[]>> = {
  freezeWallet: ['to-freeze-1', 'to-freeze-2'],
  unfreezeWallet: ['frozen-1', 'frozen-2'],
  closeWallet: ['to-close-1', 'to-close-2'],
  setLimits: ['to-limit-1', 'to-limit-2'],
  setCreditLine: ['to-lend-1', 'to-lend-2'],
  approveRequest: ['11111111-1111-7111-8111-111111111111'],
  rejectRequest: ['22222222-2222-7222-8222-222222222222'],
  replayRequest: ['33333333-3333-7333-8333-333333333333'],
  getDeadLetter: ['1'],
  dropDeadLetter: ['2', '3'],
  replayDeadLetter: ['4', '5'],
};
const ended = '44444444-4444-7444-8444-444444444444';
/** Users who are there to be deleted. */
const deletable: string[] = [];
/** What is good for one operation only, by its name and the field of the body. */
const ownFields: Record<string, Record<string, string[]>> = {
  inviteUser: { email: ['invited@example.com'] },
  addAsset: { code: ['JPY', 'GEMS', 'yen'], name: ['Yen'] },
};
/** The webhook with a known delivery. */
const ofDeliveries: string[] = [];
/** A batch may have reversed the others, and their recipient may be empty. */
const reversible: string[] = [];

beforeAll(async () => {
  coffer = await startWatched();
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 100_000, requestId: 'd1' });
  await coffer.call('POST', '/wallet', { id: 'w2' });
  const transfer = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'w2', amount: 5, metadata: { a: [1, null] } });
  const refused = await coffer.call('POST', '/wallet/w2/withdraw', { amount: 1000 });
  const jane = await coffer.call('POST', '/users/signup', {
    email: 'jane@example.com',
    name: 'Jane Doe',
    password: 'correct horse battery staple',
  });
  known['userId'] = [String(jane.body['id'])];
  await coffer.product.users.setRole(alice, 'admin', 'cli');
  const keys = Array.from({ length: 20 }, () =>
    coffer.product.apiKeys.create({ name: 'fuzzed', scopes: ['wallets:read'], createdBy: 'cli' }),
  );
  known['keyId'] = (await Promise.all(keys)).flatMap((made) => ('key' in made ? [made.key.id] : []));
  const logins = await Promise.all(Array.from({ length: 20 }, () => coffer.product.sessions.loginDemo(alice)));
  known['sessionId'] = logins.flatMap((login) => ('sessionId' in login ? [login.sessionId] : []));
  const { webhooks } = coffer.product;
  const endpoints = await Promise.all(
    Array.from({ length: 20 }, () =>
      webhooks.create({ url: 'https://93.184.215.14/', description: '', types: ['*'], wallet: null, owner: null, createdBy: 'test' }),
    ),
  );
  known['webhookId'] = endpoints.flatMap((made) => ('endpoint' in made ? [made.endpoint.id] : []));
  const deliveries = await Promise.all(known['webhookId'].map((id) => webhooks.test(id)));
  // A delivery belongs to one webhook: the two delivery operations use one pair.
  const [first] = deliveries;
  known['deliveryId'] = first && 'id' in first ? [String(first.id)] : [];
  ofDeliveries.push(...known['webhookId'].slice(0, 1));
  for (const id of Object.values(own).flat()) if (!/^\d/.test(id)) await coffer.call('POST', '/wallet', { id });
  await plantRequests();
  await plantApprovals();
  // The request has ended, so a wait for it is answered immediately.
  known['asyncRequestId'] = [ended];
  await coffer.pool.query(
    `insert into events.dead_letter (queue, book, seq, part, event_id, event_type, wallet, body, reason, deliveries)
     select $1, 1, n, 1, n::text, 'FundsDeposited', 'w1', '{}', 'planted', 5 from generate_series(1, 5) n`,
    [workerQueue],
  );
  // The log has no such event, so every retry fails.
  await coffer.pool.query(
    `with begun as (insert into projections.projection (name, active_generation, last_generation) values ('stats', 1, 1))
     insert into projections.set_aside (projection, generation, book, seq, part, error, tries) values ('stats', 1, 1, 900000, 1, 'planted', 1)`,
  );
  const { rows } = await coffer.pool.query<{ id: number }>(
    `insert into insights.notification (user_id, kind, wallet, facts, key)
     values ($1, 'wallet_closed', 'w1', '{}', 'mine'), (null, 'fraud_found', 'w1', '{}', 'staff') returning id`,
    [alice],
  );
  known['factorId'] = await planted(
    `insert into identity.factor (id, user_id, kind, name, credential_id, public_key, counter, confirmed_at)
     select gen_random_uuid(), $1, 'passkey', 'planted', 'planted-' || n, '', 0, now() from generate_series(1, 40) n returning id`,
    alice,
  );
  known['subjectId'] = await planted(
    `insert into identity.subject (id, issuer, subject, user_id, created_by)
     select gen_random_uuid(), 'https://login.example.com', 'planted-' || n, $1, 'test' from generate_series(1, 20) n returning id`,
    String(jane.body['id']),
  );
  known['notificationId'] = rows.map(({ id }) => String(id));
  await plantLinks();
  for (const id of own['unfreezeWallet'] ?? []) await coffer.call('POST', `/wallet/${id}/freeze`, { reason: 'for the test' });
  const holds = await Promise.all(Array.from({ length: 8 }, () => coffer.call('POST', '/wallet/w1/holds', { amount: 5_000 })));
  known['holdId'] = holds.map(({ body }) => String(body['holdId']));
  await coffer.call('POST', '/wallet', { id: 'reversed-from' });
  for (let at = 0; at < 3; at++) {
    const { body } = await coffer.call('POST', '/wallet/w1/transfer', { toWalletId: 'reversed-from', amount: 1 });
    reversible.push(String(body['operationId']));
  }
  known['operationId'] = [transfer, refused].map(({ body }) => String(body['operationId']));
});
afterAll(async () => {
  await coffer.stop();
});

async function planted(statement: string, userId: string): Promise<string[]> {
  return (await coffer.pool.query<{ id: string }>(statement, [userId])).rows.map(({ id }) => id);
}

/** Requests in states that a worker would have reached, ready for a decision. */
async function plantRequests(): Promise<void> {
  await coffer.pool.query(
    `insert into requests.request (id, type, wallet, key, content, digest, status, way, hold_seconds, hold, hold_amount, times_out_at,
       failure_code, next_try_at, created_at, updated_at, finished_at)
     select id, 'withdraw', 'w1', id, '{"amount":"1"}', '', status, 'approval', 60, '1-1', 1, now(),
       case when status = 'released' then 'payout_rejected' end, now(), now(), now(), case when status = 'released' then now() end
     from unnest($1::uuid[], array['awaiting_approval', 'awaiting_approval', 'released', 'released']) as planted (id, status)`,
    [[own['approveRequest'], own['rejectRequest'], own['replayRequest'], ended].flat()],
  );
}

/** A link of each purpose, for users whom no other operation suspends. */
async function plantLinks(): Promise<void> {
  const { proofs, users } = coffer.product;
  const idOf = async (name: string) => {
    const made = await users.create({ email: `${name}@example.com`, name });
    return 'id' in made ? made.id : '';
  };
  deletable.push(...(await Promise.all(['gone1', 'gone2', 'gone3'].map(idOf))));
  const links = {
    confirmEmail: await proofs.link(await idOf('proves'), 'email', { actor: 'cli' }),
    resetPassword: await proofs.link(await idOf('resets'), 'reset', { actor: 'cli' }),
    acceptInvitation: await proofs.invitationLink('planted@example.com'),
  };
  for (const [name, made] of Object.entries(links)) ownFields[name] = { token: 'token' in made ? [made.token] : [] };
}

/** What one operation decides, another cannot: each has its own. */
const decidable: Record<string, string[]> = { approveOperation: [], rejectOperation: [], cancelOperation: [] };

/** Deposits that wait for a second person: asked for by another admin, or by the caller, who can cancel them. */
async function plantApprovals(): Promise<void> {
  const bob = 'b55709be-d0f6-467e-942c-cc04155ad54c';
  await coffer.product.users.setRole(bob, 'admin', 'cli');
  for (const [operation, ids] of Object.entries(decidable).flatMap((one) => Array.from({ length: 20 }, () => one))) {
    const maker = operation === 'cancelOperation' ? alice : bob;
    const input = JSON.stringify({ wallet: 'w1', amount: { '~amount': '1' }, key: newId() });
    const asked = {
      operation: 'deposit',
      name: newId(),
      digest: '',
      digestWith: () => '',
      input,
      maker: `operator:${maker}`,
      person: maker,
    };
    const filed = await coffer.product.approvals.file({ ...asked, wallets: ['w1'], amount: 1n, asset: 1, policy: 'planted', later: false });
    known['approvalId']?.push(filed.id);
    ids.push(filed.id);
  }
}

test('the committed document matches the routes', async () => {
  expect(await openApiDocument()).toBe(committed);
});

test('it is OpenAPI 3.1, each operation has a unique name, and every reference resolves', async () => {
  expect(document.openapi).toBe('3.1.0');
  const names = operationsOf(document).map(({ operation }) => operation.operationId);
  expect(names).not.toContain(undefined);
  expect(new Set(names).size).toBe(names.length);
  for (const [, reference = ''] of committed.matchAll(/"\$ref": "([^"]+)"/g)) {
    const [, , kind = '', name] = reference.split('/');
    expect(reference).toMatch(/^#\/components\/(schemas|responses|headers)\/[\w-]+$/);
    expect(Object.keys((document.components as Record<string, object>)[kind] ?? {})).toContain(name);
  }
});

test('the server shows the same document', async () => {
  expect((await coffer.call('GET', '/openapi.json')).body).toEqual(document);
});

test('amounts are strings in every answer', () => {
  const money = new Set(['balance', 'amount', 'available', 'balanceAfter', 'creditLimit', 'deposited', 'withdrawn']);
  const properties = Object.values(document.components.schemas).flatMap((schema) =>
    Object.entries((schema['properties'] ?? {}) as Record<string, Schema>),
  );
  const types = properties.filter(([name]) => money.has(name)).map(([, { type }]) => [type].flat()[0]);
  expect(new Set(types)).toEqual(new Set(['string']));
});

// Deleting the caller would end the login that the other operations need.
/** Excludes deleteMe, because a deleted user can send no more requests, and event streams, because they do not end. */
const fuzzed = operationsOf(document).filter(
  ({ operation }) => operation.operationId !== 'deleteMe' && operation.responses['200']?.content?.['text/event-stream'] === undefined,
);

/** Last: it ends the sessions that endMySession needs. */
const inOrder = fuzzed.toSorted((a, b) => endsAll(a) - endsAll(b));

function endsAll({ operation }: Described): number {
  return operation.operationId === 'endMySessions' ? 1 : 0;
}

test.each(inOrder.map((described) => [described.operation.operationId, described] as const))(
  '%s: any request gets a documented answer and never a 5xx; some requests succeed',
  async (name, described) => {
    const statuses = new Set<number>();
    const succeeded = () => [...statuses].some((status) => status < 300);
    for (const [sentBefore, request] of fc.sample(requestTo(described), { numRuns: requestsMax, seed }).entries()) {
      if (sentBefore >= requestsMin && succeeded()) break;
      const answer = await coffer.call(described.method, request.path, request.body, request.authorized ? await coffer.login(alice) : {});
      statuses.add(answer.status);
      const sent = JSON.stringify(request).slice(0, 500);
      expect([sent, answer.status < 500]).toEqual([sent, true]);
      const type = answer.headers.get('content-type') ?? '';
      const found = misfit(document, described.operation, answer.status, type, type.includes('json') ? answer.body : answer.text);
      expect([sent, answer.text.slice(0, 300), found]).toEqual([sent, answer.text.slice(0, 300), null]);
      const isListed = answer.status < 400 || refusals.includes(`### \`${String(answer.body['code'])}\``);
      expect([sent, answer.text.slice(0, 300), isListed]).toEqual([sent, answer.text.slice(0, 300), true]);
    }
    expect(succeeded() || needsDevice.has(name)).toBe(true);
  },
);

/** Requests that fit the schema, nearly fit it, or do not at all. */
function requestTo({ path: template, operation }: Described) {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const body = operation.requestBody?.content['application/json']?.schema;
  const names = { ...known, ...ownFields[operation.operationId] };
  return fc.record({
    path: fc
      .tuple(
        fc.tuple(...inPath.map(({ name, schema }) => pathPart(namesFor(operation.operationId, name), schema))),
        fc.tuple(...inQuery.map(queryPart)),
      )
      .map(([parts, query]) =>
        filled(
          template,
          inPath.map(({ name }, at) => [name, parts[at] ?? ''] as const),
          query.filter((part) => part !== null),
        ),
      ),
    body: body ? bodyFor(resolved(document, body) as Schema, names) : fc.constant(undefined),
    // Most operations need a login.
    authorized: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
  });
}

function namesFor(operation: string, parameter: string): readonly string[] {
  if (operation === 'deleteUser') return deletable;
  if (operation === 'reverseOperation') return reversible;
  if (parameter === 'webhookId' && operation.endsWith('WebhookDelivery')) return ofDeliveries;
  // A deleted webhook is not available to the other operations.
  const webhooks = known['webhookId'] ?? [];
  if (parameter === 'webhookId') return operation === 'deleteWebhook' ? webhooks.slice(10) : webhooks.slice(0, 10);
  return decidable[operation] ?? own[operation] ?? known[parameter] ?? [];
}

function filled(template: string, parts: readonly (readonly [string, string])[], query: readonly string[]): string {
  const path = parts.reduce((text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), template);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

function pathPart(names: readonly string[], schema: Schema) {
  const anything = fc.oneof(valueFor(schema).map(String), fc.string({ unit: 'grapheme', minLength: 1 }));
  return fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, { weight: 2, arbitrary: anything })
    .filter((text) => !/^\.{0,2}$/.test(text));
}

function queryPart({ name, schema, required = false }: Parameter) {
  const anything = [valueFor(schema).map(String), fc.string(), fc.constantFrom('', '0', '5', '-1', '1e3', '500', '1-1', 'true')];
  const value = fc.oneof(...(known[name] ? [{ weight: 4, arbitrary: fc.constantFrom(...known[name]) }] : []), ...anything);
  const part = value.map((text) => `${name}=${encodeURIComponent(text)}`);
  return required ? part : fc.option(part, { nil: null, freq: 1 });
}

function bodyFor(schema: Schema, names: typeof known): fc.Arbitrary<unknown> {
  const fitting = objectFor(schema, names);
  const spoiled = fc
    .tuple(fitting, fc.constantFrom(...Object.keys(schema['properties'] ?? {}), 'other', '__proto__x'), fc.jsonValue())
    .map(([body, key, value]) => ({ ...body, [key]: value }));
  return fc.oneof(
    { weight: 4, arbitrary: fitting },
    { weight: 3, arbitrary: spoiled },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.string().map((text) => `${text} `) },
  );
}

function objectFor(schema: Schema, names: typeof known = known): fc.Arbitrary<Record<string, unknown>> {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as string[];
  const field = (name: string, property: Schema) =>
    required.includes(name)
      ? fieldValue(names[name], property).map((value) => ({ [name]: value }))
      : fc
          .oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fieldValue(names[name], property) })
          .map((value) => (value === undefined ? {} : { [name]: value }));
  return fc
    .tuple(...Object.entries(properties).map(([name, property]) => field(name, property)))
    .map((fields) => Object.assign({}, ...fields) as Record<string, unknown>);
}

function fieldValue(values: readonly string[] | undefined, schema: Schema): fc.Arbitrary<unknown> {
  return values && values.length > 0
    ? fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: valueFor(schema) })
    : valueFor(schema);
}

function valueFor(schema: Schema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema['oneOf'])) return fc.oneof(...(schema['oneOf'] as Schema[]).map((one) => objectFor(one)));
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  if (schema['const'] !== undefined) return fc.constant(schema['const']);
  const types = [schema['type']].flat();
  const examples = (schema['examples'] ?? []) as unknown[];
  const choices: fc.Arbitrary<unknown>[] = [];
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  if (types.includes('array')) choices.push(fc.uniqueArray(valueFor(schema['items'] as Schema), { minLength: 1, maxLength: 3 }));
  if (types.includes('integer'))
    choices.push(fc.integer({ min: Number(schema['minimum'] ?? 0), max: Number(schema['maximum'] ?? 1_000_000) }));
  if (types.includes('string'))
    choices.push(
      typeof schema['pattern'] === 'string' ? fc.stringMatching(new RegExp(schema['pattern'])) : fc.string({ unit: 'grapheme' }),
    );
  if (types.includes('boolean')) choices.push(fc.boolean());
  if (types.includes('null')) choices.push(fc.constant(null));
  if (types.includes('array')) choices.push(fc.array(valueFor((schema['items'] ?? {}) as Schema), { maxLength: 5 }));
  if (types.includes('object')) choices.push(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }));
  // Most callers send the examples of the document.
  return examples.length > 0
    ? fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...examples) }, { weight: 1, arbitrary: fc.oneof(...choices) })
    : fc.oneof(...choices);
}
