/** The inputs and the result of a decision. */
import type { Refusal, RefusalCode } from './refusals.ts';
import type { Account, Hold, NamedSpec, Operation, Original, RecordedEntry, SystemKind } from './types.ts';

/** An operation prepared for the decision (prepared.ts). */
export type PreparedOperation = {
  readonly operation: Operation;
  /** Distinguishes a retry from a reused key. */
  readonly digest: string;
  /**
   * The idempotency key with the account it is scoped to: the outcome is remembered under this name. Null for an operation without a key.
   */
  readonly name: string | null;
};

/** What a decision may depend on, besides the operation and the moment. */
export type BookView = {
  wallet(id: string): Account | undefined;
  system(kind: SystemKind, asset: number): Account | undefined;
  /** A wallet or system account, by id. */
  account(id: string): Account | undefined;
  /** The entry of the initiating account's key, if the key was used before. */
  remembered(prepared: PreparedOperation): RecordedEntry | undefined;
  hold(seq: number): Hold | undefined;
  original(seq: number): Original | undefined;
  knowsAsset(asset: number): boolean;
  /** The definition of an account of the chart, by the id that it has in books. */
  named(id: string): NamedSpec | undefined;
  /** Whether no wallet may be opened in it any more. */
  isRetired(asset: number): boolean;
  /** Whether a wallet with this id belongs to this book. */
  keeps(walletId: string): boolean;
  readonly nextAccountNumber: number;
  readonly nextSeq: number;
};

/** New facts, a refusal, or an outcome that is already in the log. Accounts, holds and originals are in their state after the operation. */
export type Decision = Posted | Opened | Refused | { readonly type: 'replayed'; readonly entry: RecordedEntry };

export type Posted = {
  readonly type: 'posted';
  readonly opened: readonly Account[];
  readonly debit: Account;
  /** Null for what concerns one account: holds, releases, controls. */
  readonly credit: Account | null;
  readonly amount: bigint | null;
  readonly scope: number | null;
  readonly hold: Hold | null;
  readonly original: Original | null;
};

export type Opened = { readonly type: 'opened'; readonly account: Account };

export type Refused = {
  readonly type: 'refused';
  readonly refusal: Refusal;
  readonly scope: number | null;
  /** The account opened to remember the refusal, where there was none. */
  readonly opened?: readonly Account[];
};

export type Facts = Readonly<Record<string, string | number | bigint | Date>>;

export function refuse(code: RefusalCode, scope: number | null, facts: Facts): Refused {
  const texts = Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, fact instanceof Date ? fact.toISOString() : String(fact)]),
  );
  return { type: 'refused', refusal: { code, facts: texts }, scope };
}

export const noAccounts: readonly Account[] = [];
