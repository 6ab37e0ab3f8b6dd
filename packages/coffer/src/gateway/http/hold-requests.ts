/** What requests about holds may say, alone or as a part of a batch. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { amountOf, readDestination, readMoment } from './request-content.ts';
import { Amount, amountProperties, Destination, EffectiveAt, ExpiresInSeconds, strict, termProperties, WalletId } from './schemas.ts';

export const holdProperties = { ...amountProperties, expiresInSeconds: Type.Optional(ExpiresInSeconds), ...termProperties };
/** Without an amount: all that is left. */
export const releaseProperties = { amount: Type.Optional(Amount), ...termProperties };
export const captureProperties = {
  ...releaseProperties,
  toWalletId: Type.Optional(WalletId),
  to: Type.Optional(Destination),
  final: Type.Optional(Type.Boolean({ description: 'true: what is left after this part is given back' })),
  effectiveAt: Type.Optional(EffectiveAt),
};

export const HoldRequest = Type.Object(holdProperties, strict);
export const CaptureRequest = Type.Object(captureProperties, strict);
export const ReleaseRequest = Type.Object(releaseProperties, strict);

export function readRelease({ amount }: Pick<Static<typeof ReleaseRequest>, 'amount'>) {
  return { amount: amount === undefined ? undefined : amountOf(amount) };
}

export function readCapture(body: Static<typeof CaptureRequest>) {
  return {
    ...readRelease(body),
    to: readDestination(body.toWalletId, body.to) ?? { system: 'cash_out' as const },
    final: body.final,
    effectiveAt: readMoment(body.effectiveAt, 'effectiveAt'),
  };
}
