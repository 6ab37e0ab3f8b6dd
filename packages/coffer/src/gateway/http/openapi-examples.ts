/**
 * One example for each operation that needs more than a path without parameters; the documentation page sends it as it is. Sent
 * to a fresh demo in the order of the document, each answers 2xx, or the status given here. No example has an idempotency key:
 * sent again, it is a new request.
 */
import { definitions } from '../../operations/index.ts';

type Example = {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** The status if it is not 2xx: the thing it names has to be created first, or the demo does not allow it. */
  readonly answers?: number;
};

const alice = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';
const bob = 'b55709be-d0f6-467e-942c-cc04155ad54c';
const factor = { factorId: alice };
const funded = { id: 'w1' };
/** The operations that the examples of transfer and authorizeHold cause. */
const transferred = { operationId: '1-20' };
const held = { holdId: '1-23' };
/** A placeholder for an id that only an answer can supply. */
const named = (parameters: Readonly<Record<string, string>>, body?: object): Example => ({
  parameters,
  ...(body && { body }),
  answers: 404,
});
/** Of a link that an e-mail carries. */
const token = `cofl_${'x'.repeat(43)}`;
const request = { asyncRequestId: '019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60' };
const approval = { approvalId: '019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60' };
const webhook = { webhookId: alice };
const delivery = { ...webhook, deliveryId: '1' };

