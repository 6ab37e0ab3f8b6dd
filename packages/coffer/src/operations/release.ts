/** Release: returns a part of a hold, or all that is left of it, to its wallet. */
import Type from 'typebox';
import { parseOperationId } from '../ledger/index.ts';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { holdNotFound } from './hold-wallets.ts';
import { keyOrFresh } from './idempotency.ts';
import { entryIdIn, partIn } from './input.ts';
import { termsOf, wholeOrPart } from './money.ts';
import { Amount, termProperties } from './schemas.ts';
import type { Terms } from './terms.ts';

export type ReleaseRequest = Terms & { readonly hold: string; readonly amount?: bigint | undefined };

export const release = define({
  name: 'releaseHold',
  description: 'Returns a part of a hold, or all that is left of it, to its wallet',
  access: guarded('holds:write', 'never'),
  subject: 'holdId',
  fields: { amount: Type.Optional(Amount), ...termProperties },
  rest: { method: 'POST', path: '/holds/:holdId/release', tag: 'Holds', status: 201 },
  example: { parameters: { holdId: '1-23' }, body: { amount: 40 } },
  batchType: 'release',
  grpc: { field: 'release' },
  read: (input): ReleaseRequest => ({ ...input.terms, hold: entryIdIn(input, 'holdId'), amount: partIn(input) }),
  async prepare(request, { holds }) {
    const key = keyOrFresh(request.key);
    const wallet = await holds.walletOf(request.hold);
    const hold = parseOperationId(request.hold)?.seq;
    if (wallet === undefined || hold === undefined) return { key, refusal: holdNotFound(request.hold) };
    return { key, operation: { kind: 'release', key, wallet, hold, ...wholeOrPart(request.amount), ...termsOf(request) } };
  },
  answer: posting,
});
