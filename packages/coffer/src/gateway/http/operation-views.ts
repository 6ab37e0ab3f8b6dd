/** Operations as they are on record: one by one, and as the lines of a wallet's history. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { operationId, sagaDetails } from '../../ledger/index.ts';
import type { Assets, PostedSide, RecordedEntry } from '../../ledger/index.ts';
import { initiatorOf, isWalletOf, refusalIn, walletBeyondTransit } from '../../wallets/index.ts';
import type { OperationRead, Reach, SagaState, Wallet } from '../../wallets/index.ts';
import { AskedAmount, idAt, presentAsked, presentAsset, presentAvailable, presentSide } from './postings.ts';
import { explainRefusal } from '../problems/index.ts';
import { AmountText, AssetBrief, freeObject, HoldId, oneOf, OperationId, orNull, ref, Seq, strict, Timestamp, Version } from './schemas.ts';

export const Counterparty = Type.Object(
  {
    kind: Type.String({ description: 'wallet, or the system account: treasury, cash_in, cash_out …', examples: ['wallet'] }),
    walletId: orNull(Type.String({ description: 'of a wallet' })),
  },
  { $id: 'Counterparty', ...strict },
);

export function presentCounterparty(side: PostedSide): Static<typeof Counterparty> {
  return side.kind === 'wallet' ? { kind: 'wallet', walletId: side.id } : { kind: side.kind, walletId: null };
}

/** What a wallet paid into transit, it paid to somebody. */
function counterpartyOf(entry: RecordedEntry, other: PostedSide): Static<typeof Counterparty> {
  const beyond = walletBeyondTransit(entry);
  return beyond === null ? presentCounterparty(other) : { kind: 'wallet', walletId: beyond };
}

/** What only some operations have, in history and in full. */
const particulars = {
  askedAmount: Type.Optional(AskedAmount),
  effectiveAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'when it counts as having happened, if not when it was recorded' }),
  ),
  holdId: Type.Optional(HoldId),
  left: Type.Optional(Type.String({ description: 'what was left of the hold then' })),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'of a hold' })),
  reverses: Type.Optional(Type.String({ description: 'id of the operation that this one reverses' })),
  transferId: Type.Optional(Type.String({ description: 'id of the transfer that this is a step of' })),
  reason: Type.Optional(Type.String({ description: 'why it was decided' })),
};

/** `toPayer`: what is left of a hold is the payer's business, not that of whoever a part of it went to. */
function presentParticulars(entry: RecordedEntry, toPayer: boolean) {
  const { hold, holdLeft, expiresAt, reverses } = entry;
  const decided = decidedIn(entry);
  return {
    ...presentAsked(entry),
    ...(hold !== null && toPayer && { holdId: idAt(entry, hold), left: String(holdLeft) }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(reverses !== null && { reverses: idAt(entry, reverses) }),
    ...ofTransfer(entry),
    ...(decided && { reason: decided.reason }),
  };
}

/** A transfer in steps is called by its first one. */
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
      description: 'none: the balance stays, as for a hold or a freeze',
    }),
    amount: orNull(AmountText),
    counterparty: Type.Optional(ref(Counterparty)),
    balanceAfter: AmountText,
    heldAfter: AmountText,
    availableAfter: AmountText,
    versionAfter: Version,
    ...particulars,
    requestId: orNull(Type.String()),
    metadata: orNull(freeObject),
    createdAt: Timestamp,
  },
  { $id: 'HistoryItem', ...strict, description: 'amount is null and counterparty missing where nothing moved' },
);

/** An entry that names a wallet, seen from it. */
export function presentHistoryItem(entry: RecordedEntry, wallet: Wallet): Static<typeof HistoryItem> {
  const { debit, credit } = entry;
  const incoming = credit?.number === wallet.number;
  const [own, other] = incoming ? [credit, debit] : [debit, credit];
  const after = own ?? wallet;
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind,
    direction: other === null ? 'none' : incoming ? 'in' : 'out',
    amount: entry.amount === null ? null : entry.amount.toString(),
    ...(other && { counterparty: counterpartyOf(entry, other) }),
    balanceAfter: after.balance.toString(),
    heldAfter: after.held.toString(),
    availableAfter: presentAvailable(after),
    versionAfter: after.version,
    ...presentParticulars(entry, !incoming),
    requestId: isInitiator(entry, wallet) ? presentKey(entry.key) : null,
    metadata: parseMetadata(entry.metadata),
    createdAt: entry.recordedAt.toISOString(),
  };
}

/** The key is the initiator's own business; the recipient of a transfer does not learn it. */
function isInitiator(entry: RecordedEntry, wallet: Wallet): boolean {
  return entry.scope === wallet.number;
}

const AccountAfter = Type.Object(
  { kind: Type.String(), walletId: orNull(Type.String()), balance: orNull(Type.String()), version: orNull(Type.Integer()) },
  {
    $id: 'AccountAfter',
    ...strict,
    description:
      'a side of the operation as it left it; of a system account only its kind: what it holds is for operators, in the event log',
  },
);

export const Failure = Type.Object(
  { code: Type.String(), detail: Type.String(), facts: Type.Record(Type.String(), Type.String()) },
  { $id: 'Failure', ...strict },
);

const Asked = Type.Unsafe<Record<string, unknown>>({
  $id: 'Asked',
  type: 'object',
  additionalProperties: true,
  description: 'what a refused operation asked for',
});

