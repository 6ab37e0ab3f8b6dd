// Every operation of the policy by every kind of caller, on its own data and on another caller's: over real HTTP, in required mode.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policy, ruleOf } from '../../packages/coffer/src/gateway/access/index.ts';
import type { OperationName } from '../../packages/coffer/src/gateway/access/index.ts';
import { assert, newId } from '../../packages/coffer/src/kernel/index.ts';
import { startWatched } from '../observe/watched.ts';
import type { Answer, TestProduct } from '../http/product.ts';
import { authorizationOf, callers, declared, password, peopleOf, person, service } from './world.ts';
import type { People, Person } from './world.ts';
import { roles, scopes } from '../../packages/coffer/src/identity/index.ts';
import type { Scope } from '../../packages/coffer/src/identity/index.ts';

/** The subject of a request. Every part of an unknown subject is well-formed but does not exist. */
type Target = {
  readonly user: string;
  readonly wallet: string;
  readonly operation: string;
  readonly transfer: string;
  readonly hold: string;
  readonly request: string;
};

/** `keyless`: it takes no idempotency key for the whole request. */
type Asked = { readonly method: string; readonly path: string; readonly body?: object; readonly keyless?: true };
type Case = {
  readonly ask: (target: Target) => Asked | Promise<Asked>;
  /** The answer to an authorized caller. */
  readonly passes: number;
  /** Its subject has no owner, or is the caller. */
  readonly objectless?: true;
  /** The answer continues for as long as the client reads. */
  readonly endless?: true;
  /** Scopes that a service needs in addition to the scope of the operation, for the subject of this one. */
  readonly beside?: readonly Scope[];
  /** Another operation that the caller must also be allowed to do. */
  readonly also?: OperationName;
};

const requestId = 'asked-by-the-matrix';
const nowhere = newId();
let asked = 0;
const get = (path: (target: Target) => string): Case => ({ ask: (target) => ({ method: 'GET', path: path(target) }), passes: 200 });
const post = (passes: number, path: (target: Target) => string, body: (target: Target) => object): Case => ({
  ask: (target) => ({ method: 'POST', path: path(target), body: body(target) }),
  passes,
});
const put = (path: (target: Target) => string, body: (target: Target) => object): Case => ({
  ask: (target) => ({ method: 'PUT', path: path(target), body: body(target) }),
  passes: 200,
});
const token = `cofl_${'x'.repeat(43)}`;
const reason = 'asked by the matrix';
const decided = (decision: string): Case => ({
  ask: ({ request }) => ({ method: 'POST', path: `/requests/${request}/${decision}`, body: { reason }, keyless: true }),
  passes: 409,
});
const amountRule = { threshold: '5000000', movements: ['spend'], assets: 'all' };
/** Undoes the effect of an earlier caller, so that each caller has something to do. */
const frozenAndBack = (what: string, opposite: string): Case => ({
  ask: async ({ wallet }) => {
    await coffer.call('POST', `/wallet/${wallet}/${opposite}`, { reason }, { authorization: people.admin.authorization });
    return { method: 'POST', path: `/wallet/${wallet}/${what}`, body: { reason } };
  },
  passes: 201,
});
const about = (nothing: Case): Case => ({ ...nothing, objectless: true });
const publicUrl = 'https://93.184.215.14/hooks';
/** One webhook shared by all requests that do not delete it. */
const aWebhook = async (): Promise<string> => {
  const { product } = coffer;
  const made = await product.webhooks.create({
    url: publicUrl,
    description: '',
    types: ['*'],
    wallet: null,
    owner: null,
    createdBy: 'the matrix',
  });
  assert('endpoint' in made, 'the webhook is made');
  return made.endpoint.id;
};
const aDelivery = async (): Promise<string> => {
  const webhook = await aWebhook();
  const sent = await coffer.product.webhooks.test(webhook);
  assert('id' in sent, 'the test is made');
  return `/webhooks/${webhook}/deliveries/${sent.id}`;
};
/** A key that lives only as long as the request. */
const aKey = async (): Promise<string> => (await service(coffer.product, ['keys:manage'])).slice('Bearer cof_'.length).split('_')[0] ?? '';

