/** What has left each wallet on a day and in a month of UTC, counted again from the amounts alone. */
import type { AccountState } from './account-state.ts';
import { kindOf } from './kinds.ts';
import type { Findings } from './report.ts';
import type { BalanceRow, LogRow } from './rows.ts';

const dayUs = 86_400_000_000;

export class Spending {
  readonly #findings: Findings;
  #day = 0;
  #month = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Resets the totals at the start of a day or month. Only wallets are counted. */
  rollOver({ spent }: AccountState, recordedAtUs: number): void {
    const day = Math.floor(recordedAtUs / dayUs);
    if (day !== this.#day) {
      const date = new Date(day * (dayUs / 1000));
      this.#day = day;
      this.#month = date.getUTCFullYear() * 12 + date.getUTCMonth();
    }
    if (spent.day === day) return;
    spent.day = day;
    spent.ofDay = 0n;
    if (spent.month !== this.#month) spent.ofMonth = 0n;
    spent.month = this.#month;
  }

  add({ spent }: AccountState, row: LogRow): void {
    const { amount } = row;
    if (amount === null || !kindOf(row)?.spends) return;
    spent.ofDay += amount;
    spent.ofMonth += amount;
  }

  /** Stored while the wallet has limits, and only then. */
  check(at: string, row: LogRow, { id, spent, controls }: AccountState): void {
    const isCounted = controls.limits !== null;
    this.#findings.expect('I2', at, `what left ${id} that day`, isCounted ? spent.ofDay : null, row.spentDay);
    this.#findings.expect('I2', at, `what left ${id} that month`, isCounted ? spent.ofMonth : null, row.spentMonth);
  }
}

/** Reads continue from the newest debit, whose day may be over. */
export function checkSpentRead(findings: Findings, at: string, { kind, spent, controls }: AccountState, read: BalanceRow): void {
  if (kind !== 'wallet') return;
  const isCounted = controls.limits !== null;
  findings.expect('I2', at, 'what left it on the day of its newest debit', isCounted ? spent.ofDay : null, read.spentDay);
  findings.expect('I2', at, 'what left it in the month of its newest debit', isCounted ? spent.ofMonth : null, read.spentMonth);
}
