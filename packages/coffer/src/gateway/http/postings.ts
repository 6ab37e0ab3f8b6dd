/** The answer to a request that moves money, and how it is sent: first time and every time again, the same. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { availableOf, maximumAmount, operationId } from '../../ledger/index.ts';
import type { Asset, Assets, PostedSide, RecordedEntry } from '../../ledger/index.ts';
import { initiatorOf, isWalletOf, walletBeyondTransit } from '../../wallets/index.ts';
import type { Reach, SagaState, WalletOutcome } from '../../wallets/index.ts';
import type { Reply } from './app.ts';
import { noteOperation } from './observing.ts';
import { refusalProblem, sendProblem } from './problem.ts';
import { AmountText, AssetBrief, HoldId, oneOf, OperationId, orNull, ref, Seq, strict, Timestamp, Version, WalletId } from './schemas.ts';

const SideAfter = Type.Object(
  { walletId: WalletId, balance: orNull(AmountText), version: orNull(Version) },
  { $id: 'SideAfter', ...strict, description: "a wallet after the operation; to a user, balance and version of another's are null" },
);

/** What every operation on a wallet answers. */
export const doneProperties = {
  operationId: OperationId,
  seq: Seq,
  type: Type.String({ examples: ['deposit'] }),
  requestId: Type.String({ description: 'the idempotency key that the operation is remembered under' }),
  walletId: WalletId,
  asset: ref(AssetBrief),
  balance: Type.String({ description: 'of the wallet, after the operation, in minor units' }),
  held: Type.String({ description: 'how much of the balance open holds reserve, after the operation' }),
  available: Type.String({
    description: 'what may leave the wallet after the operation: balance, less what is held, plus the credit limit',
  }),
  version: Version,
  createdAt: Timestamp,
};

export const AskedAmount = Type.String({ description: 'what was asked for, when it was "up to" an amount' });

const postingProperties = {
  ...doneProperties,
  amount: Type.String({ description: 'what was moved, in minor units', examples: ['1000'] }),
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
    left: Type.Optional(Type.String({ description: 'what is left of the hold, after a capture or a release' })),
    reverses: Type.Optional(Type.String({ description: 'id of the operation that this one reverses' })),
    reversed: Type.Optional(Type.String({ description: 'how much of that operation is reversed by now' })),
  },
  {
    $id: 'Posting',
    ...strict,
    description:
      'debited: a transfer that has left its sender and goes on by itself; from and to stand where both sides are wallets, as their own books left them; holdId and left for a part of a hold, reverses and reversed for a reversal',
  },
);

/** What the closed loop's routes answer. */
export const Success = Type.Object({ status: Type.Literal('success'), ...postingProperties }, { $id: 'Success', ...strict });

export const postingSchemas = [SideAfter, Posting, Success];

type Posted = Static<typeof Posting>;

/** `saga`: how far a transfer in steps came, of which the entry is the first. */
export function presentPosting(entry: RecordedEntry, assets: Assets, reach: Reach, saga?: SagaState): Posted {
  if (saga) return presentSaga(entry, assets, reach, saga);
  const { debit, credit, amount, hold, holdLeft, reverses, reversed } = entry;
  assert(amount !== null, 'a posting has an amount');
  return {
    ...presentDone(entry, assets),
    status: 'completed',
    amount: amount.toString(),
    ...presentAsked(entry),
    ...(debit?.kind === 'wallet' && credit?.kind === 'wallet' && { from: presentSide(debit, reach), to: presentSide(credit, reach) }),
    ...(hold !== null && holdLeft !== null && { holdId: idAt(entry, hold), left: holdLeft.toString() }),
    ...(reverses !== null && reversed !== null && { reverses: idAt(entry, reverses), reversed: reversed.toString() }),
  };
}

function presentSaga(entry: RecordedEntry, assets: Assets, reach: Reach, { status, credit }: SagaState): Posted {
  const { debit, amount } = entry;
  assert(debit && amount !== null && status !== 'compensated', 'what came back is told as a refusal');
  const to = walletBeyondTransit(entry) ?? '';
  return {
    ...presentDone(entry, assets),
    type: 'transfer',
    mode: 'saga',
    status,
    amount: amount.toString(),
    ...presentAsked(entry),
    from: presentSide(debit, reach),
    to: credit?.credit ? presentSide(credit.credit, reach) : { walletId: to, balance: null, version: null },
  };
}

/** Of the wallet that initiated it. */
export function presentDone(entry: RecordedEntry, assets: Assets): Pick<Posted, keyof typeof doneProperties> {
  const { asset, key } = entry;
  const own = initiatorOf(entry);
  assert(own && asset !== null && key !== null, 'an operation on a wallet has an initiator, an asset and a key');
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind,
    requestId: key,
    walletId: own.id,
    asset: presentAsset(assets.get(asset)),
    balance: own.balance.toString(),
    held: own.held.toString(),
    available: presentAvailable(own),
    version: own.version,
    createdAt: entry.recordedAt.toISOString(),
  };
}

/** All that there was is not an amount that anybody asked for. */
export function presentAsked({ askedAmount, effectiveAt }: RecordedEntry): { askedAmount?: string; effectiveAt?: string } {
  return {
    ...(askedAmount !== null && askedAmount !== maximumAmount && { askedAmount: askedAmount.toString() }),
    ...(effectiveAt && { effectiveAt: effectiveAt.toISOString() }),
  };
}

/** A wallet has a floor, so there is always an end to what it may give. */
export function presentAvailable(side: Pick<PostedSide, 'balance' | 'held' | 'floor'>): string {
  return String(availableOf(side) ?? side.balance);
}

/** What callers call the entry at a place of the same book. */
export function idAt({ book }: Pick<RecordedEntry, 'book'>, seq: number): string {
  return operationId({ book, operation: seq });
}

export function presentSuccess(entry: RecordedEntry, assets: Assets, reach: Reach): Static<typeof Success> {
  return { ...presentPosting(entry, assets, reach), status: 'success' };
}

export function presentAsset({ id, code, scale }: Asset): Static<typeof AssetBrief> {
  return { id, code, scale };
}

/** Who pays somebody does not learn by it what the other has. */
export function presentSide({ id, balance, version }: PostedSide, { onlyOwner }: Reach): Static<typeof SideAfter> {
  if (onlyOwner !== undefined && !isWalletOf(id, onlyOwner)) return { walletId: id, balance: null, version: null };
  return { walletId: id, balance: balance.toString(), version };
}

/** Sends what `present` makes of the entry, or the refusal. What has begun and not ended is accepted, and says where to look for its end. */
export function sendOutcome(
  reply: Reply,
  outcome: WalletOutcome,
  status: number,
  present: (entry: RecordedEntry, saga: SagaState | undefined) => unknown,
): Reply {
  const { entry } = outcome;
  const own = entry?.debit?.kind === 'wallet' ? entry.debit : entry?.credit;
  noteOperation(reply.request, entry && { book: entry.book, seq: entry.operation }, outcome.key, own?.id ?? null);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  if (outcome.status === 'refused') return sendProblem(reply, refusalProblem(outcome));
  if (outcome.saga?.status === 'debited') reply.code(202).header('location', `/transfers/${operationId(outcome.entry)}`);
  else reply.code(status);
  return reply.send(present(outcome.entry, outcome.saga));
}

export const keyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'the same as requestId in the body' })),
  'if-match': Type.Optional(Type.String({ description: 'the version that the wallet must be at, in quotes: "3"' })),
});
