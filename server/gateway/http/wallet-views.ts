/** Wallets, their history and their operations, as answers. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { operationId } from '../../ledger/index.ts';
import type { Assets, PostedSide, RecordedEntry } from '../../ledger/index.ts';
import { isWalletOf } from '../../wallets/index.ts';
import type { Reach, Wallet, WalletStats } from '../../wallets/index.ts';
import { presentAsset, presentSide } from './postings.ts';
import { presentRefusal } from './refusals.ts';
import { AmountText, AssetBrief, oneOf, OperationId, orNull, ref, Seq, strict, Timestamp, Version, WalletId } from './schemas.ts';

export const WalletView = Type.Object(
  {
    walletId: WalletId,
    ownerId: orNull(Type.String({ description: 'user id of the owner; null for a wallet that nobody owns' })),
    asset: ref(AssetBrief),
    balance: AmountText,
    available: Type.String({ description: 'what may be withdrawn now: balance, less what is held, plus the credit limit' }),
    held: Type.String({ description: 'reserved, in minor units' }),
    creditLimit: Type.String({ description: 'how far below zero the wallet may go' }),
    version: Version,
    status: Type.Literal('active'),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    seq: Type.Integer({
      description: 'the end of the log at the moment of the read: whatever was answered with a smaller or equal seq is in the balance',
    }),
  },
  { $id: 'Wallet', ...strict },
);

export function presentWallet(wallet: Wallet): Static<typeof WalletView> {
  const creditLimit = -(wallet.floor ?? 0n);
  return {
    walletId: wallet.id,
    ownerId: wallet.owner,
    asset: presentAsset(wallet.currency),
    balance: wallet.balance.toString(),
    available: (wallet.balance + creditLimit).toString(),
    held: '0',
    creditLimit: creditLimit.toString(),
    version: wallet.version,
    status: 'active',
    createdAt: wallet.openedAt.toISOString(),
    updatedAt: wallet.updatedAt.toISOString(),
    seq: wallet.asOfSeq,
  };
}

const Counterparty = Type.Object(
  {
    kind: Type.String({ description: 'wallet, or the system account: treasury, cash_in, cash_out …', examples: ['wallet'] }),
    walletId: orNull(Type.String({ description: 'of a wallet' })),
  },
  { $id: 'Counterparty', ...strict },
);

export const HistoryItem = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    type: Type.String(),
    direction: oneOf('in', 'out'),
    amount: AmountText,
    counterparty: ref(Counterparty),
    balanceAfter: AmountText,
    versionAfter: Version,
    requestId: orNull(Type.String()),
    metadata: orNull(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
    createdAt: Timestamp,
  },
  { $id: 'HistoryItem', ...strict },
);

/** An entry that moved money, seen from one of its wallets. */
export function presentHistoryItem(entry: RecordedEntry, wallet: Wallet): Static<typeof HistoryItem> {
  const incoming = entry.credit?.number === wallet.number;
  const [own, other] = incoming ? [entry.credit, entry.debit] : [entry.debit, entry.credit];
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    type: entry.kind,
    direction: incoming ? 'in' : 'out',
    amount: String(entry.amount),
    counterparty: presentCounterparty(other),
    balanceAfter: String(own?.balance),
    versionAfter: own?.version ?? 0,
    requestId: isInitiator(entry, wallet) ? entry.key : null,
    metadata: parseMetadata(entry.metadata),
    createdAt: entry.recordedAt.toISOString(),
  };
}

/** The key is the initiator's own business; the recipient of a transfer does not learn it. */
function isInitiator(entry: RecordedEntry, wallet: Wallet): boolean {
  return entry.scope === wallet.number;
}

function presentCounterparty(side: PostedSide | null): Static<typeof Counterparty> {
  return side?.kind === 'wallet' ? { kind: 'wallet', walletId: side.id } : { kind: side?.kind ?? 'none', walletId: null };
}

export const Stats = Type.Object(
  {
    walletId: WalletId,
    asset: ref(AssetBrief),
    balance: AmountText,
    version: Version,
    deposited: AmountText,
    withdrawn: AmountText,
    toppedUp: AmountText,
    spent: AmountText,
    transferredIn: AmountText,
    transferredOut: AmountText,
    postings: Type.Integer({ minimum: 0 }),
    lastActivityAt: orNull(Timestamp),
  },
  { $id: 'WalletStats', ...strict },
);

