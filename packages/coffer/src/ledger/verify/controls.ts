/** Follows what operators decided about wallets from entry to entry, and checks that frozen, closed and limited wallets were respected. */
import type { AccountState, ControlState, Decided, Limits } from './account-state.ts';
import type { Findings } from './report.ts';
import type { Kind } from './kinds.ts';
import type { LogRow } from './rows.ts';

export class Controls {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Before the entry: it may not pass a closed or frozen side. */
  checkSides(at: string, { stops }: Kind, debit: AccountState, credit: AccountState | undefined): void {
    if (stops.debit.includes(debit.controls.debits))
      this.#findings.add('I6', at, `the debits of ${debit.id}`, 'open', debit.controls.debits);
    if (credit && stops.credit.includes(credit.controls.credits))
      this.#findings.add('I6', at, `the credits of ${credit.id}`, 'open', credit.controls.credits);
  }

  /** Before the entry: the amount, with what was spent and is held, is within the limits. */
  checkLimits(at: string, { id, controls, spent, held }: AccountState, amount: bigint): void {
    const { limits } = controls;
    if (limits === null) return;
    const used = { perTransfer: 0n, perDay: spent.ofDay + held, perMonth: spent.ofMonth + held };
    for (const limit of ['perTransfer', 'perDay', 'perMonth'] as const) {
      const allowed = limits[limit];
      if (allowed !== null && used[limit] + amount > BigInt(allowed))
        this.#findings.add('I6', at, `what has left ${id}, ${limit}`, `at most ${allowed}`, used[limit] + amount);
    }
  }

  /** For a control: the wallet's controls after it, and whether it was allowed. The balance is that after the entry. */
  follow(at: string, row: LogRow, decided: Decided, account: AccountState): void {
    const before = controlsText(account);
    const wasClosed = account.controls.debits === 'closed';
    change(row.kind, decided, account);
    const after = controlsText(account);
    account.controls.isSet = true;
    this.#findings.expect('I6', at, `the controls of ${account.id} after it`, after, inOrder(row.controls));
    // Closing again sweeps what came back to a closed wallet.
    if (before === after && !(row.kind === 'close' && row.creditAccount !== null))
      this.#findings.add('I6', at, `what ${row.kind} changes`, 'something', null);
    if (row.kind === 'close') this.#checkClosing(at, row, decided, account);
    if ((row.kind === 'limit' || row.kind === 'credit_line') && wasClosed)
      this.#findings.add('I6', at, `the debits of ${account.id}`, 'not closed', 'closed');
  }

  #checkClosing(at: string, row: LogRow, { sides }: Decided, { id, balance, held }: AccountState): void {
    const isSwept = row.creditAccount !== null;
    if (isSwept || sides !== 'credits') this.#findings.expect('I6', at, `the balance of ${id} when it is closed`, 0n, balance);
    if (isSwept || sides !== 'credits') this.#findings.expect('I7', at, `what ${id} holds when it is closed`, 0n, held);
    if (balance < 0n) this.#findings.add('I6', at, `the balance of ${id} when it is closed`, 'at least 0', balance);
  }
}

function change(kind: string, { sides, limits = null, floor }: Decided, account: AccountState): void {
  const { controls } = account;
  if (kind === 'limit') controls.limits = limits;
  if (kind === 'credit_line') account.floor = numberIn(floor);
  for (const side of ['debits', 'credits'] as const) {
    if (sides !== side && sides !== 'both') continue;
    if (kind === 'close') controls[side] = 'closed';
    if (kind === 'freeze' && controls[side] === 'open') controls[side] = 'frozen';
    if (kind === 'unfreeze' && controls[side] === 'frozen') controls[side] = 'open';
  }
}

/** Null for text that is not a number, which then differs. */
function numberIn(text: string | undefined): bigint | null {
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : null;
}

function controlsText({ controls, floor }: AccountState): string {
  const { debits, credits, limits } = controls;
  return JSON.stringify([debits, credits, limits && limitsInOrder(limits), floor === null ? null : String(floor)]);
}

function limitsInOrder({ perTransfer, perDay, perMonth }: Limits): readonly (string | null)[] {
  return [perTransfer, perDay, perMonth];
}

/** The controls that reads must return: null for a wallet without any. */
export function controlsRead(account: AccountState): string | null {
  return account.controls.isSet ? controlsText(account) : null;
}

/** The same for a row's text, in any key order. */
export function inOrder(text: string | null): string | null {
  if (text === null) return null;
  try {
    const { debits, credits, limits, floor } = JSON.parse(text) as ControlState & { floor: string | null };
    return JSON.stringify([debits, credits, limits && limitsInOrder(limits), floor]);
  } catch {
    return 'unreadable';
  }
}
