/**
 * The policy: one row per operation of the product, by its name in the OpenAPI document; a gRPC call uses the row of the
 * equivalent REST operation. An operation without a row aborts the start.
 */
import { definitions, guarded, unguarded } from '../../operations/index.ts';
import type { OperationName as PostedName, Rule } from '../../operations/index.ts';

/** About the caller as a user: services have no account. */
const myself = guarded('never', 'own', { open: 'user' });
const myLogin: Rule = { ...myself, beforeFactor: true };
/** With a stolen session alone it would let the thief stay, or give rights to others. */
const fresh = { fresh: true } as const;

const others = {
  // Pages and documents, which have no operationId.
  showPage: unguarded,
  health: unguarded,
  signUp: { ...unguarded, counted: true },
  logIn: { ...unguarded, counted: true },
  startLoginPasskey: { ...unguarded, counted: true },
  finishLogin: { ...unguarded, counted: true },
  askForProof: { ...unguarded, counted: true },
  confirmEmail: { ...unguarded, counted: true },
  askForPasswordReset: { ...unguarded, counted: true },
  resetPassword: { ...unguarded, counted: true },
  acceptInvitation: { ...unguarded, counted: true },
  demoLogIn: { ...unguarded, counted: true },

  listAssets: guarded('wallets:read', 'any'),
  addAsset: guarded('assets:manage', 'never'),
  changeAsset: guarded('assets:manage', 'never'),
  listAccounts: guarded('accounts:read', 'never'),
  addAccount: guarded('accounts:manage', 'never'),
  changeAccount: guarded('accounts:manage', 'never'),
  getAccount: guarded('accounts:read', 'never'),
  getTrialBalance: guarded('accounts:read', 'never'),
  getBalanceSheet: guarded('accounts:read', 'never'),
  getIncome: guarded('accounts:read', 'never'),
  listMyWallets: guarded('wallets:read', 'own', { open: 'user' }),
  getWallet: guarded('wallets:read', 'own'),
  getHistory: guarded('wallets:read', 'own'),
  getStats: guarded('wallets:read', 'own'),
  getOperationByKey: guarded('wallets:read', 'own'),
  getOperation: guarded('wallets:read', 'own'),
  getTransfer: guarded('wallets:read', 'own'),
  getBalanceAt: guarded('wallets:read', 'own'),
  findOperations: guarded('wallets:read', 'own'),
  findHolds: guarded('wallets:read', 'own'),
  findWallets: guarded('wallets:read', 'own'),
  // Users only for callers who may also list them.
  search: guarded('wallets:read', 'own'),
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
  // Owners do not decide about payouts from their own wallets.
  approveRequest: guarded('requests:decide', 'never'),
  rejectRequest: guarded('requests:decide', 'never'),
  replayRequest: guarded('requests:decide', 'never'),

  // A decision also needs what the operation needs.
  listApprovals: guarded('wallets:read', 'never', { open: 'as required' }),
  getApproval: guarded('wallets:read', 'never', { open: 'as required' }),
  approveOperation: guarded('requests:decide', 'never', { open: 'as required', staff: 'post' }),
  rejectOperation: guarded('requests:decide', 'never', { open: 'as required', staff: 'post' }),
  // Only by its maker.
  cancelOperation: guarded('wallets:read', 'never', { open: 'as required' }),
  listApprovalPolicies: guarded('wallets:read', 'never', { open: 'as required' }),
  setApprovalPolicy: guarded('never', 'never', { open: 'as required', staff: 'admin', ...fresh }),
  removeApprovalPolicy: guarded('never', 'never', { open: 'as required', staff: 'admin', ...fresh }),

  // No route of its own: an effective date needs it, in addition to the operation.
  backdate: guarded('money:backdate', 'never'),
  // No route of its own, either: to name an account needs it, in addition to the transfer.
  nameAccount: guarded('money:accounts', 'never'),
  listClosings: guarded('wallets:read', 'never'),
  closePeriod: guarded('periods:close', 'never', { open: 'as required' }),

  // Each operation of a batch is also checked separately.
  postBatch: guarded('batches:write', 'never'),

  // Webhook deliveries leave this machine, and continue after the mode has changed. Choosing their address, or reading
  // deliveries, is reading events: these three also require listEvents.
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

  getMe: myLogin,
  exportMe: myself,
  updateMe: myself,
  deleteMe: { ...myself, ...fresh },
  listMyLogins: myself,
  listMySessions: myLogin,
  endMySession: myLogin,
  endMySessions: myLogin,
  logOut: myLogin,
  startMyProof: myLogin,
  proveMe: myLogin,
  listMyFactors: myLogin,
  enrolMyTotp: { ...myLogin, ...fresh },
  confirmMyTotp: { ...myLogin, ...fresh },
  startMyPasskey: { ...myLogin, ...fresh },
  addMyPasskey: { ...myLogin, ...fresh },
  removeMyFactor: { ...myself, ...fresh },
  renewMyRecoveryCodes: { ...myself, ...fresh },
  listMyNotifications: myself,
  readMyNotification: myself,
  readAllMyNotifications: myself,

  getMetrics: guarded('system:read', 'never'),
  listProjections: guarded('system:read', 'never'),
  // Rows of other callers, including their addresses.
  listAudit: guarded('audit:read', 'never', { open: 'as required' }),
  listChanges: guarded('audit:read', 'never', { open: 'as required' }),

  // Rules that protect others apply in any mode, and knowing the rules helps to evade them.
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
  // Sends e-mail, to any address.
  inviteUser: guarded('users:write', 'never', { open: 'as required' }),
  getUser: guarded('users:read', 'own'),
  findUser: guarded('users:read', 'never', { open: 'as required' }),
  // Closing the wallets is checked separately, as closing one wallet is.
  deleteUser: guarded('users:write', 'never', { open: 'as required' }),
  // It may sweep money away.
  closeWallets: guarded('controls:write', 'never', { open: 'as required', staff: 'money' }),
  // Staff could use the account under its owner's name: an admin can become anyone anyway.
  createPasswordLink: guarded('users:write', 'never', { open: 'as required', staff: 'admin', ...fresh }),
  // With the wallets: it also requires getHistory.
  exportUser: guarded('users:read', 'never', { open: 'as required' }),
  listUsers: guarded('users:read', 'never', { open: 'as required' }),
  listLogins: guarded('users:read', 'never', { open: 'as required' }),
  setUserRole: guarded('never', 'never', { open: 'as required', staff: 'admin', ...fresh }),
  // A linked subject can use the account.
  listSubjects: guarded('never', 'never', { open: 'as required', staff: 'admin' }),
  linkSubject: guarded('never', 'never', { open: 'as required', staff: 'admin', ...fresh }),
  unlinkSubject: guarded('never', 'never', { open: 'as required', staff: 'admin', ...fresh }),
  // Only an admin can suspend staff. None of these needs a fresh proof: they stop harm.
  suspendUser: guarded('never', 'never', { open: 'as required', staff: 'risk' }),
  reinstateUser: guarded('never', 'never', { open: 'as required', staff: 'risk' }),
  endSessionsOfUser: guarded('never', 'never', { open: 'as required', staff: 'risk' }),

  listKeys: guarded('keys:manage', 'never', { open: 'as required' }),
  createKey: guarded('keys:manage', 'never', { open: 'as required', ...fresh }),
  rotateKey: guarded('keys:manage', 'never', { open: 'as required', ...fresh }),
  revokeKey: guarded('keys:manage', 'never', { open: 'as required' }),
} as const satisfies Record<string, Rule>;

/** Posting operations define their own rules. */
const posted = Object.fromEntries(definitions.map(({ name, access }) => [name, access])) as Record<PostedName, Rule>;

export const policy: Readonly<Record<PostedName | keyof typeof others, Rule>> = { ...posted, ...others };

/** Whether staff see other people's data by it, which the audit records: everything guarded that is not only about the caller. */
export function readsOthers(operation: OperationName): boolean {
  const { kind, user } = ruleOf(operation);
  return kind === 'guarded' && user !== 'any' && !isAboutCaller(operation) && operation !== 'getMetrics' && operation !== 'listProjections';
}

function isAboutCaller(operation: OperationName): boolean {
  const { service, user } = ruleOf(operation);
  return service === 'never' && user === 'own';
}

export type OperationName = keyof typeof policy;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(policy, name);
}

export function ruleOf(operation: OperationName): Rule {
  return policy[operation];
}
