/** The verifier's findings, by rule. */

import type { DeclaredEpoch } from '../chain/declarations.ts';

/** The rules that must hold, by their ids in docs/concepts/chain.md. */
export const invariantRules = {
  I1: 'In each asset, debits equal credits, so all balances add up to zero.',
  I2: "Each account's balance is the sum of its postings, its held amount the sum of its open holds, and its spending the sum of its day and month; reads return the same.",
  I3: "Each account's versions are 1 to n without a gap, and each balance follows from the one before.",
  I5: 'An idempotency key has at most one entry within its account.',
  I6: 'No debit left an account below its floor, exceeded its limits or passed a side that is frozen or closed; reversals stay within what they reverse.',
  I7: 'A hold resolves once: it is captured, released or expired up to its amount, and after its time it can only expire.',
  I8: 'The event log has the events of each entry, once and in order, and no others.',
  I16: 'Each transfer by saga ends once: completed where it was credited, returned where that was refused, by the amount that was debited; the balance in transit over all books is what is under way.',
  I11: 'The log is complete and unchanged: batches, entries, accounts, digests, declarations, hashes and checkpoints are consistent from genesis on.',
} as const;

export type InvariantId = keyof typeof invariantRules;

/** A point in the ledger that contradicts what the rest implies. */
export type Violation = {
  readonly invariant: InvariantId;
  /** `book-seq` of an entry, or a description of a batch, an account, a key or a checkpoint. */
  readonly at: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
};

export type InvariantReport = {
  readonly id: InvariantId;
  readonly rule: string;
  readonly ok: boolean;
  readonly violations: number;
  readonly first: Violation | null;
};

export type BookSummary = {
  readonly book: number;
  readonly batches: number;
  readonly entries: number;
  readonly accounts: number;
  readonly events: number;
  readonly lastSeq: number;
  /** Hash of the last batch, in hex. Store it to prove later that nothing before it was changed. */
  readonly hash: string;
  readonly checkpoints: number;
};

/** An end of the log that an operator gave up. */
export type AcceptedLoss = DeclaredEpoch & { readonly book: number; readonly batchNo: number };

export type VerifyReport = {
  readonly ok: boolean;
  readonly invariants: readonly InvariantReport[];
  readonly books: readonly BookSummary[];
  /** The identity of the ledger, a UUID. */
  readonly ledgerId: string;
  /** Ends of the log that an operator gave up after a restore or a failover. Each began an epoch. */
  readonly acceptedLosses: readonly AcceptedLoss[];
  readonly durationMs: number;
};

type Value = string | number | bigint | null | undefined;

/** Counts violations and keeps the first of each rule: one edit can make thousands of later rows look wrong. */
export class Findings {
  readonly #counts = new Map<InvariantId, number>();
  readonly #firsts = new Map<InvariantId, Violation>();

  add(invariant: InvariantId, at: string, what: string, expected: Value, found: Value): void {
    this.#counts.set(invariant, (this.#counts.get(invariant) ?? 0) + 1);
    if (this.#firsts.has(invariant)) return;
    this.#firsts.set(invariant, { invariant, at, what, expected: wordFor(expected), found: wordFor(found) });
  }

  /** Adds a violation unless both are the same. */
  expect(invariant: InvariantId, at: string, what: string, expected: Value, found: Value): void {
    if (expected !== found) this.add(invariant, at, what, expected, found);
  }

  reports(): InvariantReport[] {
    return (Object.keys(invariantRules) as InvariantId[]).map((id) => {
      const violations = this.#counts.get(id) ?? 0;
      return { id, rule: invariantRules[id], ok: violations === 0, violations, first: this.#firsts.get(id) ?? null };
    });
  }
}

function wordFor(value: Value): string {
  return value === null || value === undefined ? 'nothing' : String(value);
}