const cases = {
  showPage: about(get(() => '/')),
  health: about(get(() => '/health')),
  signUp: about(
    post(
      201,
      () => '/users/signup',
      () => ({ email: `new${asked++}@example.com`, name: 'New', password }),
    ),
  ),
  logIn: about(
    post(
      200,
      () => '/users/login',
      () => ({ email: 'user@example.com', password }),
    ),
  ),
  askForProof: about(
    post(
      202,
      () => '/users/proofs',
      () => ({ email: 'user@example.com' }),
    ),
  ),
  askForPasswordReset: about(
    post(
      202,
      () => '/users/password-resets',
      () => ({ email: 'user@example.com' }),
    ),
  ),
  // They accept any caller; the token is of no link.
  confirmEmail: about(
    post(
      404,
      () => '/users/proofs/confirm',
      () => ({ token }),
    ),
  ),
  resetPassword: about(
    post(
      404,
      () => '/users/password-resets/confirm',
      () => ({ token, password }),
    ),
  ),
  acceptInvitation: about(
    post(
      404,
      () => '/users/invitations/accept',
      () => ({ token, name: 'New', password }),
    ),
  ),
  inviteUser: about(
    post(
      202,
      () => '/users/invitations',
      () => ({ email: `invited${asked++}@example.com` }),
    ),
  ),
  // It accepts any caller, and refuses all of them in this mode.
  demoLogIn: about(
    post(
      403,
      () => '/auth/login',
      () => ({ user_id: '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32' }),
    ),
  ),
  listAssets: about(get(() => '/assets')),
  addAsset: about(
    post(
      201,
      () => '/assets',
      () => ({ code: `A${asked++}`, scale: 0, name: 'An asset', kind: 'virtual' }),
    ),
  ),
  changeAsset: about({ ask: () => ({ method: 'PATCH', path: '/assets/POINTS', body: { name: 'Points' } }), passes: 200 }),
  listAccounts: get(() => '/accounts'),
  getAccount: get(() => '/accounts/treasury'),
  getTrialBalance: get(() => '/reports/trial-balance'),
  getBalanceSheet: get(() => '/reports/balance-sheet'),
  getIncome: get(() => '/reports/income'),
  addAccount: post(
    201,
    () => '/accounts',
    () => ({ id: `revenue:r${asked++}`, asset: 'USD', type: 'revenue', name: 'Revenue' }),
  ),
  changeAccount: { ask: () => ({ method: 'PATCH', path: '/accounts/revenue:none', body: { name: 'None' } }), passes: 404 },
  // It already exists; a caller without permission to open it must not learn that.
  openWallet: post(
    409,
    () => '/wallet',
    ({ user }) => ({ ownerId: user, asset: 'USD' }),
  ),
  listMyWallets: get(({ user }) => `/wallet?ownerId=${user}`),
  getWallet: get(({ wallet }) => `/wallet/${wallet}`),
  getHistory: get(({ wallet }) => `/wallet/${wallet}/history`),
  getStats: get(({ wallet }) => `/wallet/${wallet}/stats`),
  getOperationByKey: get(({ wallet }) => `/wallet/${wallet}/operations/funds?keyspace=service`),
  getOperation: get(({ operation }) => `/operations/${operation}`),
  getTransfer: get(({ transfer }) => `/transfers/${transfer}`),
  getBalanceAt: get(({ wallet }) => `/wallet/${wallet}/balance?at=2999-01-01T00:00:00Z`),
  findOperations: about(get(() => '/operations')),
  findHolds: about(get(() => '/holds')),
  search: about(get(() => '/search?q=w1')),
  findWallets: about(get(() => '/wallets')),
  listHolds: get(({ wallet }) => `/wallet/${wallet}/holds`),
  getHold: get(({ hold }) => `/holds/${hold}`),
  getRequest: get(({ request }) => `/requests/${request}`),
  listRequests: get(({ wallet }) => `/requests?walletId=${wallet}`),
  // Refused for a reason other than the caller: no worker has started on it.
  approveRequest: decided('approve'),
  rejectRequest: decided('reject'),
  replayRequest: decided('replay'),
  listApprovals: about(get(() => '/approvals')),
  getApproval: about({ ...get(() => `/approvals/${nowhere}`), passes: 404 }),
  approveOperation: about({ ask: () => ({ method: 'POST', path: `/approvals/${nowhere}/approve`, body: {}, keyless: true }), passes: 404 }),
  rejectOperation: about({
    ask: () => ({ method: 'POST', path: `/approvals/${nowhere}/reject`, body: { reason }, keyless: true }),
    passes: 404,
  }),
  cancelOperation: about({ ask: () => ({ method: 'POST', path: `/approvals/${nowhere}/cancel`, keyless: true }), passes: 404 }),
  listApprovalPolicies: about(get(() => '/approval-policies')),
  // It waits for another admin.
  setApprovalPolicy: about({
    ask: () => ({ method: 'PUT', path: '/approval-policies/matrix', body: { operation: '*', makers: ['key'], reason } }),
    passes: 202,
  }),
  removeApprovalPolicy: about({
    ask: () => ({ method: 'DELETE', path: '/approval-policies/own-wallets', body: { reason } }),
    passes: 202,
  }),
  authorizeHold: post(
    201,
    ({ wallet }) => `/wallet/${wallet}/holds`,
    () => ({ amount: 1 }),
  ),
  captureHold: post(
    201,
    ({ hold }) => `/holds/${hold}/capture`,
    () => ({ amount: 1, to: 'fees' }),
  ),
  releaseHold: post(
    201,
    ({ hold }) => `/holds/${hold}/release`,
    () => ({ amount: 1 }),
  ),
  postBatch: {
    ask: ({ wallet }) => ({
      method: 'POST',
      path: '/operations/batch',
      body: { operations: [{ type: 'transfer', walletId: wallet, toWalletId: third.wallet, amount: 1 }] },
      keyless: true,
    }),
    passes: 200,
    beside: ['money:transfer'],
  },
  backdate: {
    ask: ({ wallet }) => ({
      method: 'POST',
      path: `/wallet/${wallet}/deposit`,
      body: { amount: 1, effectiveAt: new Date().toISOString() },
    }),
    passes: 201,
    objectless: true,
    beside: ['money:deposit'],
  },
  nameAccount: {
    ask: ({ wallet }) => ({ method: 'POST', path: '/transfers', body: { from: { account: 'cash_in' }, to: { wallet }, amount: 1 } }),
    passes: 201,
    objectless: true,
    beside: ['money:transfer'],
  },
  listClosings: about(get(() => '/closings')),
  closePeriod: about({
    ask: () => ({ method: 'POST', path: '/closings', body: { before: '2020-01-01T00:00:00Z', reason }, keyless: true }),
    passes: 201,
  }),
  reverseOperation: post(
    201,
    ({ operation }) => `/operations/${operation}/reverse`,
    () => ({ amount: 1, reason }),
  ),
  freezeWallet: frozenAndBack('freeze', 'unfreeze'),
  unfreezeWallet: frozenAndBack('unfreeze', 'freeze'),
  // Refused for a reason other than the caller: all the wallets hold money.
  closeWallet: post(
    422,
    ({ wallet }) => `/wallet/${wallet}/close`,
    () => ({ reason }),
  ),
  setLimits: put(
    ({ wallet }) => `/wallet/${wallet}/limits`,
    () => ({ perMonth: 1_000_000 + asked++, reason }),
  ),
  setCreditLine: put(
    ({ wallet }) => `/wallet/${wallet}/credit-line`,
    () => ({ creditLimit: 1_000 + asked++, reason }),
  ),
  listEvents: about(get(() => '/events')),
  listDeadLetters: about(get(() => '/dead-letters')),
  // For an authorized caller, the name is unknown.
  getDeadLetter: about({ ...get(() => '/dead-letters/4711'), passes: 404 }),
  replayDeadLetter: about({ ask: () => ({ method: 'POST', path: '/dead-letters/4711/replay', keyless: true }), passes: 404 }),
  replayDeadLetters: about({ ask: () => ({ method: 'POST', path: '/dead-letters/replay', keyless: true }), passes: 200 }),
  dropDeadLetter: about({ ask: () => ({ method: 'DELETE', path: '/dead-letters/4711' }), passes: 404 }),
  listSetAside: about(get(() => '/projections/stats/set-aside')),
  retryAllSetAside: about(
    post(
      200,
      () => '/projections/stats/set-aside/retry',
      () => ({ reason }),
    ),
  ),
  retrySetAside: about(
    post(
      404,
      () => '/projections/stats/set-aside/1-4711-1/retry',
      () => ({ reason }),
    ),
  ),
  deposit: post(
    201,
    ({ wallet }) => `/wallet/${wallet}/deposit`,
    () => ({ amount: 1 }),
  ),
  withdraw: post(
    201,
    ({ wallet }) => `/wallet/${wallet}/withdraw`,
    () => ({ amount: 1 }),
  ),
  transfer: post(
    201,
    ({ wallet }) => `/wallet/${wallet}/transfer`,
    () => ({ amount: 1, toWalletId: third.wallet }),
  ),
  issue: about(
    post(
      201,
      () => '/accounts/treasury/issue',
      () => ({ amount: 1, reason }),
    ),
  ),
  burn: about(
    post(
      201,
      () => '/accounts/treasury/burn',
      () => ({ amount: 1, asset: 'GOLD', reason }),
    ),
  ),
  move: post(
    201,
    () => '/transfers',
    ({ wallet }) => ({ amount: 1, from: { wallet }, to: { wallet: third.wallet } }),
  ),
  topUp: post(
    200,
    () => '/wallet/topup',
    ({ user }) => ({ amount: 1, asset_type_id: 1, user_id: user }),
  ),
  spend: post(
    200,
    () => '/wallet/spend',
    ({ user }) => ({ amount: 1, asset_type_id: 1, user_id: user }),
  ),
  createWebhook: about({
    ask: () => ({ method: 'POST', path: '/webhooks', body: { url: publicUrl } }),
    passes: 201,
    beside: ['events:read'],
  }),
  listWebhooks: about(get(() => '/webhooks')),
  getWebhook: about({ ask: async () => ({ method: 'GET', path: `/webhooks/${await aWebhook()}` }), passes: 200 }),
  updateWebhook: about({
    ask: async () => ({ method: 'PATCH', path: `/webhooks/${await aWebhook()}`, body: { types: ['*'] } }),
    passes: 200,
    beside: ['events:read'],
  }),
  deleteWebhook: about({ ask: async () => ({ method: 'DELETE', path: `/webhooks/${await aWebhook()}` }), passes: 200 }),
  rotateWebhookSecret: about({ ask: async () => ({ method: 'POST', path: `/webhooks/${await aWebhook()}/rotate` }), passes: 200 }),
  testWebhook: about({ ask: async () => ({ method: 'POST', path: `/webhooks/${await aWebhook()}/test` }), passes: 202 }),
  replayWebhook: about({
    ask: async () => ({ method: 'POST', path: `/webhooks/${await aWebhook()}/replay`, body: { since: '2026-01-01T00:00:00Z' } }),
    passes: 202,
  }),
  listWebhookDeliveries: about({ ask: async () => ({ method: 'GET', path: `/webhooks/${await aWebhook()}/deliveries` }), passes: 200 }),
  getWebhookDelivery: about({
    ask: async () => ({ method: 'GET', path: await aDelivery() }),
    passes: 200,
    beside: ['events:read'],
  }),
  replayWebhookDelivery: about({ ask: async () => ({ method: 'POST', path: `${await aDelivery()}/replay` }), passes: 202 }),
  streamEvents: about({ ...get(() => '/events/live'), endless: true }),
  streamWalletEvents: { ...get(({ wallet }) => `/wallet/${wallet}/events/live`), endless: true },
  getMe: about(get(() => '/users/me')),
  // Limited by the hour: each caller asks once or twice.
  exportMe: about(get(() => '/users/me/export')),
  updateMe: about({ ask: () => ({ method: 'PATCH', path: '/users/me', body: { name: 'Renamed' } }), passes: 200 }),
  // Refused for a reason other than the caller: all the wallets hold money.
  deleteMe: about({ ask: () => ({ method: 'DELETE', path: '/users/me' }), passes: 422 }),
  listMySessions: about(get(() => '/auth/sessions')),
  // No such session; each caller keeps the one in use.
  endMySession: about({ ask: ({ user }) => ({ method: 'DELETE', path: `/auth/sessions/${user}` }), passes: 404 }),
  endMySessions: about({ ask: () => ({ method: 'DELETE', path: '/auth/sessions' }), passes: 200 }),
  logOut: 'ends the session in use',
  // The ticket is unknown.
  startLoginPasskey: about({ ask: () => ({ method: 'POST', path: '/users/login/passkey-options', body: { ticket: 'x' } }), passes: 401 }),
  finishLogin: about({
    ask: () => ({ method: 'POST', path: '/users/login/second-factor', body: { ticket: 'x', passcode: '123456' } }),
    passes: 401,
  }),
  proveMe: about({ ask: () => ({ method: 'POST', path: '/auth/proof', body: { currentPassword: password } }), passes: 200 }),
  startMyProof: about({ ask: () => ({ method: 'POST', path: '/auth/proof/passkey-options' }), passes: 409 }),
  listMyFactors: about(get(() => '/users/me/factors')),
  enrolMyTotp: about({ ask: () => ({ method: 'POST', path: '/users/me/factors/totp', body: { name: 'a phone' } }), passes: 201 }),
  confirmMyTotp: about({
    ask: ({ user }) => ({ method: 'POST', path: `/users/me/factors/totp/${user}/confirm`, body: { passcode: '123456' } }),
    passes: 404,
  }),
  // Passkeys are off here.
  startMyPasskey: about({ ask: () => ({ method: 'POST', path: '/users/me/factors/passkey/options' }), passes: 409 }),
  addMyPasskey: about({
    ask: () => ({
      method: 'POST',
      path: '/users/me/factors/passkey',
      body: { name: 'a key', passkey: { id: 'AA', rawId: 'AA', type: 'public-key', response: {} } },
    }),
    passes: 409,
  }),
  removeMyFactor: about({ ask: ({ user }) => ({ method: 'DELETE', path: `/users/me/factors/${user}` }), passes: 404 }),
  // Nobody here has a second factor.
  renewMyRecoveryCodes: about({ ask: () => ({ method: 'POST', path: '/users/me/recovery-codes' }), passes: 404 }),
  listMyLogins: about(get(() => '/users/me/logins')),
  listMyNotifications: about(get(() => '/users/me/notifications')),
  // The name is unknown, and an authorized caller gets that answer.
  readMyNotification: about({ ask: () => ({ method: 'POST', path: '/users/me/notifications/999999/read' }), passes: 404 }),
  readAllMyNotifications: about({ ask: () => ({ method: 'POST', path: '/users/me/notifications/read-all' }), passes: 200 }),
  listNotifications: about(get(() => '/notifications')),
  readNotification: about({ ask: () => ({ method: 'POST', path: '/notifications/999999/read' }), passes: 404 }),
  readAllNotifications: about({ ask: () => ({ method: 'POST', path: '/notifications/read-all' }), passes: 200 }),
  listFraudRules: about(get(() => '/fraud/rules')),
  getFraudRule: about(get(() => '/fraud/rules/withdrawal-amount')),
  dryRunFraudRule: about(
    post(
      200,
      () => '/fraud/rules/dry-run',
      () => ({ id: 'withdrawal-amount' }),
    ),
  ),
  listFraudFindings: about(get(() => '/fraud/findings')),
  addFraudRule: about(
    post(
      201,
      () => '/fraud/rules',
      () => ({ id: `rule-${asked++}`, name: 'A rule', kind: 'amount', definition: amountRule, action: 'flag', enabled: false, reason }),
    ),
  ),
  changeFraudRule: about({
    ask: () => ({ method: 'PATCH', path: '/fraud/rules/withdrawal-amount', body: { name: `Renamed ${asked++}`, reason } }),
    passes: 200,
  }),
  createUser: 'over gRPC only',
  findUser: 'over gRPC only',
  closeWallets: 'over gRPC only',
  createPasswordLink: 'over gRPC only',
  // For an authorized caller, there is no such user.
  deleteUser: about({
    ask: () => ({ method: 'DELETE', path: `/users/${newId()}?reason=${encodeURIComponent(reason)}` }),
    passes: 404,
    beside: ['controls:write'],
    also: 'closeWallets',
  }),
  getUser: get(({ user }) => `/users/${user}`),
  exportUser: { ...get(({ user }) => `/users/${user}/export`), beside: ['wallets:read'] },
  listUsers: about(get(() => '/users')),
  listLogins: get(({ user }) => `/users/${user}/logins`),
  // Another user than the callers, who still need their tokens.
  suspendUser: about({
    ask: () => ({ method: 'POST', path: `/users/${third.user}/suspend`, body: { reason }, keyless: true }),
    passes: 200,
  }),
  reinstateUser: about({
    ask: () => ({ method: 'POST', path: `/users/${third.user}/reinstate`, body: { reason }, keyless: true }),
    passes: 200,
  }),
  endSessionsOfUser: about({ ask: () => ({ method: 'DELETE', path: `/users/${third.user}/sessions?reason=asked` }), passes: 200 }),
  listSubjects: about(get(() => `/users/${third.user}/subjects`)),
  linkSubject: about(
    put(
      () => `/users/${third.user}/subjects`,
      () => ({ issuer: 'https://login.example.com', subject: `subject-${asked++}` }),
    ),
  ),
  unlinkSubject: about({ ask: () => ({ method: 'DELETE', path: `/users/${third.user}/subjects/${third.user}` }), passes: 404 }),
  setUserRole: { ask: ({ user }) => ({ method: 'PATCH', path: `/users/${user}`, body: { role: 'user' } }), passes: 200 },
  getMetrics: about(get(() => '/metrics')),
  listProjections: about(get(() => '/projections')),
  listAudit: about(get(() => '/audit')),
  listChanges: about(get(() => '/audit/changes')),
  listKeys: about(get(() => '/keys')),
  createKey: about(
    post(
      201,
      () => '/keys',
      () => ({ name: 'made', scopes: ['keys:manage'] }),
    ),
  ),
  // There is no such key: services rotate only keys that they created.
  rotateKey: about({ ask: () => ({ method: 'POST', path: `/keys/${'a'.repeat(16)}/rotate`, body: {} }), passes: 404 }),
  revokeKey: about({ ask: async () => ({ method: 'DELETE', path: `/keys/${await aKey()}` }), passes: 200 }),
} as const satisfies Record<OperationName, Case | 'over gRPC only' | 'ends the session in use'>;

