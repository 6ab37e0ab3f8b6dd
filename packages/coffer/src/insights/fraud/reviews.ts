/** Rules that hold withdrawals for review: whether there are any, and their verdict on a held withdrawal. */
import type pg from 'pg';
import { parseOperationId } from '../../ledger/index.ts';
import { readMark, readReviewOf } from './finding-store.ts';
import type { RuleVersion } from './history.ts';
import { readNewest } from './rule-store.ts';

const seenForMs = 1_000;

/** Without a rule: why an operator has to check, as text. */
export type ReviewVerdict = 'not evaluated yet' | 'clear' | { readonly finding: string; readonly rule?: string };

/** Whether the rules could not be applied to an entry, which is quarantined while later entries are evaluated. */
export type IsSetAside = (book: number, seq: number) => Promise<boolean>;

export class Reviews {
  readonly #pool: pg.Pool;
  readonly #isSetAside: IsSetAside;
  #rules: readonly RuleVersion[] = [];
  #seenAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<readonly RuleVersion[]> | null = null;

  constructor(pool: pg.Pool, isSetAside: IsSetAside) {
    this.#pool = pool;
    this.#isSetAside = isSetAside;
  }

  /** Whether any rule reviews withdrawals. A change takes effect within a second. */
  areOn(): boolean | Promise<boolean> {
    return this.#ask((rules) => rules.length > 0);
  }

  /**
   * Whether a current rule may require a review of a withdrawal of this amount. Rules about several movements always may: earlier
   * movements are not looked up here.
   */
  mustReview(asset: number, amount: bigint): boolean | Promise<boolean> {
    return this.#ask((rules) => rules.some((rule) => concerns(rule, asset, amount)));
  }

  /**
   * For the hold of an asynchronous withdrawal, by the id of its operation. `not evaluated yet`: the rules have not got there
   * yet; ask again. If they failed, an operator has to check: it is not known to be clear.
   */
  async ofHold(operationId: string): Promise<ReviewVerdict> {
    const place = parseOperationId(operationId);
    if (!place) return 'clear';
    const mark = await readMark(this.#pool, place.book);
    if (!mark || mark.seq < place.seq) return 'not evaluated yet';
    // Read before the findings: a retry records its finding and leaves the quarantine in the same transaction.
    if (await this.#isSetAside(place.book, place.seq)) return { finding: failedOn(operationId) };
    const found = await readReviewOf(this.#pool, place.book, place.seq);
    return found ? { finding: found.id, rule: found.rule } : 'clear';
  }

  #ask<T>(question: (rules: readonly RuleVersion[]) => T): T | Promise<T> {
    if (performance.now() - this.#seenAtMs <= seenForMs) return question(this.#rules);
    this.#reading ??= this.#read();
    return this.#reading.then(question);
  }

  async #read(): Promise<readonly RuleVersion[]> {
    const askedAtMs = performance.now();
    try {
      this.#rules = (await readNewest(this.#pool)).filter(({ enabled, action }) => enabled && action === 'review');
      this.#seenAtMs = askedAtMs;
      return this.#rules;
    } finally {
      this.#reading = null;
    }
  }
}

function failedOn(operationId: string): string {
  return `The fraud rules could not be applied to the hold ${operationId}. Check it manually; "coffer projections set-aside fraud" shows why.`;
}

function concerns({ kind, definition }: RuleVersion, asset: number, amount: bigint): boolean {
  if (definition.assets !== 'all' && !definition.assets.includes(asset)) return false;
  return kind !== 'amount' || !('threshold' in definition) || amount >= BigInt(definition.threshold);
}
