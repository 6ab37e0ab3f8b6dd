/** Operations as recorded: one at a time, and as the lines of a wallet's history. */
import type { Static } from 'typebox';
import { operationId, sagaDetails } from '../../ledger/index.ts';
import type { Assets, RecordedEntry } from '../../ledger/index.ts';
import {
  AccountAfter,
  AmountText,
  amountText,
  AskedAmount,
  AssetBrief,
  Counterparty,
  freeObject,
  MetadataRead,
  HoldId,
  idAt,
  KeyspaceName,
  oneOf,
  OperationId,
  orNull,
  presentAccount,
  presentAccountAfter,
  presentRequested,
  presentAsset,
  presentAvailable,
  ref,
  Seq,
  strict,
  Timestamp,
  Version,
} from '../../operations/index.ts';
import { visibleEntry, visibleRecipient, visibleSide } from '../../visibility/index.ts';
import type { VisibleEntry, VisibleSide } from '../../visibility/index.ts';
import { refusalIn } from '../../wallets/index.ts';
import type { OperationRead, Reader, SagaState, Wallet } from '../../wallets/index.ts';
import { explainRefusal } from '../problems/index.ts';
import Type from 'typebox';

function presentCounterpart({ kind, id }: VisibleSide): Static<typeof Counterparty> {
  return kind === 'wallet' ? { kind, walletId: id } : presentAccount({ kind, id });
}

/** Fields of only some operations, in history and in full. */
const particulars = {
  askedAmount: Type.Optional(AskedAmount),
  effectiveAt: Type.Optional(Type.String({ format: 'date-time', description: 'effective date, if it differs from the recorded date' })),
  holdId: Type.Optional(HoldId),
  left: Type.Optional(amountText('amount left on the hold at that time')),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'of a hold' })),
  reverses: Type.Optional(Type.String({ description: 'id of the operation that this one reverses' })),
  transferId: Type.Optional(Type.String({ description: 'id of the transfer that this is a step of' })),
  reason: Type.Optional(Type.String({ description: 'the reason given' })),
};

function presentParticulars(entry: RecordedEntry, { hold, reason }: VisibleEntry) {
  const { reverses } = entry;
  return {
    ...presentRequested(entry),
    ...(hold && { holdId: idAt(entry, hold.seq), left: String(hold.left) }),
    ...(hold?.expiresAt && { expiresAt: hold.expiresAt.toISOString() }),
    ...(reverses !== null && { reverses: idAt(entry, reverses) }),
    ...ofTransfer(entry),
    ...(reason !== null && { reason }),
  };
}

/** A transfer in steps has the id of its first step. */
function ofTransfer(entry: RecordedEntry): { transferId?: string } {
  if (entry.kind === 'transfer_debit') return { transferId: operationId(entry) };
  const { transfer } = sagaDetails(entry);
  return transfer === undefined ? {} : { transferId: transfer };
}

export const HistoryItem = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    type: Type.String(),
    direction: Type.Unsafe<'in' | 'out' | 'none'>({
      type: 'string',
      enum: ['in', 'out', 'none'],
      description: 'none: the balance does not change, as for a hold or a freeze',
    }),
    amount: orNull(AmountText),
    counterparty: Type.Optional(ref(Counterparty)),
    balanceAfter: AmountText,
    heldAfter: AmountText,
    availableAfter: AmountText,
    versionAfter: Version,
    ...particulars,
    requestId: orNull(Type.String()),
    keyspace: Type.Optional(KeyspaceName),
    metadata: orNull(MetadataRead),
    createdAt: Timestamp,
  },
  { $id: 'HistoryItem', ...strict, description: 'amount is null and counterparty absent if no money moved' },
);

/** An entry that names a wallet, from that wallet's side. */
export function presentHistoryItem(entry: RecordedEntry, wallet: Wallet, reader: Reader): Static<typeof HistoryItem> {
  const seen = visibleEntry(entry, reader, wallet.number);
  const incoming = entry.credit?.number === wallet.number;
  const after = (incoming ? entry.credit : entry.debit) ?? wallet;
  const other = incoming ? seen.debit : seen.credit;
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind,
    direction: other === null ? 'none' : incoming ? 'in' : 'out',
    amount: entry.amount === null ? null : entry.amount.toString(),
    ...(other && { counterparty: presentCounterpart(other) }),
    balanceAfter: after.balance.toString(),
    heldAfter: after.held.toString(),
    availableAfter: presentAvailable(after),
    versionAfter: after.version,
    ...presentParticulars(entry, seen),
    requestId: seen.key,
    ...(seen.keyspace !== null && { keyspace: seen.keyspace }),
    metadata: parseMetadata(entry.metadata),
    createdAt: entry.recordedAt.toISOString(),
  };
}

