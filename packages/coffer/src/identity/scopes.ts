/** The scopes of an API key: what a service may do. */
export const scopeMeanings = {
  'wallets:read': 'wallets, histories, stats and operations',
  'wallets:open': 'open wallets',
  'money:deposit': 'deposit',
  'money:withdraw': 'withdraw',
  'money:withdraw:direct': 'send money to cash_out without a payout decision, where COFFER_PAYOUT requires one',
  'money:transfer': 'transfer between wallets',
  'money:spend': "spend from users' wallets",
  'money:topup': "top up users' wallets from the treasury",
  'money:backdate': 'set the effective date of an operation, within its bounds',
  'holds:write': 'place, capture and release holds',
  'requests:decide': 'approve and reject payouts, and replay failed requests',
  'batches:write': 'post many operations in one request, each as the other scopes allow',
  'controls:write': 'freeze wallets, close them (which may sweep their money to any wallet), and set limits and credit lines',
  'reversals:write': 'reverse operations',
  'periods:close': 'close periods, so that nothing is dated before them',
  'users:read': 'users',
  'users:write': 'create and invite users, make links for first passwords, and with controls:write delete users',
  'events:read': 'the event log',
  'webhooks:manage': 'webhooks; with events:read also their addresses and deliveries',
  'events:manage': 'failed events, as dead letters and in quarantine: list, retry, drop dead letters',
  'fraud:read': 'fraud rules, their findings, and notifications of staff',
  'fraud:write': 'change fraud rules',
  'audit:read': 'the record of API calls, with the e-mail and network addresses in it',
  'system:read': 'metrics and the state of the system',
  'assets:manage': 'add assets, rename and retire them',
  'money:issue': 'issue money into the treasury, and burn it',
  'money:accounts': 'name accounts of the chart, and built-in ones, as sides of a transfer',
  'accounts:read': 'accounts of the chart, their balances and histories, and reports',
  'accounts:manage': 'add accounts, rename them and change their parents',
  'keys:manage': 'API keys, up to its own scopes',
} as const;

export type Scope = keyof typeof scopeMeanings;

export const scopes = Object.keys(scopeMeanings) as readonly Scope[];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopeMeanings, text);
}
