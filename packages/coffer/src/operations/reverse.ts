/** Reverse: moves back what an earlier operation moved, in full or in part. */
import Type from 'typebox';
import { initiatorOf } from '../ledger/index.ts';
import { entryOfOperation } from '../wallets/index.ts';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { keyOrFresh } from './idempotency.ts';
import { decidedIn, effectiveIn, entryIdIn, partIn } from './input.ts';
import { termsOf, wholeOrPart } from './money.ts';
import { Amount, decidedProperties, EffectiveAt, unitProperty } from './schemas.ts';
import type { Decided, Terms } from './terms.ts';

export type ReversalRequest = Terms &
  Decided & {
    readonly operation: string;
    /** Absent: everything that is not reversed yet. */
    readonly amount?: bigint | undefined;
    readonly effectiveAt?: Date | undefined;
  };

export const reverse = define({
  name: 'reverseOperation',
  description: 'Moves back what an operation moved, in full or in part; never more than it moved',
  access: guarded('reversals:write', 'never'),
  subject: 'operationId',
  fields: { amount: Type.Optional(Amount), ...unitProperty, effectiveAt: Type.Optional(EffectiveAt), ...decidedProperties },
  rest: { method: 'POST', path: '/operations/:operationId/reverse', tag: 'Operations', status: 201 },
  example: { parameters: { operationId: '1-20' }, body: { amount: 100, reason: 'chargeback 4711' } },
  batchType: 'reverse',
  grpc: { field: 'reverse' },
  read: (input): ReversalRequest => ({
    ...decidedIn(input),
    operation: entryIdIn(input, 'operationId'),
    amount: partIn(input),
    effectiveAt: effectiveIn(input),
  }),
  async prepare(request, { ledger }) {
    const key = keyOrFresh(request.key);
    const original = await entryOfOperation(ledger, request.operation, request.onlyOwner);
    const initiator = original && initiatorOf(original);
    if (!original || !initiator) return { key, refusal: { code: 'operation_not_found', facts: { reverses: request.operation } } };
    // What a system account initiated otherwise, such as an issue, has an opposite of its own.
    if (initiator.kind !== 'wallet' && original.kind !== 'transfer')
      return { key, refusal: { code: 'not_reversible', facts: { reverses: request.operation, kind: original.kind } } };
    const { reason, actor } = request;
    return {
      key,
      operation: {
        kind: 'reversal',
        key,
        initiator: initiator.id,
        reverses: original.seq,
        ...wholeOrPart(request.amount),
        ...(request.effectiveAt && { effectiveAt: request.effectiveAt }),
        reason,
        actor,
        ...termsOf(request),
      },
    };
  },
  answer: posting,
});
