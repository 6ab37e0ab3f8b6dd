/** Separation of duties: what staff may do with what is not their own, by role. Each operation is part of one duty. */
import type { Scope } from './scopes.ts';
import type { Role } from './types.ts';

/** Duties, each with its meaning. */
export const dutyMeanings = {
  self: 'their own account and wallets',
  read: 'read everything: users, wallets, the log, findings, the audit',
  post: 'send batches and decide about pending operations; each operation also needs its own duty',
  money: 'move money, open and close wallets, grant credit, close periods, decide about payouts',
  risk: 'place and release holds, freeze wallets, set limits, manage fraud rules, create and suspend users',
  system: 'manage webhooks, dead letters and quarantined events',
  admin: 'roles, API keys, approval policies, assets and the chart of accounts',
} as const;

export type Duty = keyof typeof dutyMeanings;
export type StaffRole = Exclude<Role, 'user'>;

/** The one table of roles. `operator` is the role of earlier versions: everything but `admin`. */
export const dutiesOf: Readonly<Record<StaffRole, readonly Duty[]>> = {
  support: ['self', 'read'],
  treasury: ['self', 'read', 'post', 'money'],
  risk: ['self', 'read', 'post', 'risk'],
  operator: ['self', 'read', 'post', 'money', 'risk', 'system'],
  admin: ['self', 'read', 'post', 'money', 'risk', 'system', 'admin'],
};

/** The duty of what a scope allows, unless an operation names another. */
export const dutyOfScope: Readonly<Record<Scope, Duty>> = {
  'wallets:read': 'read',
  'wallets:open': 'money',
  'money:deposit': 'money',
  'money:withdraw': 'money',
  'money:withdraw:direct': 'money',
  'money:transfer': 'money',
  'money:spend': 'money',
  'money:topup': 'money',
  'money:backdate': 'money',
  'holds:write': 'risk',
  'requests:decide': 'money',
  'batches:write': 'post',
  'controls:write': 'risk',
  'reversals:write': 'money',
  'periods:close': 'money',
  'users:read': 'read',
  'users:write': 'risk',
  'events:read': 'read',
  'webhooks:manage': 'system',
  'events:manage': 'system',
  'fraud:read': 'read',
  'fraud:write': 'risk',
  'audit:read': 'read',
  'system:read': 'read',
  'assets:manage': 'admin',
  'money:issue': 'money',
  'money:accounts': 'money',
  'accounts:read': 'read',
  'accounts:manage': 'admin',
  'keys:manage': 'admin',
};

export function hasDuty(role: Role, duty: Duty): boolean {
  return role !== 'user' && dutiesOf[role].includes(duty);
}

/** The roles with a duty, in the order of the table. */
export function rolesWith(duty: Duty): readonly StaffRole[] {
  return (Object.keys(dutiesOf) as StaffRole[]).filter((role) => hasDuty(role, duty));
}
