/** What requests to correct or control may say, alone or as a part of a batch. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { amountOf, amountOrZeroOf, readDestination } from './request-content.ts';
import { Amount, CreditLimit, Destination, Limit, Reason, Sides, strict, termProperties, WalletId } from './schemas.ts';

const decided = { reason: Reason, ...termProperties };

/** Without an amount: all that is not reversed yet. */
export const reversalProperties = { amount: Type.Optional(Amount), ...decided };
export const freezeProperties = { sides: Type.Optional(Sides), ...decided };
export const closeProperties = {
  sides: Type.Optional(Sides),
  sweepTo: Type.Optional(Destination),
  sweepToWalletId: Type.Optional(WalletId),
  ...decided,
};
export const limitsProperties = {
  perTransfer: Type.Optional(Limit),
  perDay: Type.Optional(Limit),
  perMonth: Type.Optional(Limit),
  ...decided,
};
export const creditLineProperties = { creditLimit: CreditLimit, ...decided };

export const ReversalRequest = Type.Object(reversalProperties, strict);
export const FreezeRequest = Type.Object(freezeProperties, strict);
export const CloseRequest = Type.Object(closeProperties, strict);
export const LimitsRequest = Type.Object(limitsProperties, strict);
export const CreditLineRequest = Type.Object(creditLineProperties, strict);

export function readReversal({ amount }: Pick<Static<typeof ReversalRequest>, 'amount'>) {
  return { amount: amount === undefined ? undefined : amountOf(amount) };
}

export function readFreeze({ sides = 'both' }: Pick<Static<typeof FreezeRequest>, 'sides'>) {
  return { sides };
}

export function readClose(body: Pick<Static<typeof CloseRequest>, 'sides' | 'sweepTo' | 'sweepToWalletId'>) {
  return { ...readFreeze(body), sweepTo: readDestination(body.sweepToWalletId, body.sweepTo) };
}

export function readLimits({ perTransfer, perDay, perMonth }: Omit<Static<typeof LimitsRequest>, 'reason'>) {
  return { limits: { perTransfer: limitOf(perTransfer), perDay: limitOf(perDay), perMonth: limitOf(perMonth) } };
}

export function readCreditLine({ creditLimit }: Pick<Static<typeof CreditLineRequest>, 'creditLimit'>) {
  return { creditLimit: amountOrZeroOf(creditLimit) };
}

function limitOf(given: string | number | null | undefined): bigint | null {
  return given === null || given === undefined ? null : amountOrZeroOf(given);
}
