/** New and changed accounts: their ids, their maximum balances and their floors. */
import type { Account, AccountKind, Controls, NamedSpec, Spent, SystemKind, WalletSpec } from './types.ts';

/** Thirty-eight digits, for amounts and for wallets. */
export const maximumAmount = 10n ** 38n - 1n;
/** System accounts face all wallets. With room for a million million full ones, no caller can fill one up. */
const maximumSystemBalance = 10n ** 50n - 1n;

export function maximumBalance(kind: AccountKind): bigint {
  return kind === 'wallet' ? maximumAmount : maximumSystemBalance;
}

/**
 * Money enters through issuance and cash-in, whose negative balance is what circulates; a treasury spends only what it has. For money in
 * transit, one book's account grows by what left the book and another's falls by what arrived: their sum over all books is what is under
 * way.
 */
export const systemFloor = {
  treasury: 0n,
  issuance: null,
  cash_in: null,
  cash_out: null,
  fees: 0n,
  in_transit: null,
  breakage: 0n,
} as const satisfies Record<SystemKind, bigint | null>;

/** The controls of an account that no operator has changed. */
export const openControls: Controls = { debits: 'open', credits: 'open', limits: null };

/** `$` cannot occur in a wallet id that a client chooses, so the two never collide. */
export function systemAccountId(kind: SystemKind, asset: number): string {
  return `$${kind}/${asset}`;
}

/** The id that an account of the chart has in books. `@` cannot begin a wallet id. */
export function namedId(id: string): string {
  return `@${id}`;
}

export function isNamedId(id: string): boolean {
  return id.startsWith('@');
}

const empty = { balance: 0n, held: 0n, controls: openControls, version: 0, previous: null } as const;
/** Nothing has left a new account, and that is known: its first limit may come in the same batch. */
const unspent: Spent = { at: 0, day: 0n, month: 0n };

export function isSystemAccountId(id: string): boolean {
  return id.startsWith('$');
}

/** Whether it is the id of an account that is no wallet: of the chart, or built in. */
export function isAccountId(id: string): boolean {
  return isNamedId(id) || isSystemAccountId(id);
}

/** Where an account is opened: its number, and the seq of its opening. */
export type OpeningPlace = { readonly number: number; readonly seq: number };

export function openWallet(id: string, { owner, asset, floor }: WalletSpec, place: OpeningPlace): Account {
  return { ...place, id, kind: 'wallet', asset, owner, floor, ...empty, spent: unspent };
}

export function openNamed(id: string, { asset, floor }: NamedSpec, place: OpeningPlace): Account {
  return { ...place, id, kind: 'named', asset, owner: null, floor, ...empty, spent: unspent };
}

export function openSystemAccount(kind: SystemKind, asset: number, place: OpeningPlace): Account {
  const id = systemAccountId(kind, asset);
  const floor = systemFloor[kind];
  return { ...place, id, kind, asset, owner: null, floor, ...empty, spent: null };
}

/** The most that may leave an account: excludes held amounts and keeps the floor. Null: unbounded. */
export function availableOf({ balance, held, floor }: Pick<Account, 'balance' | 'held' | 'floor'>): bigint | null {
  return floor === null ? null : balance - held - floor;
}

/** The account after the next entry. Written out rather than spread, because each posting makes two. */
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
    seq: 0, // not in the log yet
    previous: account.seq,
  };
}
