/** The answer to an operation that moved money, identical at every replay. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { availableOf, initiatorOf, keyspaceOf, maximumAmount, operationId } from '../../ledger/index.ts';
import type { Asset, Assets, PostedSide, RecordedEntry } from '../../ledger/index.ts';
import { visibleSide } from '../../visibility/index.ts';
import type { VisibleSide } from '../../visibility/index.ts';
import { walletBeyondTransit } from '../../wallets/index.ts';
import type { Reader, SagaState } from '../../wallets/index.ts';
import type { Answer } from '../definition.ts';
import {
  AmountText,
  amountText,
  AssetBrief,
  HoldId,
  KeyspaceName,
  oneOf,
  OperationId,
  orNull,
  ref,
  Seq,
  strict,
  Timestamp,
  Version,
  WalletId,
} from '../schemas.ts';

const SideAfter = Type.Object(
  { walletId: WalletId, balance: orNull(AmountText), version: orNull(Version) },
  {
    $id: 'SideAfter',
    ...strict,
    description: "a wallet after the operation; users see null for the balance and version of another user's",
  },
);

/** The answer fields of every operation on a wallet. */
export const doneProperties = {
  operationId: OperationId,
  seq: Seq,
  type: Type.String({ examples: ['deposit'] }),
  requestId: Type.String({ description: 'the idempotency key under which the operation is remembered' }),
  keyspace: KeyspaceName,
  walletId: WalletId,
  asset: ref(AssetBrief),
  balance: amountText("the wallet's balance after the operation, in minor units"),
  held: amountText('how much of the balance open holds reserve after the operation'),
  available: amountText('what may leave the wallet after the operation: the balance minus held amounts, plus the credit limit'),
  version: Version,
  createdAt: Timestamp,
};

export const AskedAmount = amountText('the amount requested, when it was "up to" an amount');

const postingProperties = {
  ...doneProperties,
  amount: amountText('the amount moved, in minor units'),
  askedAmount: Type.Optional(AskedAmount),
  effectiveAt: Type.Optional(Timestamp),
};

export const Posting = Type.Object(
  {
    ...postingProperties,
    status: oneOf('completed', 'debited'),
    mode: Type.Optional(Type.Literal('saga')),
    from: Type.Optional(ref(SideAfter)),
    to: Type.Optional(ref(SideAfter)),
    holdId: Type.Optional(HoldId),
    left: Type.Optional(amountText('what is left of the hold, after a capture or a release')),
    reverses: Type.Optional(Type.String({ description: 'id of the operation that this one reverses' })),
    reversed: Type.Optional(amountText('how much of that operation is reversed so far')),
  },
  {
    $id: 'Posting',
    ...strict,
    description:
      'debited: a transfer that has left its sender and will complete without further requests; from and to are present where both sides are wallets, with the state their own books recorded; holdId and left for a part of a hold, reverses and reversed for a reversal',
  },
);

/** The answer of the closed-loop routes. */
export const Success = Type.Object({ status: Type.Literal('success'), ...postingProperties }, { $id: 'Success', ...strict });

export const postingSchemas = [SideAfter, Posting, Success];

type Posted = Static<typeof Posting>;

export const posting: Answer = {
  schema: Posting,
  present: ({ entry, saga }, { assets, reader }) => presentPosting(entry, assets, reader, saga),
};

export const success: Answer = {
  schema: Success,
  present: ({ entry }, { assets, reader }): Static<typeof Success> => ({ ...presentPosting(entry, assets, reader), status: 'success' }),
};

/** `saga`: the progress of a transfer in steps whose first entry this is. */
function presentPosting(entry: RecordedEntry, assets: Assets, reader: Reader, saga?: SagaState): Posted {
  if (saga) return presentSaga(entry, assets, reader, saga);
  const { debit, credit, amount, hold, holdLeft, reverses, reversed } = entry;
  assert(amount !== null, 'a posting has an amount');
  return {
    ...presentDone(entry, assets),
    status: 'completed',
    amount: amount.toString(),
    ...presentRequested(entry),
    ...(debit?.kind === 'wallet' && credit?.kind === 'wallet' && { from: sideAfter(debit, reader), to: sideAfter(credit, reader) }),
    ...(hold !== null && holdLeft !== null && { holdId: idAt(entry, hold), left: holdLeft.toString() }),
    ...(reverses !== null && reversed !== null && { reverses: idAt(entry, reverses), reversed: reversed.toString() }),
  };
}

function presentSaga(entry: RecordedEntry, assets: Assets, reader: Reader, { status, credit }: SagaState): Posted {
  const { debit, amount } = entry;
  assert(debit && amount !== null && status !== 'compensated', 'a returned transfer is answered as a refusal');
  const to = walletBeyondTransit(entry) ?? '';
  return {
    ...presentDone(entry, assets),
    type: 'transfer',
    mode: 'saga',
    status,
    amount: amount.toString(),
    ...presentRequested(entry),
    from: sideAfter(debit, reader),
    to: credit?.credit ? sideAfter(credit.credit, reader) : { walletId: to, balance: null, version: null },
  };
}

/** For the wallet that initiated it. */
export function presentDone(entry: RecordedEntry, assets: Assets): Pick<Posted, keyof typeof doneProperties> {
  const { asset, key } = entry;
  const own = initiatorOf(entry);
  assert(own && asset !== null && key !== null, 'an operation on a wallet has an initiator, an asset and a key');
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind,
    requestId: key,
    keyspace: keyspaceOf(entry.actor),
    walletId: own.id,
    asset: presentAsset(assets.get(asset)),
    balance: own.balance.toString(),
    held: own.held.toString(),
    available: presentAvailable(own),
    version: own.version,
    createdAt: entry.recordedAt.toISOString(),
  };
}

/** For "everything available" the caller requested no amount. */
export function presentRequested({ askedAmount, effectiveAt }: RecordedEntry): { askedAmount?: string; effectiveAt?: string } {
  return {
    ...(askedAmount !== null && askedAmount !== maximumAmount && { askedAmount: askedAmount.toString() }),
    ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }),
  };
}

/** A wallet has a floor, so its available amount is bounded. */
export function presentAvailable(side: Pick<PostedSide, 'balance' | 'held' | 'floor'>): string {
  return String(availableOf(side) ?? side.balance);
}

/** The id of the entry at a seq of the same book. */
export function idAt({ book }: Pick<RecordedEntry, 'book'>, seq: number): string {
  return operationId({ book, operation: seq });
}

export function presentAsset({ id, code, scale }: Asset): Static<typeof AssetBrief> {
  return { id, code, scale };
}

function sideAfter(side: PostedSide, reader: Reader): Static<typeof SideAfter> {
  return presentSide(visibleSide(side, reader));
}

export function presentSide({ id, balance, version }: VisibleSide): Static<typeof SideAfter> {
  return { walletId: id, balance: balance === null ? null : balance.toString(), version };
}
