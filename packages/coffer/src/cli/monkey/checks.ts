/** The invariants that must hold after any requests in any order, checked only through answers of the API. */
import type { Event, HistoryItem, Operation } from '../../../../client/src/index.ts';
import { amountNames, incomingNames } from '../../wallets/index.ts';
import type { AmountName } from '../../wallets/index.ts';
import { acknowledged, operationIdOf, whyBehind } from './gather.ts';
import type { Snapshot, WalletRead } from './gather.ts';
import type { After, MonkeyRequest, Entry, Kind, Outcome, Answered } from './requests.ts';

export type Check = {
  readonly id: string;
  readonly rule: string;
  /** Number of objects checked. */
  readonly checked: number;
  readonly violations: number;
  readonly first: string | null;
};

/** A finding per object: null if it is correct. */
type Findings = Iterable<string | null>;

const rules: readonly { readonly id: string; readonly rule: string; readonly look: (snapshot: Snapshot) => Findings }[] = [
  { id: 'I1', rule: 'the sum of the balances is what went in minus what went out', look: conservation },
  { id: 'I2', rule: 'each balance is the sum of its history', look: sums },
  { id: 'I3', rule: 'versions are 1..n without gaps, and each running balance follows from the previous one', look: versions },
  { id: 'I4', rule: 'every acknowledged operation can be read by id and by key, as it was answered', look: records },
  { id: 'I5', rule: 'each key had at most one effect, and always the same answer', look: keys },
  { id: 'I6', rule: 'no balance was ever below its floor', look: floors },
  { id: 'I7', rule: 'held amounts are left, captured or released, and what is left is what the wallet shows as held', look: holds },
  { id: 'I8', rule: 'the event log has the events of each operation once, and no others', look: events },
  {
    id: 'I10',
    rule: 'the worker caught up within 30 s of idle time, and the stats of each wallet match its history',
    look: follows,
  },
];

export function check(snapshot: Snapshot): Check[] {
  return rules.map(({ id, rule, look }) => {
    const findings = [...look(snapshot)];
    const violations = findings.filter((finding) => finding !== null);
    return { id, rule, checked: findings.length, violations: violations.length, first: violations[0] ?? null };
  });
}

const incoming: readonly Kind[] = ['deposit', 'topup'];
const outgoing: readonly Kind[] = ['withdrawal', 'spend', 'capture'];

/** Valid only for new wallets: existing ones would distort it. Transfers between them change nothing. */
function* conservation({ journal, wallets }: Snapshot): Findings {
  const expected = new Map<string, bigint>();
  const found = new Map<string, bigint>();
  const assetOf = (wallet: string) => wallets.get(wallet)?.wallet?.asset.code ?? 'no asset';
  for (const { request } of completed(journal)) {
    const asset = assetOf(request.wallet);
    expected.set(
      asset,
      (expected.get(asset) ?? 0n) + (incoming.includes(request.kind) ? request.amount : isOutgoing(request) ? -request.amount : 0n),
    );
  }
  for (const [id, { wallet }] of wallets) found.set(assetOf(id), (found.get(assetOf(id)) ?? 0n) + BigInt(wallet?.balance ?? 0));
  for (const asset of new Set([...expected.keys(), ...found.keys()])) {
    const [should, does] = [expected.get(asset) ?? 0n, found.get(asset) ?? 0n];
    yield should === does ? null : `${asset}: ${should} should be in the wallets, but they hold ${does}`;
  }
}

/** A capture for another wallet stays inside the set. */
function isOutgoing({ kind, to }: MonkeyRequest): boolean {
  return outgoing.includes(kind) && to === undefined;
}

function* sums({ wallets }: Snapshot): Findings {
  for (const [id, { wallet, history }] of wallets) {
    if (!wallet) continue;
    const sum = history.reduce((total, item) => total + changeOf(item), 0n);
    yield sum === BigInt(wallet.balance) ? null : `wallet ${id} has a balance of ${wallet.balance}, its history adds up to ${sum}`;
  }
}

