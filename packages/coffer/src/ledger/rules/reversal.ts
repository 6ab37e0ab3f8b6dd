/** Corrections: money goes back the way it came, in full or in parts, never more than came. */
import { changed, isSystemAccountId } from './accounts.ts';
import { amounts, effective } from './content.ts';
import type { Content } from './content.ts';
import { noAccounts, refuse } from './decision.ts';
import type { BookView, Decision, Refused } from './decision.ts';
import { amountRefusal, balanceLimitRefusal, closedRefusal, takeFrom, versionRefusal } from './guards.ts';
import { spentAfter } from './spending.ts';
import { traits } from './types.ts';
import type { Account, Original, ReversalOperation } from './types.ts';

export function decideReversal(book: BookView, operation: ReversalOperation, now: Date): Decision {
  const initiator = book.account(operation.initiator);
  const scope = initiator ? initiator.number : null;
  const original = originalOf(book, operation, initiator);

  const invalid = amountRefusal(operation.amount, scope);
  if (invalid) return invalid;
  if (!initiator && !isSystemAccountId(operation.initiator) && !book.keeps(operation.initiator))
    return refuse('other_book', scope, { wallet: operation.initiator });
  if (!initiator) return refuse('wallet_not_found', scope, { wallet: operation.initiator });
  if (!original) return refuse('operation_not_found', scope, { reverses: operation.reverses });
  const { entry, reversed } = original;
  if (!traits[entry.kind].isReversible || entry.amount === null)
    return refuse('not_reversible', scope, { reverses: operation.reverses, kind: entry.kind });
  const debit = entry.credit && book.account(entry.credit.id);
  const credit = entry.debit && book.account(entry.debit.id);
  if (!debit || !credit) return refuse('operation_not_found', scope, { reverses: operation.reverses });
  const refusal = versionRefusal(operation.expectedVersion, initiator.version, scope) ?? closedRefusal(debit, credit, scope);
  if (refusal) return refusal;
  const wanted = takeOf(original, entry.amount, operation, scope);
  if (typeof wanted !== 'bigint') return wanted;
  const amount = takeFrom(debit, wanted, false, scope);
  if (typeof amount !== 'bigint') return amount;
  const excess = balanceLimitRefusal(debit, credit, amount, scope);
  if (excess) return excess;

  const { floor, controls } = debit;
  return {
    type: 'posted',
    opened: noAccounts,
    debit: changed(debit, debit.balance - amount, debit.held, { floor, controls, spent: spentAfter(debit, 0n, now) }),
    credit: changed(credit, credit.balance + amount, credit.held, credit),
    amount,
    scope,
    hold: null,
    original: { entry, reversed: reversed + amount },
  };
}

export function reversalContent(operation: ReversalOperation): Content {
  const { reverses, reason, actor } = operation;
  return { debit: null, credit: null, ...amounts(operation), ...effective(operation), reverses, reason, actor };
}

/** A refusal cannot be reversed, and an operation of another account is not found. */
function originalOf(book: BookView, operation: ReversalOperation, initiator: Account | undefined): Original | undefined {
  const original = book.original(operation.reverses);
  return original && original.entry.refusal === null && original.entry.scope === initiator?.number ? original : undefined;
}

function takeOf(original: Original, whole: bigint, operation: ReversalOperation, scope: number | null): bigint | Refused {
  const left = whole - original.reversed;
  if (left === 0n) return refuse('already_reversed', scope, { reverses: operation.reverses });
  if (operation.amount <= left) return operation.amount;
  if (operation.upTo === true) return left;
  return refuse('reversal_exceeds_original', scope, { reverses: operation.reverses, left, requested: operation.amount });
}
