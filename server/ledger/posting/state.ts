/**
 * A book as one process knows it: the accounts in use, and the outcomes that may be asked for again.
 *
 * A cache of the log, nothing more. Every change since the last committed batch can be taken back, which is how a batch that
 * the database did not take leaves no trace.
 */
import { assert } from '../../kernel/index.ts';
import { outcomeName } from '../rules/asked.ts';
import type { Asked } from '../rules/asked.ts';
import type { Rows } from '../chain/chain.ts';
import { systemAccountId } from '../rules/accounts.ts';
import type { BookView, Decision } from '../rules/decide.ts';
import { openedOnTheWayEntry, openingEntry, postingEntry, refusalEntry } from './entries.ts';
import { Recent } from './recent.ts';
import type { Account, AccountKind, RecordedEntry, SystemKind } from '../rules/types.ts';

/** Far above what can be in flight at once, so that nothing in flight is ever forgotten. */
const walletsKept = 100_000;
const outcomesKept = 20_000;

/** A point to come back to. */
export type Mark = {
  readonly changes: number;
  readonly nextSeq: number;
  readonly nextAccountNumber: number;
};

type Change =
  | { readonly map: Cache<Account>; readonly name: string; readonly previous: Account | undefined }
  | { readonly map: Cache<RecordedEntry>; readonly name: string; readonly previous: undefined };
type Cache<V> = {
  get(name: string): V | undefined;
  set(name: string, value: V): void;
  delete(name: string): unknown;
};

export type SealedChanges = { readonly changes: readonly Change[]; readonly start: Mark };

export class BookState implements BookView {
  readonly #book: number;
  readonly #assets: ReadonlySet<number>;
  readonly #wallets = new Recent<Account>(walletsKept);
  readonly #systems = new Map<string, Account>();
  readonly #outcomes = new Recent<RecordedEntry>(outcomesKept);
  #changes: Change[] = [];
  #nextSeq: number;
  #nextAccountNumber: number;

  constructor(book: number, assets: ReadonlySet<number>, nextSeq: number, nextAccountNumber: number) {
    this.#book = book;
    this.#assets = assets;
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

  remembered(asked: Asked): RecordedEntry | undefined {
    return this.#outcomes.get(asked.name);
  }

  knowsAsset(asset: number): boolean {
    return this.#assets.has(asset);
  }

  /** Puts a decision into force and appends the rows that it makes, the operation's own entry last, which is the answer. */
  apply({ operation: asked, digest, name }: Asked, decision: Decision, recordedAt: Date, rows: Rows): RecordedEntry | null {
    switch (decision.type) {
      case 'posted': {
        assert(asked.kind !== 'open', 'an opening is not posted');
        const operation = this.#nextSeq + decision.opened.length;
        for (const account of decision.opened) {
          rows.openings.push({ account, seq: this.#nextSeq });
          rows.entries.push(openedOnTheWayEntry(this.#takePlace(recordedAt), operation, account));
        }
        this.#nextAccountNumber += decision.opened.length;
        this.#putAccount(decision.debit);
        this.#putAccount(decision.credit);
        const entry = postingEntry(this.#takePlace(recordedAt), asked, decision.debit, decision.credit, decision.scope, digest);
        return this.#remember(name, entry, rows);
      }
      case 'opened':
        assert(asked.kind === 'open', 'only an opening opens');
        this.#nextAccountNumber++;
        this.#putAccount(decision.account);
        rows.openings.push({ account: decision.account, seq: this.#nextSeq });
        return this.#remember(name, openingEntry(this.#takePlace(recordedAt), asked, decision.account, digest), rows);
      case 'refused':
        // Nobody to remember it for: the initiating wallet does not exist, or its key is taken by another operation.
        if (decision.scope === null) return null;
        return this.#remember(name, refusalEntry(this.#takePlace(recordedAt), asked, decision.refusal, decision.scope, digest), rows);
      case 'replayed':
        return null;
    }
  }

  /** What the database said of an account: committed, so never taken back. */
  learnAccount(account: Account): void {
    this.#cacheFor(account.kind).set(account.id, account);
  }

  /** What the database said an idempotency key was used for: committed, so never taken back. */
  learnOutcome(name: string, entry: RecordedEntry): void {
    this.#outcomes.set(name, entry);
  }

  /** What another process wrote: brings the accounts that are in use up to it. */
  follow(entry: RecordedEntry): void {
    for (const side of [entry.debit, entry.credit]) {
      if (side?.number === entry.scope && side && entry.key !== null) this.learnOutcome(outcomeName(side.id, entry.key), entry);
      const known = side && this.#cacheFor(side.kind).get(side.id);
      if (known) this.learnAccount({ ...known, balance: side.balance, version: side.version });
    }
  }

  mark(): Mark {
    return {
      changes: this.#changes.length,
      nextSeq: this.#nextSeq,
      nextAccountNumber: this.#nextAccountNumber,
    };
  }

  /** Takes back every change since the mark, newest first. */
  rollBack(mark: Mark): void {
    while (this.#changes.length > mark.changes) {
      const change = this.#changes.pop();
      if (change?.previous === undefined) change?.map.delete(change.name);
      else change.map.set(change.name, change.previous);
    }
    this.#nextSeq = mark.nextSeq;
    this.#nextAccountNumber = mark.nextAccountNumber;
  }

  /** Sets the changes since `start` aside as one batch's: they are taken back together or not at all. */
  seal(start: Mark): SealedChanges {
    assert(start.changes === 0, 'a batch begins where the one before was sealed');
    const changes = this.#changes;
    this.#changes = [];
    return { changes, start };
  }

  /** Takes a sealed batch back. Of several, the newest goes first. */
  takeBack({ changes, start }: SealedChanges): void {
    this.#changes = [...changes];
    this.rollBack(start);
  }

  /** The log grew by what others wrote. */
  moveTo(nextSeq: number, nextAccountNumber: number): void {
    this.#nextSeq = nextSeq;
    this.#nextAccountNumber = nextAccountNumber;
  }

  #takePlace(recordedAt: Date): { book: number; seq: number; recordedAt: Date } {
    return { book: this.#book, seq: this.#nextSeq++, recordedAt };
  }

  #putAccount(account: Account): void {
    const map = this.#cacheFor(account.kind);
    this.#changes.push({ map, name: account.id, previous: map.get(account.id) });
    map.set(account.id, account);
  }

  #remember(name: string, entry: RecordedEntry, rows: Rows): RecordedEntry {
    this.#changes.push({ map: this.#outcomes, name, previous: undefined });
    this.#outcomes.set(name, entry);
    rows.entries.push(entry);
    return entry;
  }

  #cacheFor(kind: AccountKind): Cache<Account> {
    return kind === 'wallet' ? this.#wallets : this.#systems;
  }
}
