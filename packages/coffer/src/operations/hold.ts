/** Hold: reserves an amount of a wallet until it is captured, released, or expires. */
import Type from 'typebox';
import { operationId } from '../ledger/index.ts';
import { guarded } from './access.ts';
import { authorization } from './answers/authorization.ts';
import { define } from './definition.ts';
import { amountTermsIn, refuse, secondsIn, walletIn } from './input.ts';
import type { Input } from './input.ts';
import { moneyOf } from './money.ts';
import { amountProperties, ExpiresInSeconds, termProperties } from './schemas.ts';
import type { AmountTerms } from './terms.ts';

export type HoldRequest = AmountTerms & { readonly wallet: string; readonly expiresInSeconds?: number | undefined };

export const hold = define({
  name: 'authorizeHold',
  description: 'Reserves an amount of a wallet, which no other operation can take until it is captured, released or expired',
  // Others rely on a hold: the owner of the wallet may not release it.
  access: guarded('holds:write', 'never'),
  subject: 'walletId',
  fields: { ...amountProperties, expiresInSeconds: Type.Optional(ExpiresInSeconds), ...termProperties },
  rest: { method: 'POST', path: '/wallet/:id/holds', tag: 'Holds', status: 201 },
  example: { parameters: { id: 'w1' }, body: { amount: 100 } },
  batchType: 'hold',
  grpc: { field: 'hold' },
  read(input): HoldRequest {
    refuseReserved(input);
    if (input.values['effectiveAt'] !== undefined) refuse(`A hold moves no money, so it takes no ${input.nameOf('effectiveAt')}.`);
    return { ...amountTermsIn(input), wallet: walletIn(input), expiresInSeconds: secondsIn(input, 'expiresInSeconds') };
  },
  prepare(request, { assets }) {
    const terms = moneyOf(request, assets);
    if ('refusal' in terms) return terms;
    const { wallet, expiresInSeconds } = request;
    const { effectiveAt: _none, ...holdTerms } = terms;
    return {
      key: terms.key,
      operation: { kind: 'hold', wallet, ...holdTerms, ...(expiresInSeconds !== undefined && { expiresInSeconds }) },
    };
  },
  settle(outcome, { wallet }, { holds }) {
    if (outcome.status === 'posted') holds.remember(operationId(outcome.entry), wallet);
    return outcome;
  },
  answer: authorization,
});

/** By this property, the holds of asynchronous withdrawals are known (requests/posting.ts). */
function refuseReserved({ terms }: Input): void {
  const metadata = terms.metadata === undefined ? {} : (JSON.parse(terms.metadata) as object);
  if (Object.hasOwn(metadata, 'coffer')) refuse('The property "coffer" in the metadata of a hold is reserved. Use another name.');
}