export const Failure = Type.Object(
  { code: Type.String(), detail: Type.String(), facts: Type.Record(Type.String(), Type.String()) },
  { $id: 'Failure', ...strict },
);

const Asked = Type.Unsafe<Record<string, unknown>>({
  $id: 'Asked',
  type: 'object',
  additionalProperties: true,
  description: 'what the refused operation requested',
});

export const operationProperties = {
  operationId: OperationId,
  seq: Seq,
  status: oneOf('completed', 'refused', 'debited', 'compensated'),
  type: Type.String(),
  requestId: orNull(Type.String()),
  keyspace: Type.Optional(KeyspaceName),
  amount: orNull(AmountText),
  asset: Type.Optional(ref(AssetBrief)),
  debit: Type.Optional(ref(AccountAfter)),
  credit: Type.Optional(ref(AccountAfter)),
  ...particulars,
  actor: Type.Optional(Type.String({ description: 'who asked for it; hidden from users' })),
  approver: Type.Optional(Type.String({ description: 'who approved it; hidden from users' })),
  controls: Type.Optional(freeObject),
  reversed: Type.Optional(amountText('amount reversed so far')),
  reversedBy: Type.Optional(Type.Array(OperationId, { description: 'ids of the operations that reversed it, fully or partly' })),
  asked: Type.Optional(ref(Asked)),
  failure: Type.Optional(ref(Failure)),
  metadata: orNull(MetadataRead),
  createdAt: Timestamp,
  completedAt: orNull(Timestamp),
};

export const OperationView = Type.Object(operationProperties, {
  $id: 'Operation',
  ...strict,
  description:
    'debited and compensated: a transfer in steps that is still in progress, or was returned; asset and sides are absent if a refusal named none; failure and asked are present only for refusals, controls (all of the wallet, after it) only for controls, reversed and reversedBy only for operations that were reversed',
});

/**
 * An operation as recorded. It is decided and committed at one moment, so both timestamps are equal, except for a transfer in
 * steps.
 */
export function presentOperation({ entry, reversals, saga }: OperationRead, assets: Assets, reader: Reader): Static<typeof OperationView> {
  const recordedAt = entry.recordedAt.toISOString();
  const seen = visibleEntry(entry, reader);
  const latest = reversals.at(-1);
  const returned = saga && refusalIn(saga);
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    status: entry.refusal ? 'refused' : (saga?.status ?? 'completed'),
    type: entry.kind === 'transfer_debit' ? 'transfer' : entry.kind,
    requestId: seen.key,
    ...(seen.keyspace !== null && { keyspace: seen.keyspace }),
    amount: entry.amount === null ? null : entry.amount.toString(),
    ...(entry.asset !== null && { asset: presentAsset(assets.get(entry.asset)) }),
    ...(seen.debit && { debit: presentAccountAfter(seen.debit) }),
    ...(seen.credit && { credit: saga ? presentRecipient(entry, saga, reader) : presentAccountAfter(seen.credit) }),
    ...presentParticulars(entry, seen),
    ...(seen.actor !== null && { actor: seen.actor }),
    ...(seen.approver !== null && { approver: seen.approver }),
    ...(entry.controls !== null && { controls: JSON.parse(entry.controls) as Record<string, unknown> }),
    ...(latest && { reversed: String(latest.reversed), reversedBy: reversals.map(operationId) }),
    ...(entry.refusal && {
      asked: askedIn(entry),
      failure: explainRefusal(entry.refusal, entry, assets),
    }),
    ...(returned && { failure: explainRefusal(returned, saga.credit, assets) }),
    metadata: parseMetadata(entry.metadata),
    createdAt: recordedAt,
    completedAt: saga ? (saga.end?.recordedAt.toISOString() ?? null) : recordedAt,
  };
}

/** As recorded in its own book; only its id until the money has arrived. */
function presentRecipient(entry: RecordedEntry, { credit }: SagaState, reader: Reader): Static<typeof AccountAfter> {
  if (credit?.credit) return presentAccountAfter(visibleSide(credit.credit, reader));
  return presentAccountAfter(visibleRecipient(entry, reader));
}

function askedIn(entry: RecordedEntry): Record<string, unknown> {
  const details = JSON.parse(entry.details ?? '{"asked":{}}') as { asked: Record<string, unknown> };
  return details.asked;
}

/** Stored as JSON text, already checked to be an object. */
export function parseMetadata(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

export const operationSchemas = [HistoryItem, Failure, Asked, OperationView];