function* versions({ wallets }: Snapshot): Findings {
  for (const [id, { wallet, history }] of wallets) {
    let [version, balance] = [0, 0n];
    for (const item of history) {
      version++;
      balance += changeOf(item);
      const fits = item.versionAfter === version && BigInt(item.balanceAfter) === balance;
      yield fits
        ? null
        : `wallet ${id}, operation ${item.operationId}: version ${item.versionAfter} and balance ${item.balanceAfter}, where ${version} and ${balance} follow`;
    }
    const last = wallet?.version ?? 0;
    yield last === version ? null : `wallet ${id} is at version ${last}, its history ends at ${version}`;
  }
}

function* records({ journal, wallets, records: read }: Snapshot): Findings {
  for (const [operationId, entry] of acknowledged(journal)) {
    const { byId, byKey } = read.get(operationId) ?? { byId: null, byKey: null };
    yield whyNotAsAnswered(entry, byId, byKey) ?? whyNotInHistory(operationId, entry, wallets);
  }
}

function whyNotAsAnswered({ request, outcome }: Entry, byId: Operation | null, byKey: Operation | null): string | null {
  const name = `${request.kind} of ${request.amount} by ${request.wallet} under key ${request.key}`;
  if (!byId || !byKey) return `${name} was answered, but cannot be found by its ${byId ? 'key' : 'id'}`;
  if (JSON.stringify(byId) !== JSON.stringify(byKey)) return `${name} differs between its id and its key`;
  const status = outcome.status === 'completed' ? 'completed' : 'refused';
  // If another book refused it, the money was returned: the answer is a refusal, and so is the record.
  const recorded = byId.status === 'compensated' ? 'refused' : byId.status;
  if (recorded !== status) return `${name} was answered as ${status}, but is recorded as ${byId.status}`;
  if (byId.type !== request.kind || byId.requestId !== request.key)
    return `${name} is recorded as ${byId.type} under key ${byId.requestId}`;
  if (outcome.status === 'refused')
    return byId.failure?.code === outcome.code
      ? null
      : `${name} was refused with ${outcome.code}, but is recorded with ${byId.failure?.code}`;
  if (outcome.status !== 'completed' || request.kind === 'open') return null;
  const { answer } = outcome;
  if (BigInt(byId.amount ?? 0) !== request.amount || answer.amount !== byId.amount)
    return `${name} was answered with ${answer.amount}, but is recorded with ${byId.amount}`;
  if (answer.createdAt !== byId.createdAt)
    return `${name} was answered with the time ${answer.createdAt}, but is recorded with ${byId.createdAt}`;
  return sidesOf(request.wallet, answer).every(({ walletId, balance, version }) =>
    [byId.debit, byId.credit].some((side) => side?.walletId === walletId && side.balance === balance && side.version === version),
  )
    ? null
    : `${name} was answered with balances other than the recorded ones`;
}

function whyNotInHistory(operationId: string, { request, outcome }: Entry, wallets: ReadonlyMap<string, WalletRead>): string | null {
  if (request.kind === 'open')
    return wallets.get(request.wallet)?.wallet ? null : `wallet ${request.wallet} was opened, but does not exist`;
  const lines = [request.wallet, request.to].map(
    (id) => wallets.get(id ?? '')?.history.filter((item) => (item.transferId ?? item.operationId) === operationId).length ?? 0,
  );
  // A refusal by the other side: the amount left the wallet and was returned to it.
  const expected = outcome.status === 'refused' ? [outcome.isReturned ? 2 : 0, 0] : [1, request.to === undefined ? 0 : 1];
  if (lines.every((count, at) => count === expected[at])) return null;
  return `${outcome.status} operation ${operationId} is ${lines[0]} times in the history of ${request.wallet}${request.to === undefined ? '' : ` and ${lines[1]} times in that of ${request.to}`}`;
}

function sidesOf(wallet: string, { balance, version, to }: Answered): After[] {
  return [{ walletId: wallet, balance, version }, ...(to ? [to] : [])];
}

/** Of the answers under one key, at most one is the first; all are the same, except refusals of other content. */
function* keys({ journal, wallets }: Snapshot): Findings {
  const byKey = new Map<string, Entry[]>();
  for (const entry of journal) {
    const name = `${entry.request.wallet} ${entry.request.key}`;
    byKey.set(name, [...(byKey.get(name) ?? []), entry]);
  }
  for (const [name, entries] of byKey) yield whyTwice(name, entries, wallets);
  for (const [id, { history }] of wallets) {
    const own = history.filter(({ requestId }) => requestId !== null);
    const requested = new Set(journal.filter((entry) => entry.request.wallet === id).map((entry) => entry.request.key));
    for (const { requestId, operationId } of own)
      yield requested.has(requestId ?? '') ? null : `wallet ${id} has operation ${operationId}, which was never requested`;
  }
}

