/** Holds, as answers. */
import {
  AmountText,
  amountText,
  Counterparty,
  MetadataRead,
  holdProperties,
  oneOf,
  OperationId,
  orNull,
  presentRequested,
  presentAsset,
  presentCounterparty,
  ref,
  Seq,
  strict,
  Timestamp,
} from '../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import { operationId } from '../../ledger/index.ts';
import type { HoldStatus } from '../../operations/index.ts';
import type { RecordedEntry } from '../../ledger/index.ts';
import type { WalletHold } from '../../wallets/index.ts';
import { parseMetadata } from './operation-views.ts';

export const HoldView = Type.Object({ ...holdProperties, metadata: orNull(MetadataRead) }, { $id: 'Hold', ...strict });

const HoldPart = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    type: oneOf('hold', 'capture', 'release', 'expire'),
    amount: AmountText,
    left: amountText('amount left on the hold after it'),
    counterparty: Type.Optional(ref(Counterparty)),
    createdAt: Timestamp,
  },
  { $id: 'HoldPart', ...strict, description: 'counterparty: the recipient of a capture' },
);

export const HoldWithParts = Type.Object(
  {
    ...holdProperties,
    metadata: orNull(MetadataRead),
    parts: Type.Array(ref(HoldPart), { description: 'the hold itself, then its captures and releases, in order' }),
  },
  { $id: 'HoldWithParts', ...strict },
);

export const holdSchemas = [HoldView, HoldPart, HoldWithParts];

export function presentHold(read: WalletHold): Static<typeof HoldView> {
  const { hold, entry, captured } = read;
  return {
    holdId: operationId(entry),
    walletId: hold.wallet,
    asset: presentAsset(read.currency),
    status: statusOf(read),
    amount: hold.amount.toString(),
    ...presentRequested(entry),
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
