/**
 * The rules of the ledger. Pure: a view of the book and an operation in, a decision out; no clock, no I/O, no randomness.
 *
 * Read `decideTransfer` top to bottom: each guard returns one named refusal, in the order of precedence of refusals.ts.
 */
import type { Refusal, RefusalCode } from './refusals.ts';
import { maximumAmount, maximumBalance, openSystemAccount, openWallet } from './accounts.ts';
import type { Asked } from './asked.ts';
import { initiatingSide } from './types.ts';
import type { Account, AccountRef, OpenOperation, Operation, RecordedEntry, SystemKind, TransferOperation } from './types.ts';

/** What a decision may depend on. */
export type BookView = {
  wallet(id: string): Account | undefined;
  system(kind: SystemKind, asset: number): Account | undefined;
  /** What the initiating account's key was used for before, if it was. */
  remembered(asked: Asked): RecordedEntry | undefined;
  knowsAsset(asset: number): boolean;
  readonly nextAccountNumber: number;
};

/** New facts, a refusal, or the outcome that is already on record. Accounts are given as they stand after. */
export type Decision =
  | {
      readonly type: 'posted';
      readonly opened: readonly Account[];
      readonly debit: Account;
      readonly credit: Account;
      readonly scope: number;
    }
  | { readonly type: 'opened'; readonly account: Account }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly scope: number | null }
  | { readonly type: 'replayed'; readonly entry: RecordedEntry };

export function decide(book: BookView, asked: Asked): Decision {
  const before = book.remembered(asked);
  if (before && isRetry(before, asked)) return { type: 'replayed', entry: before };
  if (before) return refuse('idempotency_key_reused', null, { key: asked.operation.key });

  return asked.operation.kind === 'open' ? decideOpen(book, asked.operation) : decideTransfer(book, asked.operation);
}

function decideOpen(book: BookView, asked: OpenOperation): Decision {
  const existing = book.wallet(asked.wallet);
  const { asset } = asked.opens;

  if (existing) return refuse('wallet_exists', existing.number, { wallet: asked.wallet });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', null, { asset });

  return { type: 'opened', account: openWallet(asked.wallet, asked.opens, book.nextAccountNumber) };
}

function decideTransfer(book: BookView, asked: TransferOperation): Decision {
  const { asset, debit, credit, opened, initiator } = partiesOf(book, asked);
  const { amount, expectedVersion } = asked;
  const version = initiator ? initiator.version : 0;
  const scope = initiator ? initiator.number : null;

  if (amount < 1n || amount > maximumAmount) return refuse('amount_invalid', scope, { amount });
  if (isSameAccount(asked.debit, asked.credit)) return refuse('same_wallet', scope, { wallet: nameOf(asked.debit) });
  if (asset === undefined) return refuse('wallet_not_found', scope, { wallet: nameOf(asked[initiatingSide[asked.kind]]) });
  if (!book.knowsAsset(asset)) return refuse('asset_unknown', scope, { asset });
  if (!debit) return refuse(missing('debit', asked), scope, { wallet: nameOf(asked.debit) });
  if (!credit) return refuse(missing('credit', asked), scope, { wallet: nameOf(asked.credit) });
  if (debit.asset !== asset) return refuse('asset_mismatch', scope, { wallet: debit.id, walletAsset: debit.asset, asset });
  if (credit.asset !== asset) return refuse('asset_mismatch', scope, { wallet: credit.id, walletAsset: credit.asset, asset });
  if (expectedVersion !== undefined && expectedVersion !== version) {
    return refuse('version_stale', scope, { expectedVersion, currentVersion: version });
  }
  if (debit.floor !== null && debit.balance - amount < debit.floor) {
    return refuse('insufficient_funds', scope, { wallet: debit.id, available: debit.balance - debit.floor, requested: amount });
  }
  if (debit.balance - amount < -maximumBalance(debit.kind)) return refuse('balance_limit', scope, { wallet: debit.id });
  if (credit.balance + amount > maximumBalance(credit.kind)) return refuse('balance_limit', scope, { wallet: credit.id });

  const posted = { debit: moved(debit, -amount), credit: moved(credit, amount) };
  return { type: 'posted', opened, ...posted, scope: posted[initiatingSide[asked.kind]].number };
}

