/** The answer to an operation that moved money between two accounts of any kind, identical at every replay. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { keyspaceOf, operationId } from '../../ledger/index.ts';
import { visibleRecipient, visibleSide } from '../../visibility/index.ts';
import type { Answer } from '../definition.ts';
import { AmountText, AssetBrief, KeyspaceName, oneOf, OperationId, ref, Seq, strict, Timestamp } from '../schemas.ts';
import { AccountAfter, presentAccountAfter } from './account-after.ts';
import { AskedAmount, presentAsset, presentRequested } from './posting.ts';

export const Movement = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    type: Type.String({ examples: ['transfer'] }),
    requestId: Type.String({ description: 'the idempotency key under which the operation is remembered' }),
    keyspace: KeyspaceName,
    status: oneOf('completed', 'debited'),
    mode: Type.Optional(Type.Literal('saga')),
    asset: ref(AssetBrief),
    amount: AmountText,
    askedAmount: Type.Optional(AskedAmount),
    effectiveAt: Type.Optional(Timestamp),
    debit: ref(AccountAfter),
    credit: ref(AccountAfter),
    createdAt: Timestamp,
  },
  { $id: 'Movement', ...strict, description: 'debited: a transfer that has left its sender and will complete without further requests' },
);

export const movement: Answer = {
  schema: Movement,
  present({ entry, saga }, { assets, reader }): Static<typeof Movement> {
    const { debit, credit, amount, asset, key, kind } = entry;
    assert(debit && credit && amount !== null && asset !== null && key !== null, 'money moved between two accounts');
    const { status = 'completed' } = saga ?? {};
    assert(status === 'completed' || status === 'debited', 'a returned transfer is answered as a refusal');
    const credited = saga ? saga.credit?.credit : credit;
    return {
      operationId: operationId(entry),
      seq: entry.seq,
      type: saga ? 'transfer' : kind,
      requestId: key,
      keyspace: keyspaceOf(entry.actor),
      status,
      ...(saga && { mode: 'saga' }),
      asset: presentAsset(assets.get(asset)),
      amount: amount.toString(),
      ...presentRequested(entry),
      debit: presentAccountAfter(visibleSide(debit, reader)),
      credit: presentAccountAfter(credited ? visibleSide(credited, reader) : visibleRecipient(entry, reader)),
      createdAt: entry.recordedAt.toISOString(),
    };
  },
};
