/** Maps the ledger's answers to the messages of ledger.proto. */
import { majorUnits } from '../../kernel/index.ts';
import { availableOf, operationId } from '../../ledger/index.ts';
import type { Asset as LedgerAsset, Assets, LedgerEvent, RecordedEntry, SideStatus } from '../../ledger/index.ts';
import type { OperationOutcome, OperationRefusal, Unit } from '../../operations/index.ts';
import { visibleEntry, visibleEvent, visibleRefusal, visibleRecipient, visibleSide } from '../../visibility/index.ts';
import type { VisibleEntry, VisibleSide } from '../../visibility/index.ts';
import { amountNames, refusalIn } from '../../wallets/index.ts';
import type { AmountName, OperationRead, Reader, SagaState, Wallet as WalletRead, WalletHold, WalletStats } from '../../wallets/index.ts';
import type { Account, Asset, Event, Fact, Hold, HoldState, Limits, OperationResult, Problem, Stats, Wallet } from './generated/ledger.ts';
import { ledgerFailure } from './statuses.ts';

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

type Amounts<Name extends string> = Record<Name, bigint | null> & Record<`${Name}Text`, string>;
/** Writes amounts of one asset. */
type Show = (amount: bigint) => string;

export function showIn(unit: Unit, asset: Pick<LedgerAsset, 'scale'> | null): Show {
  return unit === 'major' && asset ? (amount) => majorUnits(amount.toString(), asset.scale) : String;
}

/** Each amount as a number, which is absent where it does not fit an int64, and as an exact text beside it. */
export function amountsOf<Name extends string>(exact: Readonly<Record<Name, bigint | null>>, show: Show): Amounts<Name> {
  const fields: Record<string, bigint | string | null> = {};
  for (const name in exact) {
    const amount = exact[name];
    fields[name] = amount !== null && amount <= int64Max && amount >= int64Min ? amount : null;
    fields[`${name}Text`] = amount === null ? '' : show(amount);
  }
  return fields as Amounts<Name>;
}

/** The outcome of a request, posted or refused. */
export function resultOf(outcome: OperationOutcome, assets: Assets, reader: Reader, unit: Unit): OperationResult {
  const { status, entry, key, replayed, seq } = outcome;
  const problem = status === 'refused' ? problemOf(outcome.refusal, entry, assets) : null;
  const common = { seq: BigInt(seq), requestId: key, replayed, problem };
  if (!entry) return { ...unrecorded, ...common };
  const ofSaga = outcome.saga && sagaOf(entry, outcome.saga, assets, reader, unit);
  const result = resultOfEntry(entry, entry.scope, assets, reader, unit);
  // The caller knows itself: as over REST, only a correction or a control repeats its actor.
  return { ...result, ...(result.reason === '' && { actor: '' }), ...ofSaga, ...common };
}

/** A recorded operation, with what was reversed of it. */
export function resultOfRead({ entry, reversals, saga }: OperationRead, assets: Assets, reader: Reader, unit: Unit): OperationResult {
  const result = resultOfEntry(entry, entry.scope, assets, reader, unit);
  if (saga) return { ...result, ...sagaOf(entry, saga, assets, reader, unit) };
  if (reversals.length === 0) return result;
  return {
    ...result,
    ...amountsOf({ reversed: reversals.at(-1)?.reversed ?? null }, showOf(entry, assets, unit)),
    reversedBy: reversals.map(operationId),
  };
}

/** The outcome of a transfer in steps, beside its first step. */
function sagaOf(
  entry: RecordedEntry,
  saga: SagaState,
  assets: Assets,
  reader: Reader,
  unit: Unit,
): Pick<OperationResult, 'type' | 'mode' | 'status' | 'from' | 'to' | 'problem'> {
  const { status, credit } = saga;
  const refusal = refusalIn(saga);
  const show = showOf(entry, assets, unit);
  return {
    type: 'transfer',
    mode: 'saga',
    status: status === 'compensated' ? 'refused' : status,
    from: entry.debit && accountOf(visibleSide(entry.debit, reader), show),
    to: credit?.credit ? accountOf(visibleSide(credit.credit, reader), show) : accountOf(visibleRecipient(entry, reader), show),
    problem: refusal && problemOf(refusal, credit, assets),
  };
}