/** The digest leaves the asset out, because most callers do: a caller who names it means that one. */
export function isRetry(before: RecordedEntry, { operation, digest }: Asked): boolean {
  const asset = operation.kind === 'open' ? operation.opens.asset : operation.asset;
  return before.digest === digest && (asset === undefined || before.asset === null || before.asset === asset);
}

function refuse(code: RefusalCode, scope: number | null, facts: Readonly<Record<string, string | number | bigint>>): Decision {
  const told = Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, String(fact)]));
  return { type: 'refused', refusal: { code, facts: told }, scope };
}

function missing(side: 'debit' | 'credit', asked: TransferOperation): RefusalCode {
  return side === initiatingSide[asked.kind] ? 'wallet_not_found' : 'recipient_not_found';
}

function moved(account: Account, amount: bigint): Account {
  return {
    number: account.number,
    id: account.id,
    kind: account.kind,
    asset: account.asset,
    owner: account.owner,
    floor: account.floor,
    balance: account.balance + amount,
    version: account.version + 1,
  };
}

type Parties = {
  readonly asset: number | undefined;
  /** As they stand, or as they are opened on the way; undefined for a wallet that is not there and may not be opened. */
  readonly debit: Account | undefined;
  readonly credit: Account | undefined;
  readonly opened: readonly Account[];
  /** The one that initiates the transfer, if it was there before. */
  readonly initiator: Account | undefined;
};

/** Who takes part, and in which asset: the one asked for, or else that of the wallets. */
function partiesOf(book: BookView, asked: TransferOperation): Parties {
  const debitWallet = walletOf(book, asked.debit);
  const creditWallet = walletOf(book, asked.credit);
  const asset = asked.asset ?? (debitWallet ?? creditWallet)?.asset ?? assetToOpen(asked.debit) ?? assetToOpen(asked.credit);
  const knownDebit = debitWallet ?? systemAccountOf(book, asked.debit, asset);
  const knownCredit = creditWallet ?? systemAccountOf(book, asked.credit, asset);
  const initiator = initiatingSide[asked.kind] === 'debit' ? knownDebit : knownCredit;
  if (knownDebit && knownCredit) return { asset, debit: knownDebit, credit: knownCredit, opened: nobody, initiator };

  const opened: Account[] = [];
  const debit = knownDebit ?? openedFor(asked.debit, asset, book.nextAccountNumber, opened);
  const credit = knownCredit ?? openedFor(asked.credit, asset, book.nextAccountNumber + opened.length, opened);
  return { asset, debit, credit, opened, initiator };
}

const nobody: readonly Account[] = [];

/** The account whose idempotency keys the operation's is one of, if it exists yet. */
export function initiatorOf(book: Pick<BookView, 'wallet' | 'system'>, asked: Operation): Account | undefined {
  if (asked.kind === 'open') return book.wallet(asked.wallet);
  const ref = asked[initiatingSide[asked.kind]];
  return walletOf(book, ref) ?? systemAccountOf(book, ref, asked.asset);
}

function walletOf(book: Pick<BookView, 'wallet'>, ref: AccountRef): Account | undefined {
  return 'wallet' in ref ? book.wallet(ref.wallet) : undefined;
}

function systemAccountOf(book: Pick<BookView, 'system'>, ref: AccountRef, asset: number | undefined): Account | undefined {
  return 'system' in ref && asset !== undefined ? book.system(ref.system, asset) : undefined;
}

function assetToOpen(ref: AccountRef): number | undefined {
  return 'wallet' in ref ? ref.opens?.asset : undefined;
}

/** An account that is not there yet, if it may be opened on the way; then it is also added to `opened`. */
function openedFor(ref: AccountRef, asset: number | undefined, number: number, opened: Account[]): Account | undefined {
  let account: Account | undefined;
  if ('wallet' in ref) account = ref.opens && openWallet(ref.wallet, ref.opens, number);
  else if (asset !== undefined) account = openSystemAccount(ref.system, asset, number);
  if (account) opened.push(account);
  return account;
}

function isSameAccount(one: AccountRef, other: AccountRef): boolean {
  if ('wallet' in one) return 'wallet' in other && one.wallet === other.wallet;
  return 'system' in other && one.system === other.system;
}

function nameOf(ref: AccountRef): string {
  return 'wallet' in ref ? ref.wallet : ref.system;
}
