/** What an account of the chart may be: its id, type, floor and name. */
import { choiceOf } from '../../kernel/index.ts';
import { assetNameMistake } from '../assets/rules.ts';
import { maximumAmount, systemFloor } from '../rules/accounts.ts';
import type { SystemKind } from '../rules/types.ts';

/** The type decides in which report and on which side an account is shown. The ledger's arithmetic has no types. */
export const accountTypes = ['asset', 'liability', 'equity', 'revenue', 'expense'] as const;
export type AccountType = (typeof accountTypes)[number];

/**
 * The types of the accounts that every book has. What was issued faces what the treasury has not handed out: both are equity, so that only
 * what reached wallets is owed. Wallets are liabilities.
 */
export const systemAccountTypes = {
  treasury: 'equity',
  issuance: 'equity',
  cash_in: 'asset',
  cash_out: 'asset',
  fees: 'revenue',
  in_transit: 'liability',
  breakage: 'revenue',
} as const satisfies Record<SystemKind, AccountType>;

const systemNames: Readonly<Record<SystemKind, string>> = {
  treasury: 'Treasury',
  issuance: 'Issuance',
  cash_in: 'Cash in',
  cash_out: 'Cash out',
  fees: 'Fees',
  in_transit: 'In transit',
  breakage: 'Breakage',
};

/** The accounts that every book has in each asset. */
export const systemAccounts = (Object.keys(systemNames) as SystemKind[]).map((id) => ({
  id,
  type: systemAccountTypes[id],
  name: systemNames[id],
  floor: systemFloor[id],
}));

/** In reports: all wallets of an asset together. */
export const walletsName = 'wallets';

export type NewAccount = {
  readonly id: string;
  /** The number of its asset. */
  readonly asset: number;
  readonly type: AccountType;
  readonly name: string;
  /** The lowest balance a debit may leave, in minor units; null: unbounded. */
  readonly floor: bigint | null;
  /** An account of the same asset and type, under which reports show it; null: none. */
  readonly parent: string | null;
};

/** What changes about an account; absent: it stays. */
export type AccountChange = { readonly name?: string | undefined; readonly parent?: string | null | undefined };

export const accountIdLengthMax = 64;
/** Each process caches all of them. */
export const accountsMax = 10_000;

export const accountIdPattern = '^[a-z][a-z0-9_-]*(:[a-z0-9_-]+)*$';
const accountId = new RegExp(accountIdPattern);

export function isSystemKind(id: string): id is SystemKind {
  return Object.hasOwn(systemAccountTypes, id);
}

/** Why this is not an account, as a sentence; null when it is one. */
export function accountMistake({ id, type, name, floor }: NewAccount): string | null {
  if (!accountTypes.includes(type)) return `The type must be ${choiceOf(accountTypes)}.`;
  if (floor !== null && (floor > maximumAmount || floor < -maximumAmount)) return 'The floor has at most 38 digits.';
  // An account cannot begin above its floor: it begins empty.
  if (floor !== null && floor > 0n)
    return 'The floor must be 0 or less, because an account begins empty. Omit it for an account without a floor.';
  return accountIdMistake(id) ?? assetNameMistake(name);
}

export function accountIdMistake(id: string): string | null {
  if (id.length > accountIdLengthMax || !accountId.test(id))
    return `The id of an account has 1 to ${accountIdLengthMax} characters: lower case words of a-z, 0-9, _ and -, joined by colons, beginning with a letter, such as revenue:marketplace.`;
  if (isSystemKind(id) || id === walletsName) return `"${id}" is built in. Choose another id.`;
  return null;
}