/** A row of the log, from the side of the account `seenFrom`. */
export function resultOfEntry(entry: RecordedEntry, seenFrom: number | null, assets: Assets, reader: Reader, unit: Unit): OperationResult {
  const show = showOf(entry, assets, unit);
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
    ...amountsOf({ amount: entry.amount, askedAmount: entry.askedAmount, reversed: entry.reversed }, show),
    effectiveAt: entry.effectiveAt ? entry.effectiveAt.toISOString() : '',
    wallet: own && accountOf(own, show),
    from: isTransfer && seen.debit ? accountOf(seen.debit, show) : null,
    to: isTransfer && seen.credit ? accountOf(seen.credit, show) : null,
    hold: seen.hold && holdOf(entry, seen.hold, show),
    reverses: entry.reverses === null ? '' : `${entry.book}-${entry.reverses}`,
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
  amountText: '',
  askedAmount: null,
  askedAmountText: '',
  effectiveAt: '',
  wallet: null,
  from: null,
  to: null,
  hold: null,
  reverses: '',
  reversed: null,
  reversedText: '',
  reversedBy: [],
  metadata: '',
  reason: '',
  actor: '',
  approver: '',
  problem: null,
  mode: '',
};

/** In the unit, by the entry's asset. */
function showOf({ asset }: RecordedEntry, assets: Assets, unit: Unit): Show {
  return showIn(unit, asset === null ? null : assets.get(asset));
}

function accountOf({ id, balance, held, version }: VisibleSide, show: Show): Account {
  return { id, ...amountsOf({ balance, held }, show), version: BigInt(version ?? 0) };
}

function holdOf({ book }: RecordedEntry, { seq, left, expiresAt }: NonNullable<VisibleEntry['hold']>, show: Show): HoldState {
  return { holdId: `${book}-${seq}`, ...amountsOf({ left }, show), expiresAt: expiresAt ? expiresAt.toISOString() : '' };
}

function problemOf(refusal: OperationRefusal, entry: RecordedEntry | null, assets: Assets): Problem {
  const book = entry && entry.book;
  const { code, details } = ledgerFailure(refusal, entry, assets);
  const facts = Object.entries(visibleRefusal(refusal, book, assets).facts).map(([name, value]): Fact => ({ name, value }));
  return { code, detail: details, facts };
}

export function walletOf(wallet: WalletRead, unit: Unit): Wallet {
  const show = showIn(unit, wallet.currency);
  const { balance, held } = wallet;
  const { debits, credits } = wallet.controls;
  const strictest = (['closed', 'frozen'] as const).find((status) => debits === status || credits === status) ?? 'open';
  return {
    id: wallet.id,
    ownerId: wallet.owner ?? '',
    asset: wallet.currency.code,
    ...amountsOf({ balance, held, available: availableOf(wallet), creditLimit: -(wallet.floor ?? 0n) }, show),
    version: BigInt(wallet.version),
    status: passageOf(strictest),
    debits: passageOf(debits),
    credits: passageOf(credits),
    limits: limitsOf(wallet, show),
    createdAt: wallet.openedAt.toISOString(),
    updatedAt: wallet.updatedAt.toISOString(),
    asOfSeq: BigInt(wallet.asOfSeq),
  };
}

function passageOf(status: SideStatus): string {
  return status === 'open' ? 'active' : status;
}

function limitsOf({ controls: { limits }, used }: WalletRead, show: Show): Limits | null {
  if (!limits) return null;
  const { perTransfer, perDay, perMonth } = limits;
  return amountsOf({ perTransfer, perDay, perMonth, usedToday: used?.day ?? null, usedThisMonth: used?.month ?? null }, show);
}

export function statsOf(stats: WalletStats, unit: Unit): Stats {
  const show = showIn(unit, stats.wallet.currency);
  const { wallet, postings, lastActivityAt } = stats;
  return {
    walletId: wallet.id,
    asset: wallet.currency.code,
    ...amountsOf({ balance: wallet.balance }, show),
    version: BigInt(wallet.version),
    ...amountsOf(Object.fromEntries(amountNames.map((name) => [name, stats[name]])) as Record<AmountName, bigint>, show),
    postings: BigInt(postings),
    lastActivityAt: lastActivityAt ? lastActivityAt.toISOString() : '',
    asOfSeq: BigInt(wallet.asOfSeq),
  };
}

export function holdMessage({ hold, entry, captured, expired, currency }: WalletHold, unit: Unit): Hold {
  const { amount, left } = hold;
  return {
    holdId: operationId(entry),
    walletId: hold.wallet,
    asset: currency.code,
    ...amountsOf({ amount, left, captured, released: amount - captured - left }, showIn(unit, currency)),
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
