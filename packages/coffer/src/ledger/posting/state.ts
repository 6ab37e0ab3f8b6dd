/**
 * A book as one process knows it: the accounts in use, and the recent outcomes that a retry may need.
 *
 * This is only a cache of the log. Every change since the last committed batch can be rolled back, so a batch that the database rejected
 * leaves no trace.
 */
import { assert } from '../../kernel/index.ts';
import type { NewRows } from '../chain/chain.ts';
import type { Declaration } from '../chain/declarations.ts';
import { isSystemAccountId, systemAccountId } from '../rules/accounts.ts';
import type { BookView, Decision, PreparedOperation } from '../rules/decision.ts';
import { openedOnTheWayEntry, openingEntry, postingEntry, refusalEntry } from './entries.ts';
import { Recent } from './recent.ts';
import type { Account, AccountKind, Asked, Hold, NamedSpec, Original, RecordedEntry, SystemKind } from '../rules/types.ts';

/** Far above what can be in flight at the same time, so nothing in flight is evicted. */
const walletsKept = 100_000;
const outcomesKept = 20_000;
const holdsKept = 20_000;
const originalsKept = 20_000;
const nothingToDeclare: readonly Declaration[] = [];

/** A point to roll back to. */
export type Mark = {
  readonly changes: number;
  readonly nextSeq: number;
  readonly nextAccountNumber: number;
};

/** A wallet's expired holds, oldest first, and the earliest later expiry, in milliseconds since 1970. */
export type Due = { readonly holds: readonly Hold[]; readonly nextMs: number };

/** The assets and the accounts of the chart, and what a book has yet to declare, of them and of its ledger. */
export type DefinitionsRead = {
  readonly known: ReadonlySet<number>;
  readonly retired: ReadonlySet<number>;
  /** By the id that an account has in books. */
  readonly named: ReadonlyMap<string, NamedSpec>;
  readonly undeclared: readonly Declaration[];
};

type Change = { readonly map: Cache<unknown>; readonly name: string; readonly previous: unknown };
type Cache<V> = {
  get(name: string): V | undefined;
  set(name: string, value: V): void;
  delete(name: string): unknown;
};

export type SealedChanges = { readonly changes: readonly Change[]; readonly start: Mark };

export class BookState implements BookView {
  readonly #book: number;
  #assets: ReadonlySet<number>;
  #retired: ReadonlySet<number> = new Set();
  #named: ReadonlyMap<string, NamedSpec> = new Map();
  /** Whether one was named that is unknown here, or some may have changed: assets and accounts are read again before the next decision. */
  doubtsDefinitions = false;
  readonly #isPlacedHere: (walletId: string) => boolean;
  readonly #wallets = new Recent<Account>(walletsKept);
  readonly #systems = new Map<string, Account>();
  readonly #outcomes = new Recent<RecordedEntry>(outcomesKept);
  readonly #holds = new Recent<Hold>(holdsKept);
  readonly #originals = new Recent<Original>(originalsKept);
  /** By wallet: none of its open holds expires before this moment, in milliseconds since 1970. Absent: unknown. */
  readonly #expiries = new Recent<number>(walletsKept);
  /** By wallet: its expired holds, to be released before the next decision about it. */
  readonly #due = new Map<string, Due>();
  /** What the next batch has to declare, by its text. */
  readonly #undeclared = new Map<string, Declaration>();
  /** Until this seq, the log has keys without a keyspace; 0 for a book that never had any. */
  sharedKeysUntil = 0;
  #changes: Change[] = [];
  #nextSeq: number;
  #nextAccountNumber: number;

  constructor(
    book: number,
    assets: ReadonlySet<number>,
    nextSeq: number,
    nextAccountNumber: number,
    isPlacedHere: (walletId: string) => boolean = () => true,
  ) {
    this.#book = book;
    this.#assets = assets;
    this.#isPlacedHere = isPlacedHere;
    this.#nextSeq = nextSeq;
    this.#nextAccountNumber = nextAccountNumber;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  get nextAccountNumber(): number {
    return this.#nextAccountNumber;
  }

  wallet(id: string): Account | undefined {
    return this.#wallets.get(id);
  }