let coffer: TestProduct;
let people: People;
let own: Target;
let foreign: Target;
let third: Target;
let unknown: Target;

beforeAll(async () => {
  coffer = await startWatched({ mode: 'required' });
  people = await peopleOf(coffer.product);
  // The last admin could not delete their account.
  const another = await person(coffer.product, 'another-admin', 'admin');
  third = await targetOf(await person(coffer.product, 'third', 'user'));
  foreign = await targetOf(await person(coffer.product, 'foreign', 'user'));
  own = await targetOf(people.user);
  // Each could delete the account otherwise.
  for (const role of roles) if (role !== 'user') await targetOf(people[role], another);
  unknown = {
    user: nowhere,
    wallet: `${nowhere}.USD`,
    operation: '1-999999999',
    transfer: '1-999999999',
    hold: '1-999999999',
    request: newId(),
  };
});
afterAll(async () => {
  await coffer.stop();
});

/** A user's wallets with money in them, and an operation and a transfer that concern no other user. */
async function targetOf({ user: { id } }: Person, { authorization }: Person = people.admin): Promise<Target> {
  const byAdmin = { authorization };
  const wallet = `${id}.USD`;
  const deposit = await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000, requestId: 'funds' }, byAdmin);
  await coffer.call('POST', '/wallet', { id: `till-of-${id}`, asset: 'USD' }, byAdmin);
  const transfer = await coffer.call('POST', `/wallet/${wallet}/transfer`, { toWalletId: `till-of-${id}`, amount: 1 }, byAdmin);
  const topUp = await coffer.call('POST', '/wallet/topup', { amount: 100, asset_type_id: 1, user_id: id }, byAdmin);
  expect([deposit.status, transfer.status, topUp.status]).toEqual([201, 201, 200]);
  const hold = await coffer.call('POST', `/wallet/${wallet}/holds`, { amount: 100 }, byAdmin);
  const later = await coffer.call('POST', `/wallet/${wallet}/withdraw`, { amount: 1, async: true }, byAdmin);
  return {
    user: id,
    wallet,
    operation: String(deposit.body['operationId']),
    transfer: String(transfer.body['operationId']),
    hold: String(hold.body['holdId']),
    request: String(later.body['id']),
  };
}

