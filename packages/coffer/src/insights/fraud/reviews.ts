/** Rules that hold a withdrawal for review: whether there are any, and what they say of a withdrawal that is held. */
import type pg from 'pg';
import { parseOperationId } from '../../ledger/index.ts';
import { readMark, readReviewOf } from './finding-store.ts';
import type { RuleVersion } from './history.ts';
import { readNewest } from './rule-store.ts';

const seenForMs = 1_000;

/** Without a rule: why somebody has to look, in words. */
export type ReviewVerdict = 'not evaluated yet' | 'clear' | { readonly finding: string; readonly rule?: string };

/** Whether the rules could not be applied to an entry, and it waits aside while they go on with what came after it. */
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

  /** Whether any rule reviews withdrawals. A change is felt within a second. */
  areOn(): boolean | Promise<boolean> {
    return this.#ask((rules) => rules.length > 0);
  }

  /**
   * Whether a rule that is in force may want to see a withdrawal of this amount first. Rules about several movements may always:
   * what came before is not looked up here.
   */
  mustReview(asset: number, amount: bigint): boolean | Promise<boolean> {
    return this.#ask((rules) => rules.some((rule) => concerns(rule, asset, amount)));
  }

  /**
   * Of a hold that an asynchronous withdrawal made, by the id of its operation. `not evaluated yet`: the rules have not come so far;
   * ask again. What they failed on is for somebody to look at: nobody knows that it is clear.
   */
  async ofHold(operationId: string): Promise<ReviewVerdict> {
    const place = parseOperationId(operationId);
    if (!place) return 'clear';
    const mark = await readMark(this.#pool, place.book);
    if (!mark || mark.seq < place.seq) return 'not evaluated yet';
    // Before the findings: whoever tries it again makes its finding and takes it back from aside at the same moment.
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
  return `The fraud rules could not be applied to the hold ${operationId}. Look at it yourself; "coffer projections set-aside fraud" says why.`;
}

function concerns({ kind, definition }: RuleVersion, asset: number, amount: bigint): boolean {
  if (definition.assets !== 'all' && !definition.assets.includes(asset)) return false;
  return kind !== 'amount' || !('threshold' in definition) || amount >= BigInt(definition.threshold);
}