  system(kind: SystemKind, asset: number): Account | undefined {
    return this.#systems.get(systemAccountId(kind, asset));
  }

  account(id: string): Account | undefined {
    return isSystemAccountId(id) ? this.#systems.get(id) : this.#wallets.get(id);
  }

  remembered({ name }: PreparedOperation): RecordedEntry | undefined {
    return name === null ? undefined : this.#outcomes.get(name);
  }

  hold(seq: number): Hold | undefined {
    return this.#holds.get(String(seq));
  }

  original(seq: number): Original | undefined {
    return this.#originals.get(String(seq));
  }

  knowsAsset(asset: number): boolean {
    return this.#assets.has(asset);
  }

  isRetired(asset: number): boolean {
    return this.#retired.has(asset);
  }

  named(id: string): NamedSpec | undefined {
    return this.#named.get(id);
  }

  /** What the database says about assets and accounts, with what this book has yet to declare about them: while nothing is in flight. */
  learnDefinitions({ known, retired, named, undeclared }: DefinitionsRead): void {
    this.#assets = known;
    this.#retired = retired;
    this.#named = named;
    this.#undeclared.clear();
    for (const declaration of undeclared) this.#undeclared.set(declaration.body, declaration);
  }

  /** A known wallet belongs here. The placement is only computed for an unknown one. */
  keeps(walletId: string): boolean {
    return this.wallet(walletId) !== undefined || this.#isPlacedHere(walletId);
  }

