// Fraud rules, notifications and logins over REST.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fraudProjection, notificationsProjection } from '../../packages/coffer/src/insights/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { password, person } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { readLive } from '../live/reader.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

let coffer: TestProduct;
let operator: Person;
let user: Person;
let wallet: string;
beforeAll(async () => {
  coffer = await startProduct({}, { mode: 'required' });
  operator = await person(coffer.product, 'operator', 'operator');
  user = await person(coffer.product, 'user', 'user');
  wallet = `${user.user.id}.USD`;
  await asOperator('POST', `/wallet/${wallet}/deposit`, { amount: 100_000 });
});
afterAll(async () => {
  await coffer.stop();
});

async function asOperator(method: string, path: string, body?: object): Promise<Answer> {
  return await coffer.call(method, path, body, { authorization: operator.authorization });
}

async function asUser(method: string, path: string, body?: object): Promise<Answer> {
  return await coffer.call(method, path, body, { authorization: user.authorization });
}

/** Applies the log from the beginning; existing results are unchanged. */
async function apply(...projections: Projection[]): Promise<void> {
  const events = await coffer.ledger.read.in({ book: 1 }).events(0, 0, 10_000);
  const client = await coffer.pool.connect();
  for (const projection of projections) {
    await client.query('begin');
    // As the projector creates it.
    await client.query('insert into projections.projection (name, active_generation, last_generation) values ($1, 1, 1)', [
      projection.name,
    ]);
    await projection.apply(client, events, 1);
    await client.query('commit');
  }
  client.release();
}

const definition = { count: 2, windowSeconds: 600, movements: ['withdrawal'], assets: 'all' };
const amount = (threshold: string) => ({ threshold, movements: ['withdrawal'], assets: 'all' });
const rule = { id: 'twice', name: 'Twice', kind: 'velocity', definition, action: 'flag', reason: 'to see' };

test('a rule is added, changed and read with its history, which names the actor', async () => {
  const added = await asOperator('POST', '/fraud/rules', rule);
  const actor = `operator:${operator.user.id}`;
  expect(added).toMatchObject({ status: 201, body: { id: 'twice', version: 1, enabled: true, actor, reason: 'to see' } });
  expect(await asOperator('POST', '/fraud/rules', rule)).toMatchObject({ status: 409, body: { code: 'rule_exists' } });
  const changed = await asOperator('PATCH', '/fraud/rules/twice', { definition: { ...definition, count: 3 }, reason: 'more' });
  expect(changed).toMatchObject({ status: 200, body: { version: 2, name: 'Twice', definition: { count: 3 } } });
  const same = { definition: { ...definition, count: 3 }, reason: 'again' };
  expect(await asOperator('PATCH', '/fraud/rules/twice', same)).toMatchObject({ status: 409, body: { code: 'rule_unchanged' } });
  await asOperator('PATCH', '/fraud/rules/twice', { definition, reason: 'back' });
  const history = await asOperator('GET', '/fraud/rules/twice');
  expect((history.body['items'] as { reason: string }[]).map(({ reason }) => reason)).toEqual(['back', 'more', 'to see']);
  expect(await asOperator('GET', '/fraud/rules/none')).toMatchObject({ status: 404, body: { code: 'rule_not_found' } });
  expect(await asOperator('PATCH', '/fraud/rules/none', { name: 'x', reason: 'r' })).toMatchObject({ status: 404 });
});

test('a disabled rule stays disabled when it is changed, until the change says otherwise', async () => {
  await asOperator('POST', '/fraud/rules', { ...rule, id: 'resting', enabled: false });
  const change = async (changes: object) => await asOperator('PATCH', '/fraud/rules/resting', { ...changes, reason: 'r' });
  expect(await change({ name: 'Still' })).toMatchObject({ status: 200, body: { version: 2, enabled: false } });
  expect(await change({ enabled: true })).toMatchObject({ status: 200, body: { version: 3, enabled: true } });
  await change({ enabled: false });
});

