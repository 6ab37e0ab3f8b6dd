/** Checks reversals against the entries they reverse. Keeps one number for each reversed entry: the total reversed. */
import { kindOf } from './kinds.ts';
import type { Findings } from './report.ts';
import type { LogRow } from './rows.ts';

export class Reversals {
  readonly #findings: Findings;
  readonly #reversed = new Map<number, bigint>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Returns how much of the original could still be reversed; null when there is no such original. */
  check(at: string, row: LogRow, amount: bigint): bigint | null {
    const { original, reverses, seq } = row;
    const isOne = original !== null && original.refusal === null && kindOf(original)?.reversible === true && (reverses ?? seq) < seq;
    if (!isOne || original.amount === null) {
      this.#findings.add('I6', at, 'the reversed entry', 'an earlier posting between two accounts', reverses);
      return null;
    }
    this.#findings.expect('I11', at, 'the debit side of a reversal: what the original credited', original.creditAccount, row.debitAccount);
    this.#findings.expect('I11', at, 'the credit side of a reversal: what the original debited', original.debitAccount, row.creditAccount);
    this.#findings.expect('I11', at, 'the account whose key it has: the initiator of the original', original.scope, row.scope);
    const before = this.#reversed.get(reverses ?? 0) ?? 0n;
    const reversed = before + amount;
    this.#findings.expect('I6', at, `how much of entry ${reverses} is reversed so far`, reversed, row.reversed);
    if (reversed > original.amount)
      this.#findings.add('I6', at, `how much of entry ${reverses} is reversed`, `at most ${original.amount}`, reversed);
    this.#reversed.set(reverses ?? 0, reversed);
    return original.amount - before;
  }
}
