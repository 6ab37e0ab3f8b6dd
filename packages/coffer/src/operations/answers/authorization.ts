/** The answer to a hold's authorisation, identical at every replay: the hold as it began, and the wallet after it. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { operationId } from '../../ledger/index.ts';
import type { Answer } from '../definition.ts';
import { AmountText, amountText, AssetBrief, HoldId, oneOf, orNull, ref, strict, Timestamp, WalletId } from '../schemas.ts';
import { AskedAmount, doneProperties, presentRequested, presentDone } from './posting.ts';

const statuses = oneOf('open', 'captured', 'released', 'expired');
export const HoldStatus = Type.Unsafe<Static<typeof statuses>>({
  ...statuses,
  description:
    'open: something can still be captured; captured: nothing is left, and some or all of it was captured; released: all of it was released; expired: it expired with something left, which is released',
});

export const holdProperties = {
  holdId: HoldId,
  walletId: WalletId,
  asset: ref(AssetBrief),
  status: HoldStatus,
  amount: amountText('the amount reserved, in minor units'),
  askedAmount: Type.Optional(AskedAmount),
  left: amountText('what is still reserved'),
  captured: AmountText,
  released: amountText('what was released: by a release, by expiry, or by a final capture'),
  expiresAt: orNull(Timestamp),
  createdAt: Timestamp,
};

export const Authorization = Type.Object({ ...doneProperties, ...holdProperties }, { $id: 'Authorization', ...strict });

export const authorization: Answer = {
  schema: Authorization,
  present({ entry }, { assets }): Static<typeof Authorization> {
    const { amount, expiresAt } = entry;
    assert(amount !== null, 'a hold has an amount');
    return {
      ...presentDone(entry, assets),
      holdId: operationId(entry),
      status: 'open',
      amount: amount.toString(),
      ...presentRequested(entry),
      left: amount.toString(),
      captured: '0',
      released: '0',
      expiresAt: expiresAt?.toISOString() ?? null,
    };
  },
};
