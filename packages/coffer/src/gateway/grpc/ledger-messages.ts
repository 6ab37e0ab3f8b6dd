/** What the ledger answers, in the messages of ledger.proto. */
import { availableOf, operationId } from '../../ledger/index.ts';
import type { Asset as LedgerAsset, Assets, LedgerEvent, PostedSide, RecordedEntry, SideStatus } from '../../ledger/index.ts';
import { initiatorOf, isWalletOf, refusalIn, toldRefusal, walletBeyondTransit } from '../../wallets/index.ts';
import type {
  OperationRead,
  Reach,
  SagaState,
  Wallet as WalletRead,
  WalletHold,
  WalletOutcome,
  WalletRefusal,
  WalletStats,
} from '../../wallets/index.ts';
import type { Account, Asset, Event, Fact, Hold, HoldState, Limits, OperationResult, Problem, Stats, Wallet } from './generated/ledger.ts';
import { ledgerFailure } from './statuses.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/** A number that does not fit is left out: REST answers it exactly. */
export function int64OrNone(amount: bigint | null): bigint | null {
  return amount !== null && amount <= int64Max && amount >= int64Min ? amount : null;
}

/** The outcome of a request, posted or refused. */
export function resultOf(outcome: WalletOutcome, assets: Assets, reach: Reach): OperationResult {
  const { status, entry, key, replayed, seq } = outcome;
  const problem = status === 'refused' ? problemOf(outcome.refusal, entry) : null;
  const told = { seq: BigInt(seq), requestId: key, replayed, problem };
  if (!entry) return { ...unrecorded, ...told };
  const ofSaga = outcome.saga && sagaOf(entry, outcome.saga, reach);
  return { ...resultOfEntry(entry, entry.scope, assets, reach), ...ofSaga, ...told };
}

/** An operation on record, with what was reversed of it. */
export function resultOfRead({ entry, reversals, saga }: OperationRead, assets: Assets, reach: Reach): OperationResult {
  const result = resultOfEntry(entry, entry.scope, assets, reach);
  if (saga) return { ...result, ...sagaOf(entry, saga, reach) };
  if (reversals.length === 0) return result;
  return { ...result, reversed: int64OrNone(reversals.at(-1)?.reversed ?? null), reversedBy: reversals.map(operationId) };
}

/** What a transfer in steps came to, beside its first step. */
function sagaOf(
  entry: RecordedEntry,
  saga: SagaState,
  reach: Reach,
): Pick<OperationResult, 'type' | 'mode' | 'status' | 'from' | 'to' | 'problem'> {
  const { status, credit } = saga;
  const refusal = refusalIn(saga);
  return {
    type: 'transfer',
    mode: 'saga',
    status: status === 'compensated' ? 'refused' : status,
    from: entry.debit && accountOf(entry.debit, reach),
    to: credit?.credit ? accountOf(credit.credit, reach) : beyondTransit(entry),
    problem: refusal && problemOf(refusal, credit),
  };
}

/** The wallet that a step is about, of another book or of another moment: nothing is known of it here but its name. */
function beyondTransit(entry: RecordedEntry): Account | null {
  const id = walletBeyondTransit(entry);
  return id === null ? null : { id, balance: null, held: null, version: 0n };
}

/** A row of the log, with the account `seenFrom` as its wallet. */
export function resultOfEntry(entry: RecordedEntry, seenFrom: number | null, assets: Assets, reach: Reach): OperationResult {
  const { debit, credit } = entry;
  const own = credit && credit.number === seenFrom ? credit : debit;
  return {
    status: entry.refusal ? 'refused' : 'completed',
    type: entry.kind === 'transfer_debit' && entry.refusal ? 'transfer' : entry.kind,
    operationId: operationId(entry),
    seq: BigInt(entry.seq),
    requestId: isInitiatedBy(entry, seenFrom, reach) ? (entry.key ?? '') : '',
    replayed: false,
    createdAt: entry.recordedAt.toISOString(),
    asset: entry.asset === null ? '' : assets.get(entry.asset).code,
    amount: int64OrNone(entry.amount),
    askedAmount: int64OrNone(entry.askedAmount),
    effectiveAt: entry.effectiveAt ? entry.effectiveAt.toISOString() : '',
    wallet: own && accountOf(own, reach),
    from: debit && credit ? (debit.kind === 'in_transit' && beyondTransit(entry)) || accountOf(debit, reach) : null,
    to: debit && credit ? (credit.kind === 'in_transit' && beyondTransit(entry)) || accountOf(credit, reach) : null,
    hold: isPayers(own, entry, reach) ? holdOf(entry) : null,
    reverses: entry.reverses === null ? '' : `${entry.book}-${entry.reverses}`,
    reversed: int64OrNone(entry.reversed),
    reversedBy: [],
    metadata: entry.metadata ?? '',
    ...decidedIn(entry, reach),
    problem: entry.refusal && problemOf(entry.refusal, entry),
    mode: entry.kind.startsWith('transfer_') ? 'saga' : '',
  };
}

