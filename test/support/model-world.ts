/** The state of the reference ledger: accounts, holds and its log, and the sums that it recomputes for each query. */
import type { AccountRef, Limits, Operation, SystemKind, WalletSpec } from '../../packages/coffer/src/ledger/index.ts';
import { kindOf } from './kinds.ts';
import { contentOf, initiatorName } from './model-content.ts';
import type { ModelContent } from './model-content.ts';

export type SideState = 'open' | 'frozen' | 'closed';

export type ModelAccount = {
  number: number;
  name: string;
  kind: string;
  asset: number;
  owner: string | null;
  floor: bigint | null;
  openedWithFloor: bigint | null;
  balance: bigint;
  version: number;
  debits: SideState;
  credits: SideState;
  limits: Limits | null;
};

export type ModelHold = { seq: number; wallet: string; amount: bigint; left: bigint; expiresAt: Date | null };
export type ModelRefusal = { code: string; facts: Record<string, string> };
export type ModelSide = { number: number; name: string; balance: bigint; held: bigint; floor: bigint | null; version: number };

/** A row of the model's log. */
export type ModelEntry = {
  seq: number;
  operation: number;
  recordedAt: Date;
  kind: string;
  debit: ModelSide | null;
  credit: ModelSide | null;
  /** The asset of the accounts; in a refusal, the requested asset, if any. */
  asset: number | null;
  amount: bigint | null;
  askedAmount: bigint | null;
  debitFloor: bigint | null;
  scope: number | null;
  key: string | null;
  metadata: string | null;
  refusal: ModelRefusal | null;
  details: object | null;
  effectiveAt: Date | null;
  hold: number | null;
  holdLeft: bigint | null;
  expiresAt: Date | null;
  reverses: number | null;
  reversed: bigint | null;
  controls: object | null;
  spentDay: bigint | null;
  spentMonth: bigint | null;
  actor: string | null;
  approver: string | null;
  leg: number | null;
};

type Remembered = { content: ModelContent; metadata: string | null; entry: ModelEntry };
/** An entry without its position and the state of its accounts. */
type Saying = Partial<Omit<ModelEntry, 'seq' | 'debit' | 'credit' | 'recordedAt'>> & { kind: string };

export const thirtyEightNines = 99999999999999999999999999999999999999n;
/** System accounts face all wallets and have room for fifty digits. */
const fiftyNines = 99999999999999999999999999999999999999999999999999n;

/** Cash-in and cash-out are unlimited; every other account can give only its balance. */
const unbounded: readonly SystemKind[] = ['issuance', 'cash_in', 'cash_out', 'in_transit'];

const blank = {
  debit: null,
  credit: null,
  asset: null,
  amount: null,
  askedAmount: null,
  debitFloor: null,
  scope: null,
  key: null,
  metadata: null,
  refusal: null,
  details: null,
  effectiveAt: null,
  hold: null,
  holdLeft: null,
  expiresAt: null,
  reverses: null,
  reversed: null,
  controls: null,
  spentDay: null,
  spentMonth: null,
  leg: null,
};

/** The accounts of the chart, by their ids in books. One without a floor is in every book; one with a floor is named as a wallet. */
export const chart: Readonly<Record<string, { readonly asset: number; readonly floor: bigint | null }>> = {
  '@fees:card': { asset: 1, floor: null },
  '@equity:two': { asset: 2, floor: null },
  '@expense:promo': { asset: 1, floor: 0n },
  '@liability:budget': { asset: 1, floor: -25n },
};

/** An asset in which no wallet is opened any more. */
export const retiredAsset = 3;

export class World {
  readonly assets: readonly number[];
  readonly keeps: (wallet: string) => boolean;
  accounts: ModelAccount[] = [];
  holds: ModelHold[] = [];
  log: ModelEntry[] = [];
  remembered = new Map<string, Remembered>();
  /** Who asked for the operation in progress, and who approved it. */
  persons: Pick<ModelEntry, 'actor' | 'approver'> = { actor: null, approver: null };
  readonly book: number;

  constructor(assets: readonly number[], keeps: (wallet: string) => boolean, book: number) {
    this.book = book;
    this.assets = assets;
    this.keeps = keeps;
  }

  copy(): World {
    const world = new World(this.assets, this.keeps, this.book);
    world.accounts = this.accounts.map((account) => ({ ...account }));
    world.holds = this.holds.map((hold) => ({ ...hold }));
    world.log = [...this.log];
    world.remembered = new Map(this.remembered);
    return world;
  }

  account(name: string): ModelAccount | undefined {
    return this.accounts.find((account) => account.name === name);
  }

  initiator(operation: Operation): ModelAccount | undefined {
    return this.account(initiatorName(operation));
  }

