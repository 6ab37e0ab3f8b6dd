/** The accounts that a prepared operation concerns, and whether its outcome is on record. */
import { bookOfWallet, initiatorId, keyspaceOf } from '../ledger/index.ts';
import type { AccountRef, Ledger, Operation, RecordedEntry } from '../ledger/index.ts';

/** The wallets whose balances or controls it changes; for a reversal, both of the original. */
export async function walletsOf(ledger: Ledger, operation: Operation): Promise<string[]> {
  if (operation.kind !== 'reversal') return namedWallets(operation);
  const book = ledger.read.in({ book: bookOfWallet(operation.initiator, ledger.books.length) });
  const original = await book.entry(operation.reverses);
  return [original?.debit, original?.credit].flatMap((side) => (side?.kind === 'wallet' ? [side.id] : []));
}

/** The wallets that the operation itself names. */
export function namedWallets(operation: Operation): string[] {
  const named = 'wallet' in operation ? [operation.wallet] : [];
  if (operation.kind === 'transfer_debit') named.push(operation.to);
  const sides: AccountRef[] = [];
  if ('debit' in operation) sides.push(operation.debit);
  if ('credit' in operation) sides.push(operation.credit);
  if ('sweepTo' in operation && operation.sweepTo) sides.push(operation.sweepTo);
  return [...named, ...sides.flatMap((side) => ('wallet' in side ? [side.wallet] : []))];
}

export async function isOnRecord(ledger: Ledger, key: string, operation: Operation): Promise<boolean> {
  return (await entryOnRecord(ledger, key, operation)) !== null;
}

/** The entry for which the initiator of the operation used the key. */
export async function entryOnRecord(ledger: Ledger, key: string, operation: Operation): Promise<RecordedEntry | null> {
  const id = initiatorId(operation);
  const book = 'book' in operation ? operation.book : undefined;
  const initiator = await (book === undefined ? ledger.read.balance(id) : ledger.read.in({ book }).balance(id));
  return initiator && (await ledger.read.in(initiator).entryByKey(initiator.number, key, keyspaceOf(operation.actor)));
}