export function presentStats(stats: WalletStats): Static<typeof Stats> {
  return {
    walletId: stats.wallet.id,
    asset: presentAsset(stats.wallet.currency),
    balance: stats.wallet.balance.toString(),
    version: stats.wallet.version,
    deposited: stats.deposited.toString(),
    withdrawn: stats.withdrawn.toString(),
    toppedUp: stats.toppedUp.toString(),
    spent: stats.spent.toString(),
    transferredIn: stats.transferredIn.toString(),
    transferredOut: stats.transferredOut.toString(),
    postings: stats.postings,
    lastActivityAt: stats.lastActivityAt?.toISOString() ?? null,
  };
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

const Failure = Type.Object(
  { code: Type.String(), detail: Type.String(), facts: Type.Record(Type.String(), Type.String()) },
  { $id: 'Failure', ...strict },
);

const Asked = Type.Object(
  {},
  { $id: 'Asked', additionalProperties: { type: ['string', 'integer', 'null'] }, description: 'what a refused operation asked for' },
);

export const OperationView = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    status: oneOf('completed', 'refused'),
    type: Type.String(),
    requestId: orNull(Type.String()),
    amount: orNull(AmountText),
    asset: Type.Optional(ref(AssetBrief)),
    debit: Type.Optional(ref(AccountAfter)),
    credit: Type.Optional(ref(AccountAfter)),
    asked: Type.Optional(ref(Asked)),
    failure: Type.Optional(ref(Failure)),
    metadata: orNull(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
    createdAt: Timestamp,
    completedAt: Timestamp,
  },
  {
    $id: 'Operation',
    ...strict,
    description: 'asset and sides are missing where a refusal named none; failure and asked are there for a refusal only',
  },
);

/** An operation as it is on record. It is decided and committed at one moment, so both timestamps are that one. */
export function presentOperation(entry: RecordedEntry, assets: Assets, reach: Reach): Static<typeof OperationView> {
  const recordedAt = entry.recordedAt.toISOString();
  return {
    operationId: operationId(entry),
    seq: entry.seq,
    status: entry.refusal ? 'refused' : 'completed',
    type: entry.kind,
    requestId: isInitiatedWithin(entry, reach) ? entry.key : null,
    amount: entry.amount === null ? null : entry.amount.toString(),
    ...(entry.asset !== null && { asset: presentAsset(assets.get(entry.asset)) }),
    ...(entry.debit && { debit: presentAccountAfter(entry.debit, reach) }),
    ...(entry.credit && { credit: presentAccountAfter(entry.credit, reach) }),
    ...(entry.refusal && {
      asked: askedIn(entry),
      failure: presentRefusal(entry.refusal),
    }),
    metadata: parseMetadata(entry.metadata),
    createdAt: recordedAt,
    completedAt: recordedAt,
  };
}

function presentAccountAfter(side: PostedSide, reach: Reach): Static<typeof AccountAfter> {
  if (side.kind !== 'wallet') return { kind: side.kind, walletId: null, balance: null, version: null };
  return { kind: side.kind, ...presentSide(side, reach) };
}

/** The recipient of a transfer sees the operation, but not the payer's key. A refusal is seen by whoever asked for it only. */
function isInitiatedWithin({ scope, debit, credit, refusal }: RecordedEntry, { onlyOwner }: Reach): boolean {
  if (onlyOwner === undefined || refusal) return true;
  return [debit, credit].some((side) => side?.number === scope && isWalletOf(side.id, onlyOwner));
}

function askedIn(entry: RecordedEntry): Record<string, string | number | null> {
  const details = JSON.parse(entry.details ?? '{"asked":{}}') as { asked: Record<string, string | number | null> };
  return details.asked;
}

/** Stored as JSON text, once checked to be an object. */
function parseMetadata(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}

export const walletSchemas = [WalletView, Counterparty, HistoryItem, Stats, AccountAfter, Failure, Asked, OperationView];