function whyTwice(name: string, entries: readonly Entry[], wallets: ReadonlyMap<string, WalletRead>): string | null {
  const answers = entries.filter((entry) => operationIdOf(entry) !== undefined);
  const first = answers[0];
  if (!first) return null;
  const content = contentOf(first);
  for (const entry of answers) {
    if (contentOf(entry) !== content) return `key ${name}: other content got the answer of the original`;
    if (answerOf(entry) !== answerOf(first)) return `key ${name} was answered differently: ${answerOf(first)} and ${answerOf(entry)}`;
  }
  const fresh = answers.filter(({ outcome }) => 'replayed' in outcome && !outcome.replayed).length;
  if (fresh > 1) return `key ${name} was answered ${fresh} times as if for the first time`;
  const other = entries.find(
    (entry) => contentOf(entry) !== content && 'replayed' in entry.outcome && !isKeyRefusal(entry) && !isBefore(first, entry),
  );
  if (other) return `key ${name} was used for other content, and not refused`;
  const { wallet, key } = first.request;
  const effects = wallets.get(wallet)?.history.filter(({ requestId }) => requestId === key).length ?? 0;
  return effects > 1 ? `key ${name} had ${effects} effects` : null;
}

/** While there is no wallet, a key is remembered nowhere, and may be used again once there is one. Not after the first answer that is. */
function isBefore(first: Entry, { outcome, sentAtMs }: Entry): boolean {
  return outcome.status === 'refused' && outcome.code === 'wallet_not_found' && sentAtMs < first.sentAtMs + first.durationMs;
}

function isKeyRefusal({ outcome }: Entry): boolean {
  return outcome.status === 'refused' && outcome.code === 'idempotency_key_reused';
}

function contentOf({ request: { kind, amount, to, holdId } }: Entry): string {
  return `${kind} ${amount} ${to ?? ''} ${holdId ?? ''}`;
}

function answerOf({ outcome }: Entry): string {
  if (outcome.status === 'completed') return JSON.stringify(outcome.answer);
  return outcome.status === 'refused' ? `${outcome.code} ${outcome.operationId}` : outcome.status;
}

function* floors({ wallets }: Snapshot): Findings {
  for (const [id, { wallet, history }] of wallets) {
    if (!wallet) continue;
    const floor = -BigInt(wallet.creditLimit);
    for (const { balanceAfter, operationId } of history)
      yield BigInt(balanceAfter) >= floor
        ? null
        : `wallet ${id} had ${balanceAfter} after operation ${operationId}, below its floor of ${floor}`;
    yield BigInt(wallet.available) >= 0n ? null : `wallet ${id} has ${wallet.available} available`;
  }
}

function* holds({ wallets }: Snapshot): Findings {
  for (const [id, { wallet, holds: authorised }] of wallets) {
    for (const { holdId, amount, left, captured, released } of authorised) {
      const parts = BigInt(left) + BigInt(captured) + BigInt(released);
      yield parts === BigInt(amount) ? null : `hold ${holdId} of ${amount} has ${left} left, ${captured} captured and ${released} released`;
    }
    const held = authorised.reduce((sum, { status, left }) => (status === 'open' ? sum + BigInt(left) : sum), 0n);
    if (wallet) yield BigInt(wallet.held) === held ? null : `wallet ${id} shows ${wallet.held} as held, its open holds add up to ${held}`;
  }
}

/** The events of each operation. A refused transfer was initiated, too. */
const eventTypesOf: Readonly<Record<Kind, { readonly completed: readonly string[]; readonly refused: readonly string[] }>> = {
  open: { completed: ['WalletCreated'], refused: ['WalletCreationFailed'] },
  deposit: { completed: ['FundsDeposited'], refused: ['DepositFailed'] },
  withdrawal: { completed: ['FundsWithdrawn'], refused: ['WithdrawalFailed'] },
  transfer: {
    completed: ['TransferInitiated', 'TransferDebited', 'TransferCredited', 'TransferCompleted'],
    refused: ['TransferInitiated', 'TransferFailed'],
  },
  topup: { completed: ['FundsToppedUp'], refused: ['TopUpFailed'] },
  spend: { completed: ['FundsSpent'], refused: ['SpendFailed'] },
  hold: { completed: ['HoldAuthorized'], refused: ['HoldFailed'] },
  // Also CaptureCredited, if a wallet receives it.
  capture: { completed: ['HoldCaptured'], refused: ['CaptureFailed'] },
  release: { completed: ['HoldReleased'], refused: ['ReleaseFailed'] },
};