export const operationProperties = {
  operationId: OperationId,
  seq: Seq,
  status: oneOf('completed', 'refused', 'debited', 'compensated'),
  type: Type.String(),
  requestId: orNull(Type.String()),
  amount: orNull(AmountText),
  asset: Type.Optional(ref(AssetBrief)),
  debit: Type.Optional(ref(AccountAfter)),
  credit: Type.Optional(ref(AccountAfter)),
  ...particulars,
  actor: Type.Optional(Type.String({ description: 'who decided it; users are not told' })),
  controls: Type.Optional(freeObject),
  reversed: Type.Optional(Type.String({ description: 'how much of it has been reversed by now' })),
  reversedBy: Type.Optional(Type.Array(OperationId, { description: 'ids of the operations that reversed it, or parts of it' })),
  asked: Type.Optional(ref(Asked)),
  failure: Type.Optional(ref(Failure)),
  metadata: orNull(freeObject),
  createdAt: Timestamp,
  completedAt: orNull(Timestamp),
};

export const OperationView = Type.Object(operationProperties, {
  $id: 'Operation',
  ...strict,
  description:
    'debited and compensated: of a transfer in steps that goes on by itself, or came back; asset and sides are missing where a refusal named none; failure and asked are there for a refusal only, controls (all of the wallet, after it) for a control, reversed and reversedBy for what was reversed',
});

/** An operation as it is on record. It is decided and committed at one moment, so both timestamps are that one; but of a transfer in steps. */
/** Keys that begin with a control character are Coffer's own: nobody can ask by them, and they tell how Coffer works, such as which fraud rule froze a wallet. */
export function presentKey(key: string | null): string | null {
  return key?.startsWith('\u0001') ? null : key;
}

export function presentOperation({ entry, reversals, saga }: OperationRead, assets: Assets, reach: Reach): Static<typeof OperationView> {
  const recordedAt = entry.recordedAt.toISOString();
  const decided = decidedIn(entry);
  const latest = reversals.at(-1);
  const returned = saga && refusalIn(saga);
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    status: entry.refusal ? 'refused' : (saga?.status ?? 'completed'),
    type: entry.kind === 'transfer_debit' ? 'transfer' : entry.kind,
    requestId: isInitiatedWithin(entry, reach) ? presentKey(entry.key) : null,
    amount: entry.amount === null ? null : entry.amount.toString(),
    ...(entry.asset !== null && { asset: presentAsset(assets.get(entry.asset)) }),
    ...(entry.debit && { debit: presentAccountAfter(entry.debit, reach) }),
    ...(entry.credit && { credit: saga ? presentRecipient(entry, saga, reach) : presentAccountAfter(entry.credit, reach) }),
    ...presentParticulars(entry, reach.onlyOwner === undefined || !entry.debit || isWalletOf(entry.debit.id, reach.onlyOwner)),
    ...(decided && reach.onlyOwner === undefined && { actor: decided.actor }),
    ...(entry.controls !== null && { controls: JSON.parse(entry.controls) as Record<string, unknown> }),
    ...(latest && { reversed: String(latest.reversed), reversedBy: reversals.map(operationId) }),
    ...(entry.refusal && {
      asked: askedIn(entry),
      failure: explainRefusal(entry.refusal, entry),
    }),
    ...(returned && { failure: explainRefusal(returned, saga.credit) }),
    metadata: parseMetadata(entry.metadata),
    createdAt: recordedAt,
    completedAt: saga ? (saga.end?.recordedAt.toISOString() ?? null) : recordedAt,
  };
}

/** As its own book left it; nothing of it as long as nothing has arrived. */
function presentRecipient(entry: RecordedEntry, { credit }: SagaState, reach: Reach): Static<typeof AccountAfter> {
  if (credit?.credit) return presentAccountAfter(credit.credit, reach);
  return { kind: 'wallet', walletId: walletBeyondTransit(entry), balance: null, version: null };
}

function presentAccountAfter(side: PostedSide, reach: Reach): Static<typeof AccountAfter> {
  if (side.kind !== 'wallet') return { kind: side.kind, walletId: null, balance: null, version: null };
  return { kind: side.kind, ...presentSide(side, reach) };
}

/** The recipient of a transfer sees the operation, but not the payer's key. A refusal is seen by whoever asked for it only. */
function isInitiatedWithin(entry: RecordedEntry, { onlyOwner }: Reach): boolean {
  if (onlyOwner === undefined || entry.refusal) return true;
  const initiator = initiatorOf(entry);
  return initiator !== null && isWalletOf(initiator.id, onlyOwner);
}

function askedIn(entry: RecordedEntry): Record<string, unknown> {
  const details = JSON.parse(entry.details ?? '{"asked":{}}') as { asked: Record<string, unknown> };
  return details.asked;
}

/** Of corrections and controls that were carried out; what a refused one asked for stands in what was asked. */
export function decidedIn({ details, refusal }: RecordedEntry): { readonly reason: string; readonly actor: string } | null {
  if (details === null || refusal) return null;
  const told = JSON.parse(details) as { reason?: string; actor?: string };
  const { reason, actor } = told;
  return reason === undefined || actor === undefined ? null : { reason, actor };
}

/** Stored as JSON text, once checked to be an object. */
export function parseMetadata(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

export const operationSchemas = [Counterparty, HistoryItem, AccountAfter, Failure, Asked, OperationView];
