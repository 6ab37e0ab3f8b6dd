/** Capture: posts a part of a hold, or all that is left of it, to a wallet or a system account. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { holdNamedBy } from './hold-wallets.ts';
import type { ResolvingRequest } from './hold-wallets.ts';
import { destinationIn, effectiveIn, entryIdIn, flagIn, partIn } from './input.ts';
import { termsOf, wholeOrPart } from './money.ts';
import { Amount, DestinationName, EffectiveAt, termProperties, unitProperty, WalletId } from './schemas.ts';
import type { Destination } from './terms.ts';

export type CaptureRequest = ResolvingRequest & {
  /** Absent: all that is left. */
  readonly amount?: bigint | undefined;
  readonly to: Destination;
  /** Releases what is left after this part. */
  readonly final?: boolean | undefined;
  readonly effectiveAt?: Date | undefined;
};

export const capture = define({
  name: 'captureHold',
  description: 'Moves a part of a hold, or all that is left of it, to a wallet or a system account; to cash_out by default',
  // It moves money.
  access: guarded('holds:write', 'never', { staff: 'money' }),
  subject: 'holdId',
  fields: {
    amount: Type.Optional(Amount),
    ...unitProperty,
    ...termProperties,
    toWalletId: Type.Optional(WalletId),
    to: Type.Optional(DestinationName),
    final: Type.Optional(Type.Boolean({ description: 'true: what is left after this part is released to the wallet' })),
    effectiveAt: Type.Optional(EffectiveAt),
  },
  rest: { method: 'POST', path: '/holds/:holdId/capture', tag: 'Holds', status: 201 },
  example: { parameters: { holdId: '1-23' }, body: { amount: 60 } },
  batchType: 'capture',
  grpc: { field: 'capture' },
  read: (input): CaptureRequest => ({
    ...input.terms,
    hold: entryIdIn(input, 'holdId'),
    amount: partIn(input),
    to: destinationIn(input, 'toWalletId', 'to') ?? { system: 'cash_out' },
    final: flagIn(input, 'final'),
    effectiveAt: effectiveIn(input),
  }),
  async prepare(request, { holds }) {
    const named = await holdNamedBy(request, holds);
    if ('refusal' in named) return named;
    return {
      key: named.key,
      operation: {
        kind: 'capture',
        ...named,
        credit: request.to,
        ...wholeOrPart(request.amount),
        ...(request.final === true && { final: true }),
        ...(request.effectiveAt && { effectiveAt: request.effectiveAt }),
        ...termsOf(request),
      },
    };
  },
  answer: posting,
});