  hold(seq: number, wallet: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.seq === seq && hold.wallet === wallet);
  }

  held(name: string): bigint {
    return sum(this.holds.filter(({ wallet }) => wallet === name).map(({ left }) => left));
  }

  /** The reversed part of an entry's amount. */
  reversed(seq: number): bigint {
    return sum(this.log.filter(({ reverses, refusal }) => reverses === seq && !refusal).map(({ amount }) => amount ?? 0n));
  }

  /** The total debited from a wallet in the UTC day or month of a given time. */
  spent({ number }: ModelAccount, period: 'day' | 'month', now: Date): bigint {
    const digits = period === 'day' ? '2026-01-01'.length : '2026-01'.length;
    const within = (moment: Date) => moment.toISOString().slice(0, digits) === now.toISOString().slice(0, digits);
    const debits = this.log.filter((entry) => kindOf(entry).isCounted && entry.debit?.number === number && within(entry.recordedAt));
    return sum(debits.map(({ amount }) => amount ?? 0n));
  }

  /** The available amount of an account; null: unlimited. */
  available({ name, balance, floor }: ModelAccount): bigint | null {
    return floor === null ? null : balance - this.held(name) - floor;
  }

  assetOf(ref: AccountRef): number | undefined {
    if ('system' in ref) return undefined;
    const opens = 'wallet' in ref ? ref.opens : undefined;
    return this.account(nameIn(ref, 0))?.asset ?? opens?.asset ?? charted(ref)?.asset;
  }

  /** The account as it is, or as it would be opened implicitly; undefined when it is missing and may not be opened. */
  seen(ref: AccountRef, asset: number): ModelAccount | undefined {
    const name = nameIn(ref, asset);
    const known = this.account(name);
    if (known) return known;
    if ('system' in ref) return account(0, name, ref.system, { owner: null, asset, floor: unbounded.includes(ref.system) ? null : 0n });
    const own = charted(ref);
    if (own) return account(0, name, 'named', { owner: null, ...own });
    return 'wallet' in ref && ref.opens ? account(0, name, 'wallet', ref.opens) : undefined;
  }

  /** The account itself, opened with a log row if necessary. */
  brought(seen: ModelAccount, now: Date): ModelAccount {
    const known = this.account(seen.name);
    if (known) return known;
    const opened = this.open(seen.name, seen.kind, seen);
    this.write(now, { kind: 'open', asset: seen.asset }, null, opened);
    return opened;
  }

  open(name: string, kind: string, spec: Pick<ModelAccount, 'owner' | 'asset' | 'floor'>): ModelAccount {
    const opened = account(this.accounts.length + 1, name, kind, spec);
    this.accounts.push(opened);
    return opened;
  }

  /** Moves an amount between two existing accounts, and appends the row. */
  move(now: Date, from: ModelAccount, to: ModelAccount, amount: bigint, saying: Saying): ModelEntry {
    from.balance -= amount;
    from.version += 1;
    to.balance += amount;
    to.version += 1;
    return this.write(now, { ...saying, amount, asset: from.asset }, from, to);
  }

  /** Appends a row about one account that changes no balance. */
  note(now: Date, about: ModelAccount, saying: Saying): ModelEntry {
    about.version += 1;
    return this.write(now, { ...saying, asset: about.asset }, about, null);
  }

  /** Appends a row with the current state of the accounts. */
  write(now: Date, saying: Saying, debit: ModelAccount | null, credit: ModelAccount | null): ModelEntry {
    const seq = this.log.length + 1;
    const sides = { debit: debit && this.#side(debit), credit: credit && this.#side(credit) };
    const debitFloor = debit && !saying.controls ? debit.floor : null;
    const entry: ModelEntry = { ...blank, ...this.persons, operation: seq, debitFloor, ...saying, ...sides, seq, recordedAt: now };
    this.log.push(entry);
    if (debit?.limits) {
      entry.spentDay = this.spent(debit, 'day', now);
      entry.spentMonth = this.spent(debit, 'month', now);
    }
    return entry;
  }

  remember(operation: Operation, entry: ModelEntry): void {
    this.remembered.set(`${entry.scope} ${keyspaceOf(operation)} ${operation.key}`, {
      content: contentOf(operation),
      metadata: metadataOf(operation),
      entry,
    });
  }

  #side({ number, name, balance, floor, version }: ModelAccount): ModelSide {
    return { number, name, balance, held: this.held(name), floor, version };
  }
}

export function no(code: string, facts: Record<string, unknown>): ModelRefusal {
  const word = (fact: unknown) => (fact instanceof Date ? fact.toISOString() : String(fact));
  return { code, facts: Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, word(fact)])) };
}

export function nameIn(ref: AccountRef, asset: number): string {
  if ('wallet' in ref) return ref.wallet;
  return 'named' in ref ? ref.named : `$${ref.system}/${asset}`;
}

/** The account of the chart that a side names as its floor requires; undefined for any other side. */
export function charted(ref: AccountRef): (typeof chart)[string] | undefined {
  if ('system' in ref) return undefined;
  const found = chart[nameIn(ref, 0)];
  return found && (found.floor === null) === 'named' in ref ? found : undefined;
}

/** The name of an account of the chart that does not exist; null otherwise. */
export function uncharted(ref: AccountRef): string | null {
  const name = nameIn(ref, 0);
  return name.startsWith('@') && !charted(ref) ? name.slice(1) : null;
}

export function metadataOf(operation: Operation): string | null {
  return 'metadata' in operation ? (operation.metadata ?? null) : null;
}

export function mostOf({ kind }: ModelAccount): bigint {
  return kind === 'wallet' ? thirtyEightNines : fiftyNines;
}

function account(
  number: number,
  name: string,
  kind: string,
  { owner, asset, floor }: WalletSpec | Pick<ModelAccount, 'owner' | 'asset' | 'floor'>,
): ModelAccount {
  const fresh = { balance: 0n, version: 0, debits: 'open', credits: 'open', limits: null } as const;
  return { number, name, kind, owner, asset, floor, openedWithFloor: floor, ...fresh };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

/** Users, callers without credentials, and everybody else have keys of their own. */
export function keyspaceOf({ actor = '' }: Operation): string {
  if (actor.startsWith('user:')) return 'user';
  return actor === 'anonymous' ? 'anonymous' : 'service';
}