async function send(request: Asked, authorization: string | undefined): Promise<Answer> {
  return await coffer.call(request.method, request.path, request.body, {
    ...(authorization !== undefined && { authorization }),
    ...(request.method === 'POST' && request.keyless !== true && { 'idempotency-key': `${requestId}-${asked}` }),
  });
}

/** For an answer that does not end, only the head. */
async function sendEndless({ path }: Asked, authorization: string | undefined): Promise<Answer> {
  const cut = new AbortController();
  const answer = await fetch(`${coffer.url}${path}`, { headers: authorization === undefined ? {} : { authorization }, signal: cut.signal });
  if (answer.ok) {
    cut.abort();
    return { status: answer.status, headers: answer.headers, body: {}, text: '' };
  }
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Answer['body'], text };
}

async function headOfLog(): Promise<number> {
  const { rows } = await coffer.pool.query<{ seq: string }>('select max(seq)::text as seq from ledger.entry');
  return Number(rows[0]?.seq);
}

/** An answer without the parts that differ between any two answers: the requested ids and the time. */
function shape(answer: Answer, target: Target): object {
  const names = Object.values(target).toSorted((a, b) => b.length - a.length);
  const text = names.reduce((body, name) => body.replaceAll(name, '…'), answer.text);
  const headers = [...answer.headers].filter(
    ([name]) => !['date', 'x-request-id', 'content-length', 'keep-alive', 'connection'].includes(name),
  );
  return { status: answer.status, text, headers };
}

