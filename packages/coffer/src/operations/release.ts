/** Release: returns a part of a hold, or all that is left of it, to its wallet. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { holdNamedBy } from './hold-wallets.ts';
import type { ResolvingRequest } from './hold-wallets.ts';
import { entryIdIn, partIn } from './input.ts';
import { termsOf, wholeOrPart } from './money.ts';
import { Amount, termProperties, unitProperty } from './schemas.ts';

export type ReleaseRequest = ResolvingRequest & { readonly amount?: bigint | undefined };

export const release = define({
  name: 'releaseHold',
  description: 'Returns a part of a hold, or all that is left of it, to its wallet',
  access: guarded('holds:write', 'never'),
  subject: 'holdId',
  fields: { amount: Type.Optional(Amount), ...unitProperty, ...termProperties },
  rest: { method: 'POST', path: '/holds/:holdId/release', tag: 'Holds', status: 201 },
  example: { parameters: { holdId: '1-23' }, body: { amount: 40 } },
  batchType: 'release',
  grpc: { field: 'release' },
  read: (input): ReleaseRequest => ({ ...input.terms, hold: entryIdIn(input, 'holdId'), amount: partIn(input) }),
  async prepare(request, { holds }) {
    const named = await holdNamedBy(request, holds);
    if ('refusal' in named) return named;
    return { key: named.key, operation: { kind: 'release', ...named, ...wholeOrPart(request.amount), ...termsOf(request) } };
  },
  answer: posting,
});
