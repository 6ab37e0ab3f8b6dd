/** Holds, as answers. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { operationId } from '../../ledger/index.ts';
import type { Assets, RecordedEntry } from '../../ledger/index.ts';
import type { WalletHold } from '../../wallets/index.ts';
import { Counterparty, parseMetadata, presentCounterparty } from './operation-views.ts';
import { AskedAmount, doneProperties, presentAsked, presentAsset, presentDone } from './postings.ts';
import {
  AmountText,
  AssetBrief,
  freeObject,
  HoldId,
  oneOf,
  OperationId,
  orNull,
  ref,
  Seq,
  strict,
  Timestamp,
  WalletId,
} from './schemas.ts';

const statuses = oneOf('open', 'captured', 'released', 'expired');
const HoldStatus = Type.Unsafe<Static<typeof statuses>>({
  ...statuses,
  description:
    'open: something can still be captured; captured: nothing is left, and some or all of it was captured; released: all of it was given back; expired: its time came before that, and what was left then is given back',
});

const holdProperties = {
  holdId: HoldId,
  walletId: WalletId,
  asset: ref(AssetBrief),
  status: HoldStatus,
  amount: Type.String({ description: 'what was reserved, in minor units', examples: ['1000'] }),
  askedAmount: Type.Optional(AskedAmount),
  left: Type.String({ description: 'what is reserved still' }),
  captured: AmountText,
  released: Type.String({ description: 'what was given back: released, expired, or left by a final capture' }),
  expiresAt: orNull(Timestamp),
  createdAt: Timestamp,
};

export const HoldView = Type.Object({ ...holdProperties, metadata: orNull(freeObject) }, { $id: 'Hold', ...strict });

/** What the authorisation answers, then and at every repetition: the hold as it began, and the wallet after it. */
export const Authorization = Type.Object({ ...doneProperties, ...holdProperties }, { $id: 'Authorization', ...strict });

const HoldPart = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    type: oneOf('hold', 'capture', 'release', 'expire'),
    amount: AmountText,
    left: Type.String({ description: 'what was left of the hold after it' }),
    counterparty: Type.Optional(ref(Counterparty)),
    createdAt: Timestamp,
  },
  { $id: 'HoldPart', ...strict, description: 'counterparty: where a capture went' },
);

export const HoldWithParts = Type.Object(
  {
    ...holdProperties,
    metadata: orNull(freeObject),
    parts: Type.Array(ref(HoldPart), { description: 'what became of it, in order, itself first' }),
  },
  { $id: 'HoldWithParts', ...strict },
);

export const holdSchemas = [HoldView, Authorization, HoldPart, HoldWithParts];

export function presentAuthorization(entry: RecordedEntry, assets: Assets): Static<typeof Authorization> {
  const { amount, expiresAt } = entry;
  assert(amount !== null, 'a hold has an amount');
  return {
    ...presentDone(entry, assets),
    holdId: operationId(entry),
    status: 'open',
    amount: amount.toString(),
    ...presentAsked(entry),
    left: amount.toString(),
    captured: '0',
    released: '0',
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}

export function presentHold(read: WalletHold): Static<typeof HoldView> {
  const { hold, entry, captured } = read;
  return {
    holdId: operationId(entry),
    walletId: hold.wallet,
    asset: presentAsset(read.currency),
    status: statusOf(read),
    amount: hold.amount.toString(),
    ...presentAsked(entry),
    left: hold.left.toString(),
    captured: captured.toString(),
    released: (hold.amount - captured - hold.left).toString(),
    expiresAt: hold.expiresAt?.toISOString() ?? null,
    metadata: parseMetadata(entry.metadata),
    createdAt: entry.recordedAt.toISOString(),
  };
}

function statusOf({ hold, captured, expired }: WalletHold): Static<typeof HoldStatus> {
  if (expired) return 'expired';
  if (hold.left > 0n) return 'open';
  return captured > 0n ? 'captured' : 'released';
}

export function presentHoldPart(entry: RecordedEntry): Static<typeof HoldPart> {
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind as Static<typeof HoldPart>['type'],
    amount: String(entry.amount),
    left: String(entry.holdLeft),
    ...(entry.credit && { counterparty: presentCounterparty(entry.credit) }),
    createdAt: entry.recordedAt.toISOString(),
  };
}
