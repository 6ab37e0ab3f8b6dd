/** Accounts as they begin: what they are called, how much they may hold, how far they may be debited. */
import type { Account, AccountKind, SystemKind, WalletSpec } from './types.ts';

/** Thirty-eight digits, for amounts and for wallets. */
export const maximumAmount = 10n ** 38n - 1n;
/** System accounts face all wallets at once: with room for a million million full ones, no caller can fill one up. */
const maximumSystemBalance = 10n ** 50n - 1n;

export function maximumBalance(kind: AccountKind): bigint {
  return kind === 'wallet' ? maximumAmount : maximumSystemBalance;
}

/** Money enters through issuance and cash-in, which go below zero by what is in circulation; a treasury gives only what it has. */
const systemFloor = {
  treasury: 0n,
  issuance: null,
  cash_in: null,
  cash_out: null,
  fees: 0n,
  in_transit: 0n,
  breakage: 0n,
} as const satisfies Record<SystemKind, bigint | null>;

/** `$` cannot occur in a wallet id that a client chooses, so the two never collide. */
export function systemAccountId(kind: SystemKind, asset: number): string {
  return `$${kind}/${asset}`;
}

export function openWallet(id: string, spec: WalletSpec, number: number): Account {
  return { number, id, kind: 'wallet', asset: spec.asset, owner: spec.owner, floor: spec.floor, balance: 0n, version: 0 };
}

export function openSystemAccount(kind: SystemKind, asset: number, number: number): Account {
  return { number, id: systemAccountId(kind, asset), kind, asset, owner: null, floor: systemFloor[kind], balance: 0n, version: 0 };
}