/** Whether the answer about another caller's resource equals the one about a missing resource; returns both when they differ. */
function compared(answer: Answer, target: Target, nothingThere: Answer): string {
  const [seen, unseen] = [shape(answer, target), shape(nothingThere, unknown)].map((shaped) => JSON.stringify(shaped));
  const refused = answer.status === 403 || answer.status === 404;
  return refused && seen === unseen ? 'as if it were not there' : `${seen} against ${unseen}`;
}

function told({ status, body, headers }: Answer, passes: number): string {
  if (status === passes) return 'passes';
  if (status === 401 && body['code'] === 'unauthenticated' && headers.get('www-authenticate') === 'Bearer') return 'who are you';
  return status === 403 && body['code'] === 'forbidden' ? 'forbidden' : `status ${status}`;
}

const overHttp = Object.entries(cases).flatMap(([name, how]) =>
  how === 'over gRPC only' || how === 'ends the session in use' ? [] : [[name as OperationName, how as Case] as const],
);

describe.each(overHttp)('%s', (operation, how) => {
  const rule = ruleOf(operation);
  const targets = how.objectless ? (['own'] as const) : (['own', 'foreign'] as const);
  test.each(
    callers.flatMap((caller) =>
      targets.map(
        (target) =>
          [
            caller,
            target,
            how.also && declared(rule, caller, target) === 'passes'
              ? declared(ruleOf(how.also), caller, target)
              : declared(rule, caller, target),
          ] as const,
      ),
    ),
  )('%s, %s: %s', async (caller, target, outcome) => {
    asked++;
    const authorization = await authorizationOf(caller, rule, people, coffer.product, how.beside);
    const [request, aboutNothing] = [await how.ask(target === 'own' ? own : foreign), await how.ask(unknown)];
    const headBefore = await headOfLog();
    const answer = how.endless ? await sendEndless(request, authorization) : await send(request, authorization);
    const hidden = outcome === 'as if it were not there';
    const observed = hidden
      ? compared(answer, target === 'own' ? own : foreign, await send(aboutNothing, authorization))
      : told(answer, how.passes);
    expect([observed, answer.text]).toEqual([outcome, answer.text]);
    expect(outcome === 'passes' || (await headOfLog()) === headBefore).toBe(true);
  });
});

