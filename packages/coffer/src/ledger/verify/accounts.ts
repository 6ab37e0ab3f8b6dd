/** Accounts at the current point of the log. The only part of the verifier's memory that grows, with accounts and not with entries. */
import { digestOpening } from '../rules/digest.ts';
import type { AccountKind } from '../rules/types.ts';
import type { AccountState, ControlState, SpentState } from './account-state.ts';
import type { Findings } from './report.ts';
import type { AccountRow, LogRow } from './rows.ts';

export class Accounts {
  readonly #findings: Findings;
  readonly #byNumber = new Map<number, AccountState>();
  #highest = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get(number: number | null): AccountState | undefined {
    return number === null ? undefined : this.#byNumber.get(number);
  }

  get count(): number {
    return this.#byNumber.size;
  }

  /** In which accounts count. */
  get assets(): ReadonlySet<number> {
    return new Set([...this.#byNumber.values()].map(({ asset }) => asset));
  }

  all(): IterableIterator<[number, AccountState]> {
    return this.#byNumber.entries();
  }

  /** An opening: the account's row must match the content of the entry's digest. */
  open(at: string, row: LogRow): void {
    const number = row.creditAccount ?? 0;
    this.#findings.expect('I11', at, 'the number of the opened account', this.#highest + 1, number);
    this.#highest = Math.max(this.#highest, number);
    if (row.account === null) {
      this.#findings.add('I11', at, 'the row of the opened account', `account ${number}`, null);
      return;
    }
    this.#checkRow(at, row, row.account);
    const { id, kind, asset, floor } = row.account;
    const controls: ControlState = { debits: 'open', credits: 'open', limits: null, isSet: false };
    const spent: SpentState = { day: 0, month: 0, ofDay: 0n, ofMonth: 0n };
    this.#byNumber.set(number, {
      id,
      kind,
      asset,
      floor,
      balance: 0n,
      version: 0,
      seq: row.seq,
      moved: { seq: 0, isKept: false },
      held: 0n,
      controls,
      spent,
      sum: 0n,
    });
  }

  #checkRow(at: string, row: LogRow, account: AccountRow): void {
    this.#findings.expect('I11', at, "the account's opening entry", row.seq, account.openedSeq);
    this.#findings.expect('I11', at, 'when the account was opened (microseconds)', row.recordedAtUs, account.openedAtUs);
    const digest = digestOpening({ ...account, kind: account.kind as AccountKind });
    if (digest !== row.digest) {
      const content = JSON.stringify({
        id: account.id,
        kind: account.kind,
        asset: account.asset,
        owner: account.owner,
        floor: String(account.floor),
      });
      this.#findings.add('I11', at, 'the digest of the opened account', `that of ${content}, ${digest}`, row.digest);
    }
  }
}
