/**
 * Who may do what: one row for each operation of the product, by the name that it has in the OpenAPI document; a gRPC call has
 * the row of the REST operation that does the same. An operation without a row does not start.
 */
import { definitions, guarded, unguarded } from '../../operations/index.ts';
import type { OperationName as PostedName, Rule } from '../../operations/index.ts';

/** About the caller, as a user: services have no account. */
const myself = guarded('never', 'own', { open: 'user' });

const others = {
  // Pages and documents, without an operationId of their own.
  showPage: unguarded,
  health: unguarded,
  signUp: unguarded,
  logIn: unguarded,
  demoLogIn: unguarded,

  listAssets: guarded('wallets:read', 'any'),
  listMyWallets: guarded('wallets:read', 'own', { open: 'user' }),
  getWallet: guarded('wallets:read', 'own'),
  getHistory: guarded('wallets:read', 'own'),
  getStats: guarded('wallets:read', 'own'),
  getOperationByKey: guarded('wallets:read', 'own'),
  getOperation: guarded('wallets:read', 'own'),
  getTransfer: guarded('wallets:read', 'own'),
  getBalanceAt: guarded('wallets:read', 'own'),
  listHolds: guarded('wallets:read', 'own'),
  getHold: guarded('wallets:read', 'own'),
  listEvents: guarded('events:read', 'never'),
  streamEvents: guarded('events:read', 'never'),
  streamWalletEvents: guarded('events:read', 'own'),

  listDeadLetters: guarded('events:manage', 'never'),
  getDeadLetter: guarded('events:manage', 'never'),
  replayDeadLetter: guarded('events:manage', 'never'),
  replayDeadLetters: guarded('events:manage', 'never'),
  dropDeadLetter: guarded('events:manage', 'never', { open: 'as required' }),

  listSetAside: guarded('events:manage', 'never'),
  retrySetAside: guarded('events:manage', 'never'),
  retryAllSetAside: guarded('events:manage', 'never'),

  getRequest: guarded('wallets:read', 'own'),
  listRequests: guarded('wallets:read', 'own'),
  // Whether money leaves is not for its owner to say.
  approveRequest: guarded('requests:decide', 'never'),
  rejectRequest: guarded('requests:decide', 'never'),
  replayRequest: guarded('requests:decide', 'never'),

  // Each operation of a batch is looked up here by itself, too.
  postBatch: guarded('batches:write', 'never'),

  // What is sent to a webhook leaves this machine, and goes on after the mode has changed. Who says where it is sent, and who looks at
  // what was, reads events: for these three listEvents is asked, too.
  createWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  updateWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  getWebhookDelivery: guarded('webhooks:manage', 'never', { open: 'as required' }),
  listWebhooks: guarded('webhooks:manage', 'never', { open: 'as required' }),
  getWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  deleteWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  rotateWebhookSecret: guarded('webhooks:manage', 'never', { open: 'as required' }),
  testWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  replayWebhook: guarded('webhooks:manage', 'never', { open: 'as required' }),
  listWebhookDeliveries: guarded('webhooks:manage', 'never', { open: 'as required' }),
  replayWebhookDelivery: guarded('webhooks:manage', 'never', { open: 'as required' }),

  getMe: myself,
  updateMe: myself,
  deleteMe: myself,
  listMyLogins: myself,
  listMyNotifications: myself,
  readMyNotification: myself,
  readAllMyNotifications: myself,

  getMetrics: guarded('system:read', 'never'),
  listProjections: guarded('system:read', 'never'),
  // What others sent, their addresses included.
  listAudit: guarded('audit:read', 'never', { open: 'as required' }),

  // What protects others outlives the mode, and who knows the rules gets around them.
  listFraudRules: guarded('fraud:read', 'never', { open: 'as required' }),
  getFraudRule: guarded('fraud:read', 'never', { open: 'as required' }),
  dryRunFraudRule: guarded('fraud:read', 'never', { open: 'as required' }),
  listFraudFindings: guarded('fraud:read', 'never', { open: 'as required' }),
  addFraudRule: guarded('fraud:write', 'never', { open: 'as required' }),
  changeFraudRule: guarded('fraud:write', 'never', { open: 'as required' }),
  listNotifications: guarded('fraud:read', 'never', { open: 'as required' }),
  readNotification: guarded('fraud:write', 'never', { open: 'as required' }),
  readAllNotifications: guarded('fraud:write', 'never', { open: 'as required' }),

  createUser: guarded('users:write', 'never'),
  getUser: guarded('users:read', 'own'),
  listUsers: guarded('users:read', 'never', { open: 'as required' }),
  listLogins: guarded('users:read', 'never', { open: 'as required' }),
  setUserRole: guarded('never', 'never', { open: 'as required', staff: 'admin' }),

  listKeys: guarded('keys:manage', 'never', { open: 'as required', staff: 'admin' }),
  createKey: guarded('keys:manage', 'never', { open: 'as required', staff: 'admin' }),
  rotateKey: guarded('keys:manage', 'never', { open: 'as required', staff: 'admin' }),
  revokeKey: guarded('keys:manage', 'never', { open: 'as required', staff: 'admin' }),
} as const satisfies Record<string, Rule>;

/** The operations that post bring their rules along. */
const posted = Object.fromEntries(definitions.map(({ name, access }) => [name, access])) as Record<PostedName, Rule>;

export const policy: Readonly<Record<PostedName | keyof typeof others, Rule>> = { ...posted, ...others };

export type OperationName = keyof typeof policy;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(policy, name);
}

export function ruleOf(operation: OperationName): Rule {
  return policy[operation];
}