export const examples: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(definitions.map(({ name, example }) => [name, example])),
  addAsset: { body: { code: 'JPY', scale: 0, name: 'Yen', kind: 'currency' } },
  changeAsset: { parameters: { code: 'POINTS' }, body: { name: 'Bonus Points' } },
  addAccount: { body: { id: 'revenue:marketplace', asset: 'USD', type: 'revenue', name: 'Marketplace revenue' } },
  changeAccount: { parameters: { id: 'revenue:marketplace' }, body: { name: 'Revenue of the marketplace' } },
  getAccount: { parameters: { id: 'treasury', asset: 'GOLD' } },
  getIncome: { parameters: { since: '2026-01-01T00:00:00Z' } },
  getWallet: { parameters: funded },
  getBalanceAt: { parameters: { ...funded, at: '2999-01-01T00:00:00Z' } },
  getHistory: { parameters: funded },
  getStats: { parameters: funded },
  getOperationByKey: { parameters: { id: 'w2', key: 'seed', keyspace: 'service' } },
  findOperations: { parameters: { kind: 'transfer', count: 'estimate' } },
  findHolds: { parameters: { state: 'open' } },
  search: { parameters: { q: 'w1' } },
  findWallets: { parameters: { asset: 'USD', sort: 'balance' } },
  listHolds: { parameters: funded },
  getHold: { parameters: held },
  demoLogIn: { body: { user_id: alice } },
  signUp: { body: { email: 'jane@example.com', name: 'Jane Doe', password: 'correct horse battery staple' } },
  logIn: { body: { email: 'jane@example.com', password: 'correct horse battery staple' } },
  startLoginPasskey: { body: { ticket: 'a-login-ticket' }, answers: 401 },
  finishLogin: { body: { ticket: 'a-login-ticket', passcode: '123456' }, answers: 401 },
  // The demo users have no password.
  proveMe: { body: { currentPassword: 'correct horse battery staple' }, answers: 403 },
  // Passkeys need COFFER_WEBAUTHN_ORIGIN.
  startMyProof: { answers: 409 },
  enrolMyTotp: { body: { name: 'my phone' } },
  confirmMyTotp: named(factor, { passcode: '123456' }),
  startMyPasskey: { answers: 409 },
  addMyPasskey: {
    body: { name: 'my laptop', passkey: { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response: {} } },
    answers: 409,
  },
  removeMyFactor: named(factor),
  renewMyRecoveryCodes: { answers: 404 },
  endSessionsOfUser: { parameters: { userId: bob, reason: 'reported as stolen' } },
  listSubjects: { parameters: { userId: bob } },
  linkSubject: { parameters: { userId: bob }, body: { issuer: 'https://login.example.com', subject: '00u1a2b3c4' } },
  unlinkSubject: named({ userId: bob, subjectId: alice }),
  askForProof: { body: { email: 'jane@example.com' } },
  confirmEmail: named({}, { token }),
  askForPasswordReset: { body: { email: 'jane@example.com' } },
  resetPassword: named({}, { token, password: 'another good long password' }),
  inviteUser: { body: { email: 'joe@example.com', name: 'Joe Doe' } },
  acceptInvitation: named({}, { token, name: 'Joe Doe', password: 'correct horse battery staple' }),
  updateMe: { body: { name: 'Alice' } },
  // Alice's wallets hold money.
  deleteMe: { answers: 422 },
  getUser: { parameters: { userId: alice } },
  setUserRole: { parameters: { userId: bob }, body: { role: 'operator' } },
  deleteUser: named({ userId: request.asyncRequestId, reason: 'asked to be forgotten' }),
  suspendUser: { parameters: { userId: bob }, body: { reason: 'reported as stolen' } },
  reinstateUser: { parameters: { userId: bob }, body: { reason: 'the owner called' } },
  listLogins: { parameters: { userId: alice } },
  exportUser: { parameters: { userId: alice } },
  createKey: { body: { name: 'billing', scopes: ['wallets:read'] } },
  rotateKey: named({ keyId: '0000000000000000' }, { overlapHours: 24 }),
  revokeKey: named({ keyId: '0000000000000000' }),
  getOperation: { parameters: transferred },
  getTransfer: { parameters: transferred },
  getRequest: named(request),
  approveRequest: named(request, { reason: 'looked into' }),
  rejectRequest: named(request, { reason: 'unknown account' }),
  replayRequest: named(request, { reason: 'the account is known by now' }),
  getApproval: named(approval),
  approveOperation: named(approval, { reason: 'checked with the customer' }),
  rejectOperation: named(approval, { reason: 'wrong customer' }),
  cancelOperation: named(approval),
  setApprovalPolicy: {
    parameters: { policyId: 'large-deposits' },
    body: { operation: 'deposit', above: '100000', makers: ['treasury', 'operator', 'admin'], reason: 'four eyes from 1,000.00 on' },
  },
  removeApprovalPolicy: { parameters: { policyId: 'own-wallets' }, body: { reason: 'replaced' } },
  postBatch: {
    body: {
      operations: [
        { type: 'deposit', walletId: 'w1', amount: 20 },
        { type: 'transfer', walletId: 'w1', toWalletId: 'w2', amount: 20 },
      ],
    },
  },
  getDeadLetter: named({ deadLetterId: '1' }),
  dropDeadLetter: named({ deadLetterId: '1' }),
  replayDeadLetter: named({ deadLetterId: '1' }),
  listSetAside: { parameters: { projection: 'stats' } },
  retryAllSetAside: { parameters: { projection: 'stats' }, body: { reason: 'the cause was removed' } },
  retrySetAside: named({ projection: 'stats', eventId: '1-1-1' }, { reason: 'the cause was removed' }),
  streamWalletEvents: { parameters: funded },
  createWebhook: { body: { url: 'https://example.com/hooks/coffer', types: ['FundsDeposited'] } },
  getWebhook: named(webhook),
  updateWebhook: named(webhook, { description: 'for the shop' }),
  deleteWebhook: named(webhook),
  rotateWebhookSecret: named(webhook),
  replayWebhook: named(webhook, { since: '2026-01-31T12:00:00Z' }),
  testWebhook: named(webhook),
  listWebhookDeliveries: named(webhook),
  getWebhookDelivery: named(delivery),
  replayWebhookDelivery: named(delivery),
  closePeriod: { body: { before: '2026-01-01T00:00:00Z', reason: 'the year is reported' } },
  addFraudRule: {
    body: {
      id: 'many-withdrawals',
      name: 'Several withdrawals within a minute',
      kind: 'velocity',
      definition: { count: 3, windowSeconds: 60, movements: ['withdrawal'], assets: 'all' },
      action: 'flag',
      reason: 'to be watched',
    },
  },
  getFraudRule: { parameters: { rule: 'many-withdrawals' } },
  changeFraudRule: { parameters: { rule: 'many-withdrawals' }, body: { enabled: false, reason: 'too many findings' } },
  dryRunFraudRule: { body: { id: 'many-withdrawals' } },
  readMyNotification: named({ notificationId: '1' }),
  readNotification: named({ notificationId: '1' }),
  endMySession: named({ sessionId: alice }),
};
