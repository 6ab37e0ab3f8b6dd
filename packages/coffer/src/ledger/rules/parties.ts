/** The accounts of a posting, and its asset. */
import { isNamedId, openNamed, openSystemAccount, openWallet } from './accounts.ts';
import { noAccounts } from './decision.ts';
import type { BookView } from './decision.ts';
import type { Account, AccountRef, NamedSpec } from './types.ts';

export type Parties = {
  readonly asset: number | undefined;
  /** In their current state, or newly opened; undefined for a wallet that does not exist and may not be opened. */
  readonly debit: Account | undefined;
  readonly credit: Account | undefined;
  readonly opened: readonly Account[];
  /** True for a side that already existed. */
  readonly known: { readonly debit: boolean; readonly credit: boolean };
};

const bothKnown = { debit: true, credit: true } as const;

/** The asset is the one requested, or else that of the wallets. */
export function partiesOf(book: BookView, debitRef: AccountRef, creditRef: AccountRef, askedAsset: number | undefined): Parties {
  const debitWallet = walletOf(book, debitRef);
  const creditWallet = walletOf(book, creditRef);
  const asset = askedAsset ?? (debitWallet ?? creditWallet)?.asset ?? assetToOpen(book, debitRef) ?? assetToOpen(book, creditRef);
  const knownDebit = debitWallet ?? systemAccountOf(book, debitRef, asset);
  const knownCredit = creditWallet ?? systemAccountOf(book, creditRef, asset);
  if (knownDebit && knownCredit) return { asset, debit: knownDebit, credit: knownCredit, opened: noAccounts, known: bothKnown };

  const opened: Account[] = [];
  const debit = knownDebit ?? openedFor(book, debitRef, asset, opened);
  const credit = knownCredit ?? openedFor(book, creditRef, asset, opened);
  return { asset, debit, credit, opened, known: { debit: knownDebit !== undefined, credit: knownCredit !== undefined } };
}

/** A wallet, or an account of the chart. */
export function walletOf(book: Pick<BookView, 'wallet'>, ref: AccountRef): Account | undefined {
  if ('wallet' in ref) return book.wallet(ref.wallet);
  return 'named' in ref ? book.wallet(ref.named) : undefined;
}

export function systemAccountOf(book: Pick<BookView, 'system'>, ref: AccountRef, asset: number | undefined): Account | undefined {
  return 'system' in ref && asset !== undefined ? book.system(ref.system, asset) : undefined;
}

function assetToOpen(book: BookView, ref: AccountRef): number | undefined {
  return 'wallet' in ref && ref.opens ? ref.opens.asset : definitionOf(book, ref)?.asset;
}

/** Of an account of the chart: only in the form that its floor requires. */
function definitionOf(book: BookView, ref: AccountRef): NamedSpec | undefined {
  if ('system' in ref) return undefined;
  const found = book.named('named' in ref ? ref.named : ref.wallet);
  return found && (found.floor === null) === 'named' in ref ? found : undefined;
}

/** The account of the chart that a reference names, if there is no such account; null otherwise. */
export function unknownNamed(book: BookView, ref: AccountRef): string | null {
  if ('system' in ref) return null;
  const id = 'named' in ref ? ref.named : ref.wallet;
  return isNamedId(id) && !definitionOf(book, ref) ? id.slice(1) : null;
}

/** Opens a missing account, if the reference allows it, and adds it to `opened`. */
function openedFor(book: BookView, ref: AccountRef, asset: number | undefined, opened: Account[]): Account | undefined {
  const place = { number: book.nextAccountNumber + opened.length, seq: book.nextSeq + opened.length };
  let account: Account | undefined;
  const named = definitionOf(book, ref);
  if (named && !('system' in ref)) account = openNamed('named' in ref ? ref.named : ref.wallet, named, place);
  else if ('wallet' in ref) account = ref.opens && openWallet(ref.wallet, ref.opens, place);
  else if ('system' in ref && asset !== undefined) account = openSystemAccount(ref.system, asset, place);
  if (account) opened.push(account);
  return account;
}

/** The wallet of a reference if it belongs to another book; null otherwise. */
export function walletInOtherBook(book: BookView, ref: AccountRef): string | null {
  return 'wallet' in ref && !book.keeps(ref.wallet) ? ref.wallet : null;
}

export function isSameAccount(one: AccountRef, other: AccountRef): boolean {
  return 'system' in one === 'system' in other && nameOf(one) === nameOf(other);
}

export function nameOf(ref: AccountRef): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : ref.system;
}
