/** The answer to a request that moves money, and how it is sent: first time and every time again, the same. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { operationId } from '../../ledger/index.ts';
import type { Asset, Assets, PostedSide, RecordedEntry } from '../../ledger/index.ts';
import { isWalletOf } from '../../wallets/index.ts';
import type { Reach, WalletOutcome } from '../../wallets/index.ts';
import type { Reply } from './app.ts';
import { noteOperation } from './observing.ts';
import { sendProblem } from './problem.ts';
import { refusalProblem } from './refusals.ts';
import { AmountText, AssetBrief, OperationId, orNull, ref, Seq, strict, Timestamp, Version, WalletId } from './schemas.ts';

const SideAfter = Type.Object(
  { walletId: WalletId, balance: orNull(AmountText), version: orNull(Version) },
  { $id: 'SideAfter', ...strict, description: "a wallet after the operation; to a user, balance and version of another's are null" },
);

const postingProperties = {
  operationId: OperationId,
  seq: Seq,
  type: Type.String({ examples: ['deposit'] }),
  requestId: Type.String({ description: 'the idempotency key that the operation is remembered under' }),
  walletId: WalletId,
  amount: AmountText,
  asset: ref(AssetBrief),
  balance: Type.String({ description: 'of the wallet, after the operation, in minor units' }),
  version: Version,
  createdAt: Timestamp,
};

export const Posting = Type.Object(
  {
    ...postingProperties,
    status: Type.Literal('completed'),
    from: Type.Optional(ref(SideAfter)),
    to: Type.Optional(ref(SideAfter)),
  },
  { $id: 'Posting', ...strict },
);

/** What the closed loop's routes answer. */
export const Success = Type.Object({ status: Type.Literal('success'), ...postingProperties }, { $id: 'Success', ...strict });

export const postingSchemas = [SideAfter, Posting, Success];

type Posted = Static<typeof Posting>;

export function presentPosting(entry: RecordedEntry, assets: Assets, reach: Reach): Posted {
  const { debit, credit, amount, asset, key } = entry;
  assert(debit && credit && amount !== null && asset !== null && key !== null, 'a posting has two sides, an amount and a key');
  const own = debit.kind === 'wallet' ? debit : credit;
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    status: 'completed',
    type: entry.kind,
    requestId: key,
    walletId: own.id,
    amount: amount.toString(),
    asset: presentAsset(assets.get(asset)),
    balance: own.balance.toString(),
    version: own.version,
    createdAt: entry.recordedAt.toISOString(),
    ...(entry.kind === 'transfer' && { from: presentSide(debit, reach), to: presentSide(credit, reach) }),
  };
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

/** Sends what `present` makes of the entry, or the refusal. */
export function sendOutcome(reply: Reply, outcome: WalletOutcome, status: number, present: (entry: RecordedEntry) => unknown): Reply {
  const { entry } = outcome;
  const own = entry?.debit?.kind === 'wallet' ? entry.debit : entry?.credit;
  noteOperation(reply.request, entry && { book: entry.book, seq: entry.operation }, outcome.key, own?.id ?? null);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  if (outcome.status === 'refused') return sendProblem(reply, refusalProblem(outcome));
  return reply.code(status).send(present(outcome.entry));
}

export const keyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'the same as requestId in the body' })),
  'if-match': Type.Optional(Type.String({ description: 'the version that the wallet must be at, in quotes: "3"' })),
});