test.each([
  ['without a reason', { reason: undefined }],
  ['with a reason of spaces', { reason: '   ' }],
  ['with a reason of 1001 characters', { reason: 'r'.repeat(1_001) }],
  ['with an id that is none', { id: 'No Id' }],
  ['with a member that rules do not have', { query: 'drop table' }],
  ['with a definition of another kind', { kind: 'amount' }],
  ['with something unknown in its definition', { definition: { ...definition, where: '1=1' } }],
  ['with a definition that is a list', { definition: [definition] }],
  ['with an asset that is none', { definition: { ...definition, assets: [99] } }],
  ['with a window of nothing', { definition: { ...definition, windowSeconds: 0 } }],
  ['with a window below nothing', { definition: { ...definition, windowSeconds: -60 } }],
  ['with a threshold of nothing', { kind: 'amount', definition: amount('0') }],
  ['with a threshold below nothing', { kind: 'amount', definition: amount('-1') }],
  ['with a threshold of 10^38', { kind: 'amount', definition: amount(`1${'0'.repeat(38)}`) }],
  ['with a definition nested deeply', { definition: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as object }],
  ['with a count beyond all bounds', { definition: { ...definition, count: 1e9 } }],
  ['with NUL in its name', { name: 'a\0b' }],
  ['with half a character in its name', { name: '\uD800' }],
])('a rule %s is refused with 400, and the answer states the reason', async (_what, changes) => {
  const refused = await asOperator('POST', '/fraud/rules', { ...rule, id: 'hostile', ...changes });
  expect([refused.status, refused.headers.get('content-type')]).toEqual([400, expect.stringContaining('application/problem+json')]);
  expect(String(refused.body['detail']).length).toBeGreaterThan(20);
  expect((await asOperator('GET', '/fraud/rules/hostile')).status).toBe(404);
  // A dry run refuses the same invalid definitions.
  if (!('definition' in changes)) return;
  const { kind } = { ...rule, ...changes };
  expect((await asOperator('POST', '/fraud/rules/dry-run', { kind, definition: changes.definition })).status).toBe(400);
});

test('a finding names its rule and events; a dry run tries a changed rule on the same log', async () => {
  const events = [];
  for (const amount of [1, 2, 10_000]) {
    const { body } = await asUser('POST', `/wallet/${wallet}/withdraw`, { amount });
    events.push(`${String(body['operationId'])}-1`);
  }
  await apply(fraudProjection(), notificationsProjection(false));
  const found = await asOperator('GET', `/fraud/findings?walletId=${wallet}&rule=twice`);
  expect(found.body['items']).toMatchObject([
    {
      rule: 'twice',
      ruleVersion: 3,
      walletId: wallet,
      eventId: events[2],
      eventIds: events.slice(1),
      facts: { count: '2' },
      actionState: null,
      actionNote: null,
    },
    { eventId: events[1], eventIds: events.slice(0, 2) },
  ]);
  const tried = await asOperator('POST', '/fraud/rules/dry-run', { id: 'twice', definition: { ...definition, count: 3 } });
  expect(tried).toMatchObject({ status: 200, body: { complete: true, found: 1, foundByPresent: 2, foundByBoth: 1, onlyNew: [] } });
  expect(tried.body['onlyPresent']).toMatchObject([{ eventId: events[1] }]);
  const wrong = await asOperator('POST', '/fraud/rules/dry-run', { kind: 'sum', definition: {} });
  expect(wrong).toMatchObject({ status: 400, body: { code: 'rule_invalid' } });
  expect(await asOperator('POST', '/fraud/rules/dry-run', {})).toMatchObject({ status: 404 });
  const [since, until] = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'];
  const backwards = await asOperator('POST', '/fraud/rules/dry-run', { id: 'twice', since, until });
  expect(backwards).toMatchObject({ status: 400, body: { code: 'range_empty' } });
  const { readFrom, readUntil } = tried.body as { readFrom: string; readUntil: string };
  expect([readFrom < readUntil, new Date(readUntil).getTime() > 0]).toEqual([true, true]);
});

