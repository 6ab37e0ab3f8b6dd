/** The answer to an opening. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { keyspaceOf, operationId } from '../../ledger/index.ts';
import type { Answer } from '../definition.ts';
import type { OpenRequest } from '../terms.ts';
import {
  AmountText,
  amountText,
  AssetBrief,
  KeyspaceName,
  OperationId,
  orNull,
  ref,
  Seq,
  strict,
  Timestamp,
  Version,
  WalletId,
} from '../schemas.ts';
import { presentAsset } from './posting.ts';

export const OpenedWallet = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    requestId: Type.String({ description: 'the idempotency key under which the opening is remembered' }),
    keyspace: KeyspaceName,
    walletId: WalletId,
    ownerId: orNull(Type.String()),
    asset: ref(AssetBrief),
    balance: AmountText,
    creditLimit: amountText('how far below zero the wallet may go'),
    version: Version,
    status: Type.Literal('active'),
    createdAt: Timestamp,
  },
  { $id: 'OpenedWallet', ...strict },
);

export const openedWallet: Answer<OpenRequest> = {
  schema: OpenedWallet,
  present({ entry }, { assets, request }): Static<typeof OpenedWallet> {
    const { credit, asset, key } = entry;
    assert(credit && asset !== null && key !== null, 'an opening names its wallet and has a key');
    return {
      operationId: operationId(entry),
      seq: entry.seq,
      requestId: key,
      keyspace: keyspaceOf(entry.actor),
      walletId: credit.id,
      // The request's: a replay has the same owner, otherwise it would be another request.
      ownerId: 'owner' in request ? request.owner : null,
      asset: presentAsset(assets.get(asset)),
      balance: credit.balance.toString(),
      creditLimit: (-(credit.floor ?? 0n)).toString(),
      version: credit.version,
      status: 'active',
      createdAt: entry.recordedAt.toISOString(),
    };
  },
};
