/** Accounts as they begin and as they change: what they are called, how much they may hold, how far they may be debited. */
import type { Account, AccountKind, Controls, Spent, SystemKind, WalletSpec } from './types.ts';

/** Thirty-eight digits, for amounts and for wallets. */
export const maximumAmount = 10n ** 38n - 1n;
/** System accounts face all wallets at once: with room for a million million full ones, no caller can fill one up. */
const maximumSystemBalance = 10n ** 50n - 1n;

export function maximumBalance(kind: AccountKind): bigint {
  return kind === 'wallet' ? maximumAmount : maximumSystemBalance;
}

/**
 * Money enters through issuance and cash-in, which go below zero by what is in circulation; a treasury gives only what it has. In transit,
 * one book's account grows by what left it and another's falls by what arrived: what is under way is their sum over all books.
 */
const systemFloor = {
  treasury: 0n,
  issuance: null,
  cash_in: null,
  cash_out: null,
  fees: 0n,
  in_transit: null,
  breakage: 0n,
} as const satisfies Record<SystemKind, bigint | null>;

/** Of every account that no operator has touched. */
export const openControls: Controls = { debits: 'open', credits: 'open', limits: null };

/** `$` cannot occur in a wallet id that a client chooses, so the two never collide. */
export function systemAccountId(kind: SystemKind, asset: number): string {
  return `$${kind}/${asset}`;
}

/** Nothing has left it yet, which is known from here on: its first limit may come in the same batch. */
const unspent: Spent = { at: 0, day: 0n, month: 0n };

export function isSystemAccountId(id: string): boolean {
  return id.startsWith('$');
}

export function openWallet(id: string, { owner, asset, floor }: WalletSpec, number: number): Account {
  return { number, id, kind: 'wallet', asset, owner, floor, balance: 0n, held: 0n, controls: openControls, spent: unspent, version: 0 };
}

export function openSystemAccount(kind: SystemKind, asset: number, number: number): Account {
  const id = systemAccountId(kind, asset);
  const floor = systemFloor[kind];
  return { number, id, kind, asset, owner: null, floor, balance: 0n, held: 0n, controls: openControls, spent: null, version: 0 };
}

/** What may leave an account: not what is held, and not below its floor. Null: as much as one likes. */
export function availableOf({ balance, held, floor }: Pick<Account, 'balance' | 'held' | 'floor'>): bigint | null {
  return floor === null ? null : balance - held - floor;
}

/** What the next entry leaves of an account. Written out, since this is made twice for each posting. */
export function changed(
  account: Account,
  balance: bigint,
  held: bigint,
  { floor, controls, spent }: Pick<Account, 'floor' | 'controls' | 'spent'>,
): Account {
  return {
    number: account.number,
    id: account.id,
    kind: account.kind,
    asset: account.asset,
    owner: account.owner,
    floor,
    balance,
    held,
    controls,
    spent,
    version: account.version + 1,
  };
}
