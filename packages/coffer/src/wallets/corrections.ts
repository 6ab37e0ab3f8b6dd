/** Corrections: a reversal, as an operation of the ledger. */
import type { PostedSide, RecordedEntry } from '../ledger/index.ts';
import type { Prepared, ReversalRequest } from './asked.ts';
import { wholeOrPart } from './holds.ts';
import { keyOrFresh } from './idempotency.ts';
import { termsOf } from './money.ts';

/** `original`: what the operation id names; null when it names nothing. */
export function prepareReversal(asked: ReversalRequest, original: RecordedEntry | null): Prepared {
  const key = keyOrFresh(asked.key);
  const initiator = original && initiatorOf(original);
  if (!original || !initiator) return { key, refusal: { code: 'operation_not_found', facts: { reverses: asked.operation } } };
  // Money that the system accounts brought into being is no business of a wallet's.
  if (initiator.kind !== 'wallet')
    return { key, refusal: { code: 'not_reversible', facts: { reverses: asked.operation, kind: original.kind } } };
  const { reason, actor } = asked;
  return {
    key,
    operation: {
      kind: 'reversal',
      key,
      initiator: initiator.id,
      reverses: original.seq,
      ...wholeOrPart(asked.amount),
      reason,
      actor,
      ...termsOf(asked),
    },
  };
}

/** The account whose idempotency keys an entry's is one of; null for what nobody asked for, and for a refusal, which has no sides. */
export function initiatorOf({ scope, debit, credit }: RecordedEntry): PostedSide | null {
  if (scope === null) return null;
  return [debit, credit].find((side) => side?.number === scope) ?? null;
}