/** A refusal that nobody is remembered for. */
const unrecorded: OperationResult = {
  status: 'refused',
  type: '',
  operationId: '',
  seq: 0n,
  requestId: '',
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
  problem: null,
  mode: '',
};

/** The key is the initiator's own business; the recipient of a transfer does not learn it. */
function isInitiatedBy(entry: RecordedEntry, seenFrom: number | null, { onlyOwner }: Reach): boolean {
  if (entry.scope !== seenFrom) return false;
  const initiator = initiatorOf(entry);
  return onlyOwner === undefined || !initiator || isWalletOf(initiator.id, onlyOwner);
}

/** What a system account holds is for operators, what another's wallet holds for its owner. */
function accountOf({ id, kind, balance, held, version }: PostedSide, { onlyOwner }: Reach): Account {
  const isHidden = kind !== 'wallet' || (onlyOwner !== undefined && !isWalletOf(id, onlyOwner));
  if (isHidden) return { id, balance: null, held: null, version: 0n };
  return { id, balance: int64OrNone(balance), held: int64OrNone(held), version: BigInt(version) };
}

/** What is left of a hold is the payer's business, not that of whoever a part of it went to. */
function isPayers(own: PostedSide | null, { debit }: RecordedEntry, { onlyOwner }: Reach): boolean {
  return own === debit && (onlyOwner === undefined || !debit || isWalletOf(debit.id, onlyOwner));
}

function holdOf({ book, hold, holdLeft, expiresAt }: RecordedEntry): HoldState | null {
  if (hold === null) return null;
  return { holdId: `${book}-${hold}`, left: int64OrNone(holdLeft), expiresAt: expiresAt ? expiresAt.toISOString() : '' };
}

/** Users are told why something was decided, not by whom. */
function decidedIn({ kind, refusal, details, controls }: RecordedEntry, { onlyOwner }: Reach): { reason: string; actor: string } {
  if (details === null || refusal !== null || (kind !== 'reversal' && controls === null)) return { reason: '', actor: '' };
  const { reason, actor } = JSON.parse(details) as { reason: string; actor: string };
  return { reason, actor: onlyOwner === undefined ? actor : '' };
}

function problemOf(refusal: WalletRefusal, entry: RecordedEntry | null): Problem {
  const book = entry && entry.book;
  const { code, details } = ledgerFailure(refusal, entry);
  const facts = Object.entries(toldRefusal(refusal, book).facts).map(([name, value]): Fact => ({ name, value }));
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
    deposited: int64OrNone(stats.deposited),
    withdrawn: int64OrNone(stats.withdrawn),
    toppedUp: int64OrNone(stats.toppedUp),
    spent: int64OrNone(stats.spent),
    issued: int64OrNone(stats.issued),
    transferredIn: int64OrNone(stats.transferredIn),
    transferredOut: int64OrNone(stats.transferredOut),
    capturedIn: int64OrNone(stats.capturedIn),
    capturedOut: int64OrNone(stats.capturedOut),
    reversedIn: int64OrNone(stats.reversedIn),
    reversedOut: int64OrNone(stats.reversedOut),
    sweptIn: int64OrNone(stats.sweptIn),
    sweptOut: int64OrNone(stats.sweptOut),
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

export function eventMessage({ id, type, wallet, seq, recordedAt, data }: LedgerEvent): Event {
  return { id, type, walletId: wallet, seq: BigInt(seq), recordedAt: recordedAt.toISOString(), data: JSON.stringify(data) };
}

export function assetMessage({ id, code, scale, name }: LedgerAsset): Asset {
  return { id: BigInt(id), code, scale, name };
}
