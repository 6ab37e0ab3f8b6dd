/** The second person behind an operation is neither its actor nor the owner of a wallet in it. Policies ask for one; the ledger checks it again. */
import type { BookView } from './decision.ts';
import { isOfTransit } from './prepared.ts';
import type { AccountRef, Operation } from './types.ts';

/** The steps that the ledger takes itself are as the first one was decided. */
export function isSelfApproved(book: Pick<BookView, 'wallet' | 'account'>, operation: Operation): boolean {
  const { actor, approver } = operation;
  if (approver === undefined || isOfTransit(operation)) return false;
  const person = personIn(approver);
  return person === personIn(actor ?? '') || ownersOf(book, operation).includes(person);
}

function personIn(actor: string): string {
  return actor.replace(/^(user|operator):/, '');
}

/** Of the wallets that the operation names, and of those that it may open. */
function ownersOf(book: Pick<BookView, 'wallet' | 'account'>, operation: Operation): (string | null | undefined)[] {
  const named: AccountRef[] = [];
  if ('wallet' in operation) named.push({ wallet: operation.wallet });
  if ('debit' in operation) named.push(operation.debit);
  if ('credit' in operation) named.push(operation.credit);
  if ('sweepTo' in operation && operation.sweepTo) named.push(operation.sweepTo);
  const owners = named.flatMap((ref) => ('wallet' in ref ? [book.wallet(ref.wallet)?.owner, ref.opens?.owner] : []));
  if (operation.kind === 'open') owners.push(operation.opens.owner);
  if (operation.kind === 'reversal') owners.push(book.account(operation.initiator)?.owner);
  return owners;
}
