/** One side of an operation, with its state after it. */
import Type from 'typebox';
import type { Static } from 'typebox';
import type { VisibleSide } from '../../visibility/index.ts';
import { AccountId, AmountText, orNull, strict } from '../schemas.ts';

export const AccountAfter = Type.Object(
  {
    kind: Type.String(),
    walletId: orNull(Type.String()),
    accountId: Type.Optional(AccountId),
    balance: orNull(AmountText),
    version: orNull(Type.Integer()),
  },
  {
    $id: 'AccountAfter',
    ...strict,
    description:
      'one side of the operation, with its balance after it; for an account that exists in every book only its kind, or for one of the chart (kind account) its id: its balance is the sum over the books',
  },
);

export function presentAccountAfter({ kind, id, balance, version }: VisibleSide): Static<typeof AccountAfter> {
  const after = { balance: balance === null ? null : balance.toString(), version };
  if (kind === 'wallet') return { kind, walletId: id, ...after };
  return { ...presentAccount({ kind, id }), ...after };
}

/** An account that is no wallet. Users see only that it is one. */
export function presentAccount({ kind, id }: Pick<VisibleSide, 'kind' | 'id'>): { kind: string; walletId: null; accountId?: string } {
  if (kind !== 'named') return { kind, walletId: null };
  return { kind: 'account', walletId: null, ...(id !== '' && { accountId: id.slice(1) }) };
}
