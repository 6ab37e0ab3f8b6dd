/** Filters of operations: which terms can match, and whether an operation does. */
import { visibleEntry, visibleTo } from '../visibility/index.ts';
import type { Reader } from '../wallets/index.ts';
import type { FoundEntry, HoldRead } from '../ledger/index.ts';
import { factsOf, isOperation } from './facts.ts';
import type { Facts, Party } from './facts.ts';
import { term, termsOfAmounts } from './terms.ts';
import type { Progress } from './terms.ts';

export const holdStates = ['open', 'captured', 'released', 'expired'] as const;
export type HoldState = (typeof holdStates)[number];
export const operationStates = ['completed', 'refused', 'debited', 'compensated'] as const;
export type OperationState = (typeof operationStates)[number];

/** Conditions that must all hold; absent ones are not looked at. */
export type OperationFilter = {
  readonly type?: string | undefined;
  readonly wallet?: string | undefined;
  /** A wallet's id, or the kind of a system account. */
  readonly account?: string | undefined;
  /** The same, on the other side of `wallet`, `account` or `owner`, or of the initiator. */
  readonly counterparty?: string | undefined;
  readonly owner?: string | undefined;
  /** In minor units, both included. */
  readonly amountMin?: bigint | undefined;
  readonly amountMax?: bigint | undefined;
  readonly status?: OperationState | undefined;
  readonly refusal?: string | undefined;
  readonly asset?: number | undefined;
  readonly key?: string | undefined;
  /** Each as `path=value`. */
  readonly properties?: readonly string[] | undefined;
  /** All of these words, as `wordsIn` makes them. */
  readonly words?: readonly string[] | undefined;
  /** Recorded from this moment, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
};

/** Each set is of alternatives, and an operation that matches has a term of every set. */
export function termSetsOf(filter: OperationFilter, { onlyOwner }: Reader, hold?: HoldState | 'any'): string[][] {
  const { type, wallet, account, counterparty, owner, amountMin, amountMax, status, refusal, asset, properties = [], words = [] } = filter;
  const sets: (string[] | null)[] = [
    optional(hold === undefined ? type : 'hold', (value) => [term.type(value)]),
    hold === undefined || hold === 'any' ? null : progressOfHold[hold].map(term.progress),
    optional(wallet, (id) => [term.account(id)]),
    optional(account, termsOfAccount),
    optional(counterparty, termsOfAccount),
    optional(owner, (id) => [term.owner(id)]),
    optional(onlyOwner, (id) => [term.owner(id)]),
    optional(status, (state) => progressOf[state].map(term.progress)),
    optional(refusal, (code) => [term.refusal(code)]),
    optional(asset, (id) => [term.asset(id)]),
    amountMin === undefined && amountMax === undefined ? null : termsOfAmounts(amountMin, amountMax),
    ...properties.map((property) => [term.property(property)]),
    ...words.map((word) => [term.word(word)]),
  ];
  return sets.filter((set) => set !== null);
}

/** Holds expire by the clock, before the log says so. */
const progressOfHold: Readonly<Record<HoldState, readonly Progress[]>> = {
  open: ['open'],
  captured: ['done', 'expired'],
  released: ['done'],
  expired: ['open', 'expired'],
};

const progressOf: Readonly<Record<OperationState, readonly Progress[]>> = {
  completed: ['completed', 'open', 'done', 'expired'],
  refused: ['refused'],
  debited: ['debited'],
  compensated: ['compensated'],
};

function optional<T>(value: T | undefined, terms: (value: T) => string[]): string[] | null {
  return value === undefined ? null : terms(value);
}

function termsOfAccount(account: string): string[] {
  return [term.account(account), term.accountKind(account)];
}

/** Whether an operation is one that the reader may see and that the filter means; `status` of a posted one is left to its terms. */
export function matches(found: FoundEntry, filter: OperationFilter, reader: Reader): boolean {
  const { entry } = found;
  if (!isOperation(entry)) return false;
  const facts = factsOf(found);
  return (
    visibleTo(
      facts.parties.map(({ id }) => id),
      reader,
    ) &&
    isOf(filter.type, facts.type) &&
    isOf(filter.refusal, facts.refusal) &&
    isOf(filter.asset, facts.asset) &&
    (filter.status === undefined || (filter.status === 'refused') === (facts.refusal !== null)) &&
    isAmong(filter, facts.amount) &&
    isBetween(filter, entry.recordedAt) &&
    (filter.properties ?? []).every((property) => facts.properties.has(property)) &&
    (filter.words ?? []).every((word) => facts.words.has(word)) &&
    (filter.key === undefined || visibleEntry(entry, reader).key === filter.key) &&
    hasParties(filter, facts, reader)
  );
}

function isOf<T>(wanted: T | undefined, value: T | null): boolean {
  return wanted === undefined || wanted === value;
}

function isAmong({ amountMin, amountMax }: OperationFilter, amount: bigint | null): boolean {
  if (amountMin === undefined && amountMax === undefined) return true;
  return amount !== null && amount >= (amountMin ?? amount) && amount <= (amountMax ?? amount);
}

function isBetween({ since, until }: OperationFilter, at: Date): boolean {
  return at >= (since ?? at) && (until === undefined || at < until);
}

/** One party is the one that the filter asks about; a counterparty is the other. */
function hasParties({ wallet, account, owner, counterparty }: OperationFilter, { parties }: Facts, { onlyOwner }: Reader): boolean {
  const isNamed = (party: Party, id: string) => party.id === id || (party.kind !== 'wallet' && party.kind === id);
  const conditions = [
    ...(wallet === undefined ? [] : [(party: Party) => party.id === wallet && party.kind === 'wallet']),
    ...(account === undefined ? [] : [(party: Party) => isNamed(party, account)]),
    ...(owner === undefined ? [] : [(party: Party) => party.owner === owner]),
  ];
  if (counterparty === undefined) return conditions.every((is) => parties.some(is));
  const sides =
    conditions.length > 0 ? parties : parties.filter((party, at) => (onlyOwner === undefined ? at === 0 : party.owner === onlyOwner));
  return sides.some(
    (side) => conditions.every((is) => is(side)) && parties.some((other) => other.id !== side.id && isNamed(other, counterparty)),
  );
}

export function stateOfHold({ hold, captured, expired }: HoldRead): HoldState {
  if (expired) return 'expired';
  if (hold.left > 0n) return 'open';
  return captured > 0n ? 'captured' : 'released';
}