  /** Applies a decision and appends its rows. The operation's own entry comes last and is the answer. */
  apply({ operation, digest, name }: PreparedOperation, decision: Decision, recordedAt: Date, rows: NewRows): RecordedEntry | null {
    switch (decision.type) {
      case 'posted': {
        assert(operation.kind !== 'open', 'an opening is not posted');
        const { debit, credit, hold, original } = decision;
        const operationSeq = this.#nextSeq + decision.opened.length;
        this.#open(decision.opened, operationSeq, operation, recordedAt, rows);
        if (operation.kind === 'hold' && hold) {
          const nextMs = this.#nextExpiryWith(hold);
          if (nextMs !== null) this.#put(this.#expiries, hold.wallet, nextMs);
        }
        debit.seq = operationSeq;
        this.#putAccount(debit);
        if (credit) {
          credit.seq = operationSeq;
          this.#putAccount(credit);
        }
        if (hold) this.#put(this.#holds, String(hold.seq), hold);
        if (original) this.#put(this.#originals, String(original.entry.seq), original);
        return this.#remember(name, postingEntry(this.#takePlace(recordedAt), operation, decision, digest), rows);
      }
      case 'opened':
        assert(operation.kind === 'open', 'only an opening opens');
        this.#nextAccountNumber++;
        this.#putAccount(decision.account);
        rows.openings.push({ account: decision.account, seq: this.#nextSeq });
        return this.#remember(name, openingEntry(this.#takePlace(recordedAt), operation, decision.account, digest), rows);
      case 'refused':
        // There is no account to remember it for: the initiating wallet does not exist, or another operation uses its key.
        if (decision.scope === null) return null;
        if (decision.opened) {
          this.#open(decision.opened, this.#nextSeq + decision.opened.length, operation, recordedAt, rows);
          for (const account of decision.opened) this.#putAccount(account);
        }
        return this.#remember(name, refusalEntry(this.#takePlace(recordedAt), operation, decision.refusal, decision.scope, digest), rows);
      case 'replayed':
        return null;
    }
  }

  /** Stores an account read from the database: committed, so never rolled back. */
  learnAccount(account: Account): void {
    if (!this.#assets.has(account.asset)) this.doubtsDefinitions = true;
    this.#cacheFor(account.kind).set(account.id, account);
  }

  /** Stores what the database says a key was used for: committed, so never rolled back. */
  learnOutcome(name: string, entry: RecordedEntry): void {
    this.#outcomes.set(name, entry);
  }

  learnHold(hold: Hold): void {
    this.#holds.set(String(hold.seq), hold);
  }

  learnOriginal(original: Original): void {
    this.#originals.set(String(original.entry.seq), original);
  }

  /** What the database says about a wallet's holds, while nothing is in flight. */
  learnDue(wallet: string, due: Due): void {
    if (due.holds.length === 0) {
      this.#expiries.set(wallet, due.nextMs);
      return;
    }
    for (const hold of due.holds) this.learnHold(hold);
    this.#due.set(wallet, due);
  }

  forgetDue(): void {
    this.#due.clear();
  }

  get hasDue(): boolean {
    return this.#due.size > 0;
  }

  /** The expired holds to release before the next decision about the wallet. */
  takeDue(wallet: string): readonly Hold[] {
    const due = this.#due.get(wallet);
    if (!due) return [];
    this.#due.delete(wallet);
    this.#put(this.#expiries, wallet, due.nextMs);
    return due.holds;
  }

  /** When the first of a wallet's open holds may expire, in milliseconds since 1970; null: unknown. */
  nextExpiryMs({ id, held }: Account): number | null {
    return held === 0n ? Number.POSITIVE_INFINITY : (this.#expiries.get(id) ?? null);
  }

  /** For the next batch; rolled back with it. */
  takeDeclarations(): readonly Declaration[] {
    if (this.#undeclared.size === 0) return nothingToDeclare;
    const declarations = [...this.#undeclared.values()];
    for (const declaration of declarations) this.#changes.push({ map: this.#undeclared, name: declaration.body, previous: declaration });
    this.#undeclared.clear();
    return declarations;
  }

  mark(): Mark {
    return {
      changes: this.#changes.length,
      nextSeq: this.#nextSeq,
      nextAccountNumber: this.#nextAccountNumber,
    };
  }

  /** Rolls back every change since the mark, newest first. */
  rollBack(mark: Mark): void {
    while (this.#changes.length > mark.changes) {
      const change = this.#changes.pop();
      if (change?.previous === undefined) change?.map.delete(change.name);
      else change.map.set(change.name, change.previous);
    }
    this.#nextSeq = mark.nextSeq;
    this.#nextAccountNumber = mark.nextAccountNumber;
  }

  /** Seals the changes since `start` as one batch: they are rolled back together or not at all. */
  seal(start: Mark): SealedChanges {
    assert(start.changes === 0, 'a batch begins where the previous one was sealed');
    const changes = this.#changes;
    this.#changes = [];
    return { changes, start };
  }

  /** Rolls back a sealed batch. Of several, roll back the newest first. */
  takeBack({ changes, start }: SealedChanges): void {
    this.#changes = [...changes];
    this.rollBack(start);
  }

  /** Accounts opened implicitly by an operation. */
  #open(opened: readonly Account[], operation: number, asked: Asked, recordedAt: Date, rows: NewRows): void {
    for (const account of opened) {
      rows.openings.push({ account, seq: this.#nextSeq });
      rows.entries.push(openedOnTheWayEntry(this.#takePlace(recordedAt), operation, account, asked));
    }
    this.#nextAccountNumber += opened.length;
  }

  #takePlace(recordedAt: Date): { book: number; seq: number; recordedAt: Date } {
    return { book: this.#book, seq: this.#nextSeq++, recordedAt };
  }

  /** With a new hold, which its wallet does not count yet. */
  #nextExpiryWith({ wallet, expiresAt }: Pick<Hold, 'wallet' | 'expiresAt'>): number | null {
    const account = this.#wallets.get(wallet);
    const nextMs = account ? this.nextExpiryMs(account) : (this.#expiries.get(wallet) ?? null);
    return nextMs === null ? null : Math.min(nextMs, expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
  }

  #putAccount(account: Account): void {
    this.#put(this.#cacheFor(account.kind), account.id, account);
  }

  #put<V>(map: Cache<V>, name: string, value: V): void {
    this.#changes.push({ map, name, previous: map.get(name) });
    map.set(name, value);
  }

  #remember(name: string | null, entry: RecordedEntry, rows: NewRows): RecordedEntry {
    rows.entries.push(entry);
    if (name === null) return entry;
    this.#changes.push({ map: this.#outcomes, name, previous: undefined });
    this.#outcomes.set(name, entry);
    return entry;
  }

  #cacheFor(kind: AccountKind): Cache<Account> {
    return kind === 'wallet' || kind === 'named' ? this.#wallets : this.#systems;
  }
}