/** For a transfer refused by another book; its recipient gets an event, too. */
const returned = ['TransferInitiated', 'TransferDebited', 'TransferCreditFailed', 'TransferCompensated', 'TransferFailed'] as const;

function isReturned(outcome: Outcome): boolean {
  return outcome.status === 'refused' && outcome.isReturned;
}

function* events({ journal, events: log }: Snapshot): Findings {
  const byOperation = new Map<unknown, Event[]>();
  for (const event of log) {
    const of = event.data['transfer'] ?? event.data['operation'];
    byOperation.set(of, [...(byOperation.get(of) ?? []), event]);
  }
  const known = acknowledged(journal);
  for (const [operationId, { request, outcome }] of known) {
    const isDone = outcome.status === 'completed';
    const further = isDone && request.kind === 'capture' && request.to !== undefined ? ['CaptureCredited'] : [];
    const expected = isReturned(outcome) ? [...returned] : [...eventTypesOf[request.kind][isDone ? 'completed' : 'refused'], ...further];
    // If the operation opens a wallet first, that event comes before it.
    const found = (byOperation.get(operationId) ?? [])
      .map(({ type }) => type)
      .filter((type) => request.kind === 'open' || type !== 'WalletCreated');
    // The steps of a transfer between books are sorted by time, and two books' clocks may differ slightly.
    const inOrder = (types: readonly string[]) => (request.kind === 'transfer' ? types.toSorted() : types).join();
    yield inOrder(found) === inOrder(expected)
      ? null
      : `operation ${operationId} should have the events ${expected.join(', ')}, but has ${found.join(', ') || 'none'}`;
  }
  for (const [operationId, [event]] of byOperation) {
    if (!known.has(String(operationId)) && event) yield `event ${event.id} is a ${event.type} of an operation that was never requested`;
  }
  // Each book has its own order; the first number of an event id is the book.
  const newest = new Map<string, (typeof log)[number]>();
  for (const event of log) {
    const { id, seq, part } = event;
    const book = id.slice(0, id.indexOf('-'));
    const before = newest.get(book);
    const isAfter = !before || before.seq < seq || (before.seq === seq && before.part < part);
    yield isAfter ? null : `event ${id} comes after event ${before.id}`;
    newest.set(book, event);
  }
}

function* follows({ journal, wallets, worker }: Snapshot): Findings {
  for (const projection of worker.projections) {
    yield whyBehind(projection, journal);
    yield projection.setAside === 0 ? null : `${projection.name} has ${projection.setAside} quarantined events`;
  }
  for (const [id, { history, stats }] of wallets) {
    if (!stats) continue;
    const moves = history.map(changeOf);
    const sum = (names: readonly AmountName[]) => names.reduce((total, name) => total + BigInt(stats[name]), 0n);
    const came = moves.reduce((total, change) => (change > 0n ? total + change : total), 0n);
    const went = moves.reduce((total, change) => (change < 0n ? total - change : total), 0n);
    const [statsIn, statsOut] = [true, false].map((isIncoming) =>
      sum(amountNames.filter((name) => incomingNames.has(name) === isIncoming)),
    );
    yield came === statsIn && went === statsOut
      ? null
      : `wallet ${id} received ${came} and sent ${went}, but its stats say ${statsIn} and ${statsOut}`;
  }
}

function changeOf({ direction, amount }: HistoryItem): bigint {
  if (direction === 'none') return 0n;
  return direction === 'in' ? BigInt(amount ?? 0) : -BigInt(amount ?? 0);
}

/** Each completed operation once. */
function completed(journal: readonly Entry[]): Entry[] {
  return [...acknowledged(journal).values()].filter(({ outcome }) => outcome.status === 'completed');
}