test('rules that the policy must never contain', () => {
  const named = (holds: (name: OperationName) => boolean) => (Object.keys(policy) as OperationName[]).filter(holds).toSorted();
  expect(named((name) => ruleOf(name).kind === 'public')).toEqual([
    'acceptInvitation',
    'askForPasswordReset',
    'askForProof',
    'confirmEmail',
    'demoLogIn',
    'finishLogin',
    'health',
    'logIn',
    'resetPassword',
    'showPage',
    'signUp',
    'startLoginPasskey',
  ]);
  expect(named((name) => ruleOf(name).kind === 'guarded' && ruleOf(name).user === 'any')).toEqual(['listAssets']);
  for (const name of ['deposit', 'topUp', 'listEvents', 'listUsers', 'createUser', 'setUserRole', 'createKey', 'rotateKey'] as const)
    expect([name, ruleOf(name).user]).toEqual([name, 'never']);
  for (const name of ['setUserRole', 'listKeys', 'createKey', 'rotateKey', 'revokeKey'] as const)
    expect([name, ruleOf(name).staff, ruleOf(name).open]).toEqual([name, 'admin', 'as required']);
  expect(ruleOf('setUserRole').service).toBe('never');
});

test("a payer does not learn the recipient's balance, and a recipient does not learn the payer's balance or idempotency key", async () => {
  const { user } = people;
  const headers = { authorization: user.authorization };
  const paid = await coffer.call(
    'POST',
    `/wallet/${own.wallet}/transfer`,
    { toWalletId: foreign.wallet, amount: 5, requestId: 'secret' },
    headers,
  );
  expect(paid).toMatchObject({
    status: 201,
    body: { from: { walletId: own.wallet }, to: { walletId: foreign.wallet, balance: null, version: null } },
  });
  expect(paid.body['from']).toMatchObject({ balance: expect.stringMatching(/^\d+$/) as string });
  const id = String(paid.body['operationId']);
  const byPayer = await coffer.call('GET', `/operations/${id}`, undefined, headers);
  expect(byPayer.body).toMatchObject({ requestId: 'secret', credit: { walletId: foreign.wallet, balance: null } });
  const foreignSession = await coffer.product.sessions.login({ email: 'foreign@example.com', password });
  assert('token' in foreignSession, 'the password is right');
  const byRecipient = await coffer.call('GET', `/operations/${id}`, undefined, { authorization: `Bearer ${foreignSession.token}` });
  expect(byRecipient).toMatchObject({ status: 200, body: { requestId: null, debit: { balance: null, version: null } } });
  expect(byRecipient.body['credit']).toMatchObject({ balance: expect.stringMatching(/^\d+$/) as string });
});