test("users read their own notifications, staff read theirs, and neither reads the other's", async () => {
  const mine = await asUser('GET', '/users/me/notifications?unread=true&limit=1');
  expect(mine).toMatchObject({ status: 200, body: { items: [{ kind: 'money_received', readAt: null }], unreadCount: 1 } });
  const staffs = await asOperator('GET', '/notifications');
  const [first] = staffs.body['items'] as { id: string; kind: string }[];
  expect(first?.kind).toBe('fraud_found');
  expect((await asUser('POST', `/users/me/notifications/${first?.id ?? ''}/read`)).status).toBe(404);
  expect((await asUser('GET', '/notifications')).status).toBe(403);
  const read = await asOperator('POST', `/notifications/${first?.id ?? ''}/read`);
  expect(read).toMatchObject({ status: 200, body: { readBy: `operator:${operator.user.id}` } });
  expect((await asUser('POST', '/users/me/notifications/read-all')).body).toEqual({ read: 1 });
  expect((await asUser('GET', '/users/me/notifications?unread=true')).body).toMatchObject({ items: [], unreadCount: 0 });
});

test("operators list a user's logins, including failures, page by page; an unknown user has none", async () => {
  const from = { 'user-agent': 'a phone' };
  await coffer.call('POST', '/users/login', { email: 'user@example.com', password: `not ${password}` }, from);
  await coffer.call('POST', '/users/login', { email: 'user@example.com', password }, from);
  const path = `/users/${user.user.id}/logins`;
  const first = await asOperator('GET', `${path}?limit=1`);
  expect(first.body['items']).toMatchObject([{ success: true, reason: null, clientIp: '127.0.0.1', userAgent: 'a phone' }]);
  const second = await asOperator('GET', `${path}?limit=1&cursor=${String(first.body['next'])}`);
  expect(second.body['items']).toMatchObject([{ success: false, reason: 'password_wrong', clientIp: '127.0.0.1', userAgent: 'a phone' }]);
  expect((await asUser('GET', path)).status).toBe(403);
  expect((await asOperator('GET', '/users/33333333-3333-4333-8333-333333333333/logins')).status).toBe(404);
});

test('a withdrawal that a rule may review is refused immediately, and the answer names the alternative', async () => {
  const review = { ...rule, id: 'review', kind: 'amount', action: 'review' };
  const large = { threshold: '500', movements: ['withdrawal'], assets: [3] };
  expect((await asOperator('POST', '/fraud/rules', { ...review, definition: large })).status).toBe(201);
  const ask = async () => await asUser('POST', `/wallet/${wallet}/withdraw`, { amount: 600 });
  await expect.poll(async () => (await ask()).status).toBe(422);
  const refused = await ask();
  expect(refused.body).toMatchObject({ code: 'review_required', wallet, detail: expect.stringContaining('"async": true') as string });
});

test('the owner of a wallet that a rule froze sees the freeze but not the rule, in every read', async () => {
  const key = '\u0001fraud/1-1-1-secret-rule';
  const reason = 'a fraud rule flagged the wallet';
  await coffer.product.commands.freeze({ wallet, sides: 'debits', key, reason, actor: 'fraud rule secret-rule' });
  const history = await asUser('GET', `/wallet/${wallet}/history?limit=1`);
  expect(history.body['items']).toMatchObject([{ type: 'freeze', requestId: null, reason }]);
  const [{ operationId } = { operationId: '' }] = history.body['items'] as { operationId: string }[];
  const operation = await asUser('GET', `/operations/${operationId}`);
  expect(operation).toMatchObject({ status: 200, body: { requestId: null, reason } });
  const live = await readLive(`${coffer.url}/wallet/${wallet}/events/live?after=0-0`, { authorization: user.authorization });
  const frozen = () => live.told.filter((event) => event.type === 'WalletFrozen');
  await expect.poll(frozen).toHaveLength(1);
  expect(JSON.stringify([history.body, operation.body, frozen()])).not.toContain('secret-rule');
});
