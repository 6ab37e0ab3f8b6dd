/** Maps the ledger's answers to the messages of ledger.proto. */
import { availableOf, operationId } from '../../ledger/index.ts';
import type { Asset as LedgerAsset, Assets, LedgerEvent, RecordedEntry, SideStatus } from '../../ledger/index.ts';
import type { OperationOutcome, OperationRefusal } from '../../operations/index.ts';
import { visibleEntry, visibleEvent, visibleRefusal, visibleSide } from '../../visibility/index.ts';
import type { VisibleEntry, VisibleSide } from '../../visibility/index.ts';
import { amountNames, refusalIn, walletBeyondTransit } from '../../wallets/index.ts';
import type { AmountName, OperationRead, Reader, SagaState, Wallet as WalletRead, WalletHold, WalletStats } from '../../wallets/index.ts';
import type { Account, Asset, Event, Fact, Hold, HoldState, Limits, OperationResult, Problem, Stats, Wallet } from './generated/ledger.ts';
import { ledgerFailure } from './statuses.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/** A number that does not fit is omitted: REST returns it exactly. */
export function int64OrNone(amount: bigint | null): bigint | null {
  return amount !== null && amount <= int64Max && amount >= int64Min ? amount : null;
}

/** The outcome of a request, posted or refused. */
export function resultOf(outcome: OperationOutcome, assets: Assets, reader: Reader): OperationResult {
  const { status, entry, key, replayed, seq } = outcome;
  const problem = status === 'refused' ? problemOf(outcome.refusal, entry, assets) : null;
  const common = { seq: BigInt(seq), requestId: key, replayed, problem };
  if (!entry) return { ...unrecorded, ...common };
  const ofSaga = outcome.saga && sagaOf(entry, outcome.saga, assets, reader);
  const result = resultOfEntry(entry, entry.scope, assets, reader);
  // The caller knows itself: as over REST, only a correction or a control repeats its actor.
  return { ...result, ...(result.reason === '' && { actor: '' }), ...ofSaga, ...common };
}

/** A recorded operation, with what was reversed of it. */
export function resultOfRead({ entry, reversals, saga }: OperationRead, assets: Assets, reader: Reader): OperationResult {
  const result = resultOfEntry(entry, entry.scope, assets, reader);
  if (saga) return { ...result, ...sagaOf(entry, saga, assets, reader) };
  if (reversals.length === 0) return result;
  return { ...result, reversed: int64OrNone(reversals.at(-1)?.reversed ?? null), reversedBy: reversals.map(operationId) };
}

/** The outcome of a transfer in steps, beside its first step. */
function sagaOf(
  entry: RecordedEntry,
  saga: SagaState,
  assets: Assets,
  reader: Reader,
): Pick<OperationResult, 'type' | 'mode' | 'status' | 'from' | 'to' | 'problem'> {
  const { status, credit } = saga;
  const refusal = refusalIn(saga);
  return {
    type: 'transfer',
    mode: 'saga',
    status: status === 'compensated' ? 'refused' : status,
    from: entry.debit && accountOf(visibleSide(entry.debit, reader)),
    to: credit?.credit ? accountOf(visibleSide(credit.credit, reader)) : beyondTransit(entry),
    problem: refusal && problemOf(refusal, credit, assets),
  };
}

/** The wallet of a step in another book or at another time: only its id is known here. */
function beyondTransit(entry: RecordedEntry): Account | null {
  const id = walletBeyondTransit(entry);
  return id === null ? null : { id, balance: null, held: null, version: 0n };
}

/** A row of the log, from the side of the account `seenFrom`. */
export function resultOfEntry(entry: RecordedEntry, seenFrom: number | null, assets: Assets, reader: Reader): OperationResult {
  const seen = visibleEntry(entry, reader, seenFrom);
  const isTransfer = seen.debit !== null && seen.credit !== null;
  const own = entry.credit && entry.credit.number === seenFrom ? seen.credit : seen.debit;
  return {
    status: entry.refusal ? 'refused' : 'completed',
    type: entry.kind === 'transfer_debit' && entry.refusal ? 'transfer' : entry.kind,
    operationId: operationId(entry),
    seq: BigInt(entry.seq),
    requestId: seen.key ?? '',
    keyspace: seen.keyspace ?? '',
    replayed: false,
    createdAt: entry.recordedAt.toISOString(),
    asset: entry.asset === null ? '' : assets.get(entry.asset).code,
    amount: int64OrNone(entry.amount),
    askedAmount: int64OrNone(entry.askedAmount),
    effectiveAt: entry.effectiveAt ? entry.effectiveAt.toISOString() : '',
    wallet: own && accountOf(own),
    from: isTransfer && seen.debit ? accountOf(seen.debit) : null,
    to: isTransfer && seen.credit ? accountOf(seen.credit) : null,
    hold: seen.hold && holdOf(entry, seen.hold),
    reverses: entry.reverses === null ? '' : `${entry.book}-${entry.reverses}`,
    reversed: int64OrNone(entry.reversed),
    reversedBy: [],
    metadata: entry.metadata ?? '',
    reason: seen.reason ?? '',
    actor: seen.actor ?? '',
    approver: seen.approver ?? '',
    problem: entry.refusal && problemOf(entry.refusal, entry, assets),
    mode: entry.kind.startsWith('transfer_') ? 'saga' : '',
  };
}

