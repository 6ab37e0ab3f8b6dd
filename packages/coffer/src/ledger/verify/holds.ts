/** Holds, from their authorisation to their end. Only open holds are kept in memory. */
import type { Findings } from './report.ts';
import type { LogRow } from './rows.ts';

type OpenHold = { readonly account: number | null; readonly expiresAtUs: number | null; left: bigint };

/** What an entry changes about held amounts, and whether a capture released the rest; null: nothing was left, so it cannot be known. */
export type HoldChange = { readonly held: bigint; readonly before: bigint; readonly final: boolean | null };

export class Holds {
  readonly #findings: Findings;
  readonly #open = new Map<number, OpenHold>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** For an entry about a hold. */
  check(at: string, row: LogRow, amount: bigint): HoldChange {
    if (row.kind === 'hold') return this.#authorise(at, row, amount);
    const hold = this.#open.get(row.hold ?? 0);
    if (hold === undefined || hold.account !== row.debitAccount) {
      this.#findings.add('I7', at, `the hold of the ${row.kind}`, 'an open hold of the wallet', row.hold);
      return { held: 0n, before: amount, final: false };
    }
    this.#checkTime(at, row, hold);
    const before = hold.left;
    if (amount > before) this.#findings.add('I7', at, `the amount of the ${row.kind}`, `at most ${before}`, amount);
    if (row.kind === 'expire') this.#findings.expect('I7', at, 'the amount of the expiry: everything left', before, amount);
    const rest = before - amount;
    // A final capture releases what it did not take.
    const left = row.kind === 'capture' && row.holdLeft === 0n ? 0n : rest;
    this.#findings.expect('I7', at, `what is left of hold ${row.hold}`, left, row.holdLeft);
    hold.left = left;
    if (left <= 0n) this.#open.delete(row.hold ?? 0);
    return { held: left - before, before, final: rest === 0n ? null : left === 0n };
  }

  #authorise(at: string, row: LogRow, amount: bigint): HoldChange {
    this.#findings.expect('I7', at, 'the name of the hold: its own seq', row.seq, row.hold);
    this.#findings.expect('I7', at, 'what is left of a new hold: its amount', amount, row.holdLeft);
    if (row.expiresAtUs !== null && row.expiresAtUs <= row.recordedAtUs)
      this.#findings.add('I7', at, 'when the hold expires (microseconds)', `after ${row.recordedAtUs}`, row.expiresAtUs);
    this.#open.set(row.seq, { account: row.debitAccount, expiresAtUs: row.expiresAtUs, left: amount });
    return { held: amount, before: 0n, final: false };
  }

  #checkTime(at: string, { kind, recordedAtUs }: LogRow, { expiresAtUs }: OpenHold): void {
    const isOver = expiresAtUs !== null && recordedAtUs >= expiresAtUs;
    if (isOver === (kind === 'expire')) return;
    const expected = isOver ? `before ${expiresAtUs}` : expiresAtUs === null ? 'never' : `not before ${expiresAtUs}`;
    this.#findings.add('I7', at, `when the hold was ended by ${kind} (microseconds)`, expected, recordedAtUs);
  }
}
