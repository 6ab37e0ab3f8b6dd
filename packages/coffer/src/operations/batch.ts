/** Posts the prepared operations of a batch: independently, or all or none. */
import { assert } from '../kernel/index.ts';
import type { Operation } from '../ledger/index.ts';
import { refusedUnseen } from './outcome.ts';
import type { OperationOutcome, Prepared } from './outcome.ts';
import type { Posting } from './sealing.ts';

export const batchSizeMax = 1_000;

/** In order, each independently. */
export async function postEach(ledger: Posting, prepared: readonly Prepared[]): Promise<OperationOutcome[]> {
  const operations: Operation[] = [];
  for (const item of prepared) if ('operation' in item) operations.push(item.operation);
  const outcomes = operations.length === 0 ? [] : await ledger.postEach(operations);
  let next = 0;
  return prepared.map((item): OperationOutcome => {
    if ('refusal' in item) return refusedUnseen(item.key, item.refusal);
    const outcome = outcomes[next++];
    assert(outcome, 'each operation has its outcome');
    return { ...outcome, key: item.key };
  });
}

/** All or none. An operation that is refused before it reaches the ledger refuses the whole group, and the ledger sees none of it. */
export async function postLinked(ledger: Posting, all: readonly Prepared[]): Promise<OperationOutcome[]> {
  const prepared = all.map(linkable);
  const culprit = prepared.findIndex((item) => 'refusal' in item);
  if (culprit === -1) return await postTogether(ledger, prepared);
  const others = { code: 'linked_operation_refused', facts: { refused: String(culprit) } } as const;
  return prepared.map((item, at) => refusedUnseen(item.key, at === culprit && 'refusal' in item ? item.refusal : others));
}

/** A transfer in steps would end after the other operations were done, and a group is in the book of its first operation. */
function linkable(item: Prepared): Prepared {
  if ('refusal' in item) return item;
  const { key, operation } = item;
  if (operation.kind === 'transfer_debit') return { key, refusal: { code: 'saga_not_linkable', facts: {} } };
  return 'book' in operation && operation.book !== undefined
    ? { key, refusal: { code: 'other_book', facts: { wallet: 'treasury' } } }
    : item;
}

async function postTogether(ledger: Posting, prepared: readonly Prepared[]): Promise<OperationOutcome[]> {
  const outcomes = await ledger.postLinked(prepared.flatMap((item) => ('operation' in item ? [item.operation] : [])));
  return outcomes.map((outcome, at) => ({ ...outcome, key: prepared[at]?.key ?? '' }));
}