test("refusals of a user's requests are visible to that user only", async () => {
  const headers = { authorization: people.user.authorization };
  const refused = await coffer.call('POST', `/wallet/${own.wallet}/transfer`, { toWalletId: foreign.wallet, amount: 10_000_000 }, headers);
  expect(refused).toMatchObject({ status: 422, body: { code: 'insufficient_funds' } });
  const path = `/operations/${String(refused.body['operationId'])}`;
  expect((await coffer.call('GET', path, undefined, headers)).status).toBe(200);
  const session = await coffer.product.sessions.login({ email: 'foreign@example.com', password });
  assert('token' in session, 'the password is right');
  expect((await coffer.call('GET', path, undefined, { authorization: `Bearer ${session.token}` })).status).toBe(404);
});

test('permission to post batches does not permit every operation in a batch', async () => {
  const headers = { authorization: await service(coffer.product, ['batches:write', 'money:transfer']) };
  const transfer = { type: 'transfer', walletId: own.wallet, toWalletId: third.wallet, amount: 1 };
  const head = await headOfLog();
  for (const operation of [
    { type: 'deposit', walletId: own.wallet, amount: 1 },
    { type: 'hold', walletId: own.wallet, amount: 1 },
    { type: 'release', holdId: own.hold },
    { type: 'topup', user_id: own.user, asset_type_id: 1, amount: 1 },
    { type: 'spend', user_id: own.user, asset_type_id: 1, amount: 1 },
    { type: 'reverse', operationId: own.operation, reason },
    { type: 'freeze', walletId: own.wallet, reason },
    { type: 'unfreeze', walletId: own.wallet, reason },
    { type: 'close', walletId: own.wallet, reason },
    { type: 'setLimits', walletId: own.wallet, perDay: 1, reason },
    { type: 'setCreditLine', walletId: own.wallet, creditLimit: 1, reason },
  ]) {
    const refused = await coffer.call('POST', '/operations/batch', { operations: [transfer, operation] }, headers);
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(refused.body['detail']).toMatch(
      /^operations\[1\]: The API key needs the scope `(money:(deposit|topup|spend)|holds:write|reversals:write|controls:write)`\. An admin can create a key/,
    );
  }
  expect(await headOfLog()).toBe(head);
});

test('permission to manage webhooks does not permit sending events to new addresses or reading them', async () => {
  const webhook = await aWebhook();
  const delivery = await aDelivery();
  const counted = async () =>
    await coffer.pool.query<{ count: string; urls: string }>('select count(*), max(url) as urls from webhooks.endpoint');
  const before = await counted();
  const lacking = {
    authorization: await service(
      coffer.product,
      scopes.filter((scope) => scope !== 'events:read'),
    ),
  };
  for (const [method, path, body] of [
    ['POST', '/webhooks', { url: 'https://93.184.215.15/all' }],
    ['PATCH', `/webhooks/${webhook}`, { url: 'https://93.184.215.15/all' }],
    ['PATCH', `/webhooks/${newId()}`, { types: ['*'] }],
    ['GET', delivery, undefined],
  ] as const) {
    const refused = await coffer.call(method, path, body, lacking);
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(refused.body['detail']).toMatch(/^The API key needs the scope `events:read`\. An admin can create a key/);
  }
  expect((await counted()).rows).toEqual(before.rows);
  // Existing webhooks continue, and can be managed and switched off.
  const alone = { authorization: await service(coffer.product, ['webhooks:manage']) };
  expect((await coffer.call('GET', `/webhooks/${webhook}/deliveries`, undefined, alone)).status).toBe(200);
  expect((await coffer.call('DELETE', `/webhooks/${webhook}`, undefined, alone)).status).toBe(200);
});

test("a service tops up and spends users' credits in batches with only the scopes it needs, and names their owners", async () => {
  const headers = { authorization: await service(coffer.product, ['batches:write', 'money:topup', 'money:spend']) };
  const batch = async (...operations: object[]) => await coffer.call('POST', '/operations/batch', { operations }, headers);
  const credits = { asset_type_id: 1, amount: 2 };
  const done = await batch(
    { type: 'topup', user_id: own.user, ...credits },
    { type: 'spend', user_id: foreign.user.toUpperCase(), ...credits },
  );
  expect(done).toMatchObject({ status: 200, body: { completed: 2, results: [{ type: 'topup' }, { type: 'spend' }] } });
  const head = await headOfLog();
  expect(await batch({ type: 'topup', ...credits })).toMatchObject({
    status: 400,
    body: { detail: 'operations[0]: Send the user\'s id as "user_id".' },
  });
  expect(await batch({ type: 'topup', user_id: own.user, ...credits }, { type: 'topup', user_id: unknown.user, ...credits })).toMatchObject(
    {
      status: 404,
      body: {
        code: 'user_not_found',
        detail: 'operations[1]: There is no such user, or the account was deleted. Check the id; operators can list the users.',
      },
    },
  );
  expect(await headOfLog()).toBe(head);
  // A user has these operations individually, but no batches.
  const byUser = { authorization: people.user.authorization };
  expect(await coffer.call('POST', '/operations/batch', { operations: [{ type: 'spend', ...credits }] }, byUser)).toMatchObject({
    status: 403,
  });
});

