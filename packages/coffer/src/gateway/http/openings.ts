/** Opening wallets: what may be asked, and what is answered. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { operationId } from '../../ledger/index.ts';
import type { Assets, RecordedEntry } from '../../ledger/index.ts';
import { isReservedForOwner } from '../../wallets/index.ts';
import type { AssetReference as AssetName } from '../../wallets/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import { ownerFor } from './callers.ts';
import { presentAsset } from './postings.ts';
import { forbidden, malformed, problem, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';
import { amountOrZeroOf } from './request-content.ts';
import { AmountText, AssetBrief, OperationId, orNull, ref, Seq, strict, Timestamp, Version, WalletId } from './schemas.ts';

export const OpenedWallet = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    requestId: Type.String({ description: 'the idempotency key that the opening is remembered under' }),
    walletId: WalletId,
    ownerId: orNull(Type.String()),
    asset: ref(AssetBrief),
    balance: AmountText,
    creditLimit: Type.String({ description: 'how far below zero the wallet may go' }),
    version: Version,
    status: Type.Literal('active'),
    createdAt: Timestamp,
  },
  { $id: 'OpenedWallet', ...strict },
);

type OpeningBody = {
  readonly id?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly asset?: AssetName;
  readonly creditLimit?: string | number | undefined;
};

/**
 * A wallet of a user is named after the user and the asset; any other has a name of its own, and nobody owns it.
 * Throws the problem of one that may not be opened. Credit is credit, whether it is granted with the wallet or afterwards: `admit` is asked for it too.
 */
export function readOpening(
  { id, ownerId, asset, creditLimit: given }: OpeningBody,
  caller: Admission,
  admit: (operation: OperationName) => unknown,
) {
  const { principal } = caller;
  const creditLimit = given === undefined ? 0n : amountOrZeroOf(given);
  if (principal.kind === 'user') {
    if (id !== undefined)
      refuse(malformed("A user's wallet gets its id from the user and the asset. Omit id, or send the request without a login."));
    if (given !== undefined) refuse(forbidden("A user cannot grant the user's own wallet a credit limit. Omit creditLimit."));
    if (ownerId !== undefined && ownerId.toLowerCase() !== principal.userId)
      refuse(forbidden('Users open wallets of their own only. Omit ownerId.'));
    return { owner: principal.userId, asset };
  }
  if (creditLimit > 0n) admit('setCreditLine');
  if (id === undefined) {
    if (principal.kind === 'anonymous')
      refuse(problem('unauthenticated', { said: 'Log in and send the token to open a wallet of yours, or name the wallet: id.' }));
    return { owner: ownerFor(caller, ownerId, 'ownerId'), asset, creditLimit };
  }
  if (ownerId !== undefined) refuse(malformed("A user's wallet gets its id from the user and the asset. Send id or ownerId, not both."));
  if (isReservedForOwner(id))
    refuse(
      forbidden(`Only its owner can open the wallet "${id}": ids that begin with a user's id are reserved for users. Choose another.`),
    );
  return { wallet: id, asset, creditLimit };
}

function refuse(refused: Problem): never {
  throw new ProblemError(refused);
}

/** The owner is the request's: a replay has the same, or it would be another request. */
export function presentOpened(entry: RecordedEntry, ownerId: string | null, assets: Assets): Static<typeof OpenedWallet> {
  const { credit, asset, key } = entry;
  assert(credit && asset !== null && key !== null, 'an opening names its wallet and has a key');
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    requestId: key,
    walletId: credit.id,
    ownerId,
    asset: presentAsset(assets.get(asset)),
    balance: credit.balance.toString(),
    creditLimit: (-(credit.floor ?? 0n)).toString(),
    version: credit.version,
    status: 'active',
    createdAt: entry.recordedAt.toISOString(),
  };
}