/** A refusal that is not recorded. */
const unrecorded: OperationResult = {
  status: 'refused',
  type: '',
  operationId: '',
  seq: 0n,
  requestId: '',
  keyspace: '',
  replayed: false,
  createdAt: '',
  asset: '',
  amount: null,
  askedAmount: null,
  effectiveAt: '',
  wallet: null,
  from: null,
  to: null,
  hold: null,
  reverses: '',
  reversed: null,
  reversedBy: [],
  metadata: '',
  reason: '',
  actor: '',
  approver: '',
  problem: null,
  mode: '',
};

function accountOf({ id, balance, held, version }: VisibleSide): Account {
  return { id, balance: int64OrNone(balance), held: int64OrNone(held), version: BigInt(version ?? 0) };
}

function holdOf({ book }: RecordedEntry, { seq, left, expiresAt }: NonNullable<VisibleEntry['hold']>): HoldState {
  return { holdId: `${book}-${seq}`, left: int64OrNone(left), expiresAt: expiresAt ? expiresAt.toISOString() : '' };
}

function problemOf(refusal: OperationRefusal, entry: RecordedEntry | null, assets: Assets): Problem {
  const book = entry && entry.book;
  const { code, details } = ledgerFailure(refusal, entry, assets);
  const facts = Object.entries(visibleRefusal(refusal, book, assets).facts).map(([name, value]): Fact => ({ name, value }));
  return { code, detail: details, facts };
}

export function walletOf(wallet: WalletRead): Wallet {
  const { debits, credits } = wallet.controls;
  const strictest = (['closed', 'frozen'] as const).find((status) => debits === status || credits === status) ?? 'open';
  return {
    id: wallet.id,
    ownerId: wallet.owner ?? '',
    asset: wallet.currency.code,
    balance: int64OrNone(wallet.balance),
    held: int64OrNone(wallet.held),
    available: int64OrNone(availableOf(wallet)),
    creditLimit: int64OrNone(-(wallet.floor ?? 0n)),
    version: BigInt(wallet.version),
    status: passageOf(strictest),
    debits: passageOf(debits),
    credits: passageOf(credits),
    limits: limitsOf(wallet),
    createdAt: wallet.openedAt.toISOString(),
    updatedAt: wallet.updatedAt.toISOString(),
    asOfSeq: BigInt(wallet.asOfSeq),
  };
}

function passageOf(status: SideStatus): string {
  return status === 'open' ? 'active' : status;
}

function limitsOf({ controls: { limits }, used }: WalletRead): Limits | null {
  if (!limits) return null;
  return {
    perTransfer: int64OrNone(limits.perTransfer),
    perDay: int64OrNone(limits.perDay),
    perMonth: int64OrNone(limits.perMonth),
    usedToday: int64OrNone(used?.day ?? null),
    usedThisMonth: int64OrNone(used?.month ?? null),
  };
}

export function statsOf(stats: WalletStats): Stats {
  const { wallet, postings, lastActivityAt } = stats;
  return {
    walletId: wallet.id,
    asset: wallet.currency.code,
    balance: int64OrNone(wallet.balance),
    version: BigInt(wallet.version),
    ...(Object.fromEntries(amountNames.map((name) => [name, int64OrNone(stats[name])])) as Record<AmountName, bigint | null>),
    postings: BigInt(postings),
    lastActivityAt: lastActivityAt ? lastActivityAt.toISOString() : '',
    asOfSeq: BigInt(wallet.asOfSeq),
  };
}

export function holdMessage({ hold, entry, captured, expired, currency }: WalletHold): Hold {
  return {
    holdId: operationId(entry),
    walletId: hold.wallet,
    asset: currency.code,
    amount: int64OrNone(hold.amount),
    left: int64OrNone(hold.left),
    captured: int64OrNone(captured),
    released: int64OrNone(hold.amount - captured - hold.left),
    status: expired ? 'expired' : hold.left > 0n ? 'open' : captured > 0n ? 'captured' : 'released',
    expiresAt: hold.expiresAt ? hold.expiresAt.toISOString() : '',
    createdAt: entry.recordedAt.toISOString(),
  };
}

export function eventMessage(event: LedgerEvent, reader: Reader): Event {
  const { id, type, wallet, seq, recordedAt, data } = visibleEvent(event, reader);
  return { id, type, walletId: wallet, seq: BigInt(seq), recordedAt: recordedAt.toISOString(), data: JSON.stringify(data) };
}

export function assetMessage({ id, code, scale, name, kind, retired }: LedgerAsset): Asset {
  return { id: BigInt(id), code, scale, name, kind, retired };
}