test('credit granted with a wallet needs the scope for credit', async () => {
  const headers = { authorization: await service(coffer.product, ['wallets:open']) };
  const open = async (creditLimit: string) => (await coffer.call('POST', '/wallet', { id: newId(), creditLimit }, headers)).status;
  expect([await open('0'), await open('1')]).toEqual([201, 403]);
});

test('users see the holds on their own wallets and why a wallet was frozen, but not who froze it', async () => {
  const headers = { authorization: people.user.authorization };
  const byOperator = { authorization: people.operator.authorization };
  expect((await coffer.call('GET', `/wallet/${own.wallet}/holds`, undefined, headers)).body['items']).not.toEqual([]);
  const frozen = await coffer.call('POST', `/wallet/${own.wallet}/freeze`, { reason: 'looked into' }, byOperator);
  expect(frozen.body['actor']).toBe(`operator:${people.operator.user.id}`);
  const path = `/operations/${String(frozen.body['operationId'])}`;
  const seen = await coffer.call('GET', path, undefined, headers);
  expect([seen.body['reason'], Object.keys(seen.body).includes('actor')]).toEqual(['looked into', false]);
  expect((await coffer.call('GET', path, undefined, byOperator)).body['actor']).toBe(`operator:${people.operator.user.id}`);
  await coffer.call('POST', `/wallet/${own.wallet}/unfreeze`, { reason: 'looked into' }, byOperator);
});

test('a service that manages keys with an API key grants no scope that it lacks', async () => {
  const headers = { authorization: await service(coffer.product, ['keys:manage', 'wallets:read']) };
  const exceeded = { status: 403, body: { code: 'scopes_exceeded' } };
  expect(await coffer.call('POST', '/keys', { name: 'k', scopes: ['money:deposit'] }, headers)).toMatchObject(exceeded);
  const strong = (await service(coffer.product, ['keys:manage', 'money:deposit'])).slice('Bearer cof_'.length).split('_')[0] ?? '';
  expect(await coffer.call('POST', `/keys/${strong}/rotate`, {}, headers)).toMatchObject(exceeded);
  expect(await coffer.call('DELETE', `/keys/${strong}`, undefined, headers)).toMatchObject(exceeded);
  expect((await coffer.call('POST', '/keys', { name: 'k', scopes: ['wallets:read'] }, headers)).status).toBe(201);
});

const idOf = (authorization: string) => authorization.slice('Bearer cof_'.length).split('_')[0] ?? '';

test('a service gets no secret of a key that it did not create, not even within its scopes: it would act under that name', async () => {
  const manager = await service(coffer.product, ['keys:manage', 'wallets:read']);
  const other = await service(coffer.product, ['wallets:read']);
  const rotate = async (id: string, authorization = manager) =>
    await coffer.call('POST', `/keys/${id}/rotate`, { overlapHours: 1 }, { authorization });
  expect(await rotate(idOf(other))).toMatchObject({ status: 403, body: { code: 'key_of_others' } });
  const create = async (authorization: string) =>
    await coffer.call('POST', '/keys', { name: 'k', scopes: ['keys:manage', 'wallets:read'] }, { authorization });
  const child = await create(manager);
  const grandchild = await create(`Bearer ${String(child.body['secret'])}`);
  const idIn = ({ body }: typeof child) => (body['key'] as { id: string }).id;
  expect([(await rotate(idIn(child))).status, (await rotate(idIn(grandchild))).status, (await rotate(idOf(manager))).status]).toEqual([
    200, 200, 200,
  ]);
  expect(await rotate(idOf(manager), `Bearer ${String(child.body['secret'])}`)).toMatchObject({ status: 403 });
});

test('a key that is bound to addresses creates no key that is valid elsewhere', async () => {
  const manager = await coffer.call(
    'POST',
    '/keys',
    { name: 'bound', scopes: ['keys:manage', 'wallets:read'], networks: ['127.0.0.0/8', '2001:db8::/32'] },
    { authorization: people.admin.authorization },
  );
  const headers = { authorization: `Bearer ${String(manager.body['secret'])}` };
  const create = async (networks?: string[]) =>
    await coffer.call('POST', '/keys', { name: 'k', scopes: ['wallets:read'], ...(networks && { networks }) }, headers);
  for (const networks of [['0.0.0.0/0'], ['127.0.0.1', '10.0.0.1'], ['126.0.0.0/7'], ['::/0'], ['2001:db9::/32']])
    expect(await create(networks)).toMatchObject({ status: 403, body: { code: 'networks_exceeded' } });
  expect(await create(['127.3.0.0/16', '2001:db8:7::/48'])).toMatchObject({ status: 201 });
  expect(await create()).toMatchObject({ status: 201, body: { key: { networks: ['127.0.0.0/8', '2001:db8::/32'] } } });
});
