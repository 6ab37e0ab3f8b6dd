/** Checks entries one by one against everything before them. Each subject has its checks in its own file. */
import { refusalCodes } from '../rules/refusals.ts';
import { Accounts } from './accounts.ts';
import type { AccountState, Decided } from './account-state.ts';
import { decidedIn, digestOf, digestOfRefused, nameOf } from './content.ts';
import type { Contained } from './content.ts';
import { Controls } from './controls.ts';
import { Holds } from './holds.ts';
import type { HoldChange } from './holds.ts';
import type { Kind } from './kinds.ts';
import type { Findings } from './report.ts';
import { Reversals } from './reversals.ts';
import { isStep } from './sagas.ts';
import type { Sagas } from './sagas.ts';
import type { LogRow } from './rows.ts';
import { shapeOf, strayColumns } from './shapes.ts';
import { Spending } from './spending.ts';

const knownRefusals: ReadonlySet<string> = new Set(refusalCodes);
const noChange: HoldChange = { held: 0n, before: 0n, final: false };
const nothingDecided: Decided = {};

export class EntryChecker {
  readonly accounts: Accounts;
  readonly #book: number;
  readonly #findings: Findings;
  readonly #holds: Holds;
  readonly #reversals: Reversals;
  readonly #controls: Controls;
  readonly #spending: Spending;
  readonly #sagas: Sagas;
  readonly #movedUntil: number;
  /** Implicit openings whose posting has not come yet. */
  #underway: LogRow[] = [];

  /** `movedUntil`: until which seq `ledger.newest` has been moved. */
  constructor(book: number, findings: Findings, sagas: Sagas, movedUntil: number) {
    this.#movedUntil = movedUntil;
    this.#book = book;
    this.#findings = findings;
    this.accounts = new Accounts(findings);
    this.#holds = new Holds(findings);
    this.#reversals = new Reversals(findings);
    this.#controls = new Controls(findings);
    this.#spending = new Spending(findings);
    this.#sagas = sagas;
  }

  /** `format`: of its batch. */
  check(row: LogRow, format: number): void {
    const at = `${this.#book}-${row.seq}`;
    this.#checkOperation(at, row);
    // An operation that a refused group took along was never judged by itself.
    if (row.refusal === null && row.approver !== null && row.approver === row.actor)
      this.#findings.add('I11', at, 'the second person of an operation', 'not its actor', row.approver);
    const stray = strayColumns(row);
    if (stray !== null) this.#findings.add('I11', at, `the columns of ${row.refusal === null ? row.kind : 'a refusal'}`, 'others', stray);
    if (row.refusal !== null) this.#checkRefusal(at, row);
    else if (row.kind === 'open') this.#checkOpening(at, row);
    else this.#checkPosted(at, row);
    this.#follow(at, row, format);
    if (isStep(row)) this.#sagas.check(at, this.#book, row, (number) => this.accounts.get(number));
  }

  /** An operation's rows are adjacent: the openings it caused, then its own entry, whose seq they all carry. All are in one batch. */
  endOfBatch(at: string): void {
    for (const row of this.#underway)
      this.#findings.add(
        'I11',
        `${this.#book}-${row.seq}`,
        `the posting that opened the account, in ${at}`,
        `entry ${row.operation}`,
        null,
      );
    this.#underway = [];
  }

  #checkOperation(at: string, row: LogRow): void {
    if (row.kind === 'open' && row.refusal === null && row.key === null) {
      const expected = this.#underway[0]?.operation;
      if (row.operation <= row.seq || (expected !== undefined && row.operation !== expected)) {
        this.#findings.add('I11', at, 'the operation of an implicitly opened account', expected ?? 'a later seq', row.operation);
      }
      this.#underway.push(row);
      return;
    }
    this.#findings.expect('I11', at, "the operation of an operation's own entry", row.seq, row.operation);
    for (const opening of this.#underway) {
      const named =
        opening.operation === row.seq &&
        (opening.creditAccount === row.debitAccount || opening.creditAccount === row.creditAccount || isRemembering(opening, row));
      if (!named)
        this.#findings.add(
          'I11',
          at,
          'the implicitly opened account is a side of the posting',
          opening.creditAccount,
          `${row.debitAccount} and ${row.creditAccount}`,
        );
    }
    this.#underway = [];
  }

  #checkOpening(at: string, row: LogRow): void {
    this.#findings.expect('I3', at, 'the version of an opened account', 0, row.creditVersion);
    this.#findings.expect('I2', at, 'the balance of an opened account', 0n, row.creditAfter);
    this.#findings.expect('I11', at, 'the account whose key opened it', row.key === null ? null : row.creditAccount, row.scope);
    this.accounts.open(at, row);
  }

  #checkRefusal(at: string, row: LogRow): void {
    if (row.refusal !== null && !knownRefusals.has(row.refusal))
      this.#findings.add('I11', at, 'the reason of a refusal', 'a known one', row.refusal);
    if (row.key === null || !this.accounts.get(row.scope))
      this.#findings.add(
        'I11',
        at,
        'the account and key the refusal is remembered under',
        'an account opened before, and a key',
        row.scope,
      );
    const digest = digestOfRefused(row);
    if (digest === row.digest) return;
    this.#findings.add('I11', at, `the digest of what was refused (${row.kind}, key ${row.key})`, digest ?? 'readable details', row.digest);
  }

  #checkPosted(at: string, row: LogRow): void {
    const kind = shapeOf(row);
    const debit = this.accounts.get(row.debitAccount);
    const credit = this.accounts.get(row.creditAccount);
    if (!kind || !debit || debit === credit || !credit !== (row.creditAccount === null)) {
      const found = `${row.kind}: ${row.debitAccount} to ${row.creditAccount}, ${row.amount}, key ${row.key}`;
      this.#findings.add('I11', at, 'the sides of an entry', 'existing accounts, an amount and a key, as its kind requires', found);
      return;
    }
    if (row.amount !== null && row.amount < 1n) this.#findings.add('I11', at, 'the amount', 'at least 1', row.amount);
    if (credit) this.#findings.expect('I1', at, 'the asset of both sides', debit.asset, credit.asset);
    if (debit.kind === 'wallet') this.#spending.rollOver(debit, row.recordedAtUs);
    this.#checkWhetherItMay(at, row, kind, debit, credit);

    const hold = row.hold === null || row.amount === null ? noChange : this.#holds.check(at, row, row.amount);
    const left = row.reverses === null || row.amount === null ? null : this.#reversals.check(at, row, row.amount);
    this.#checkTaken(at, row, debit, row.kind === 'capture' || row.kind === 'release' ? hold.before : left);
    debit.held += hold.held;
    this.#spending.add(debit, row);
    this.#moveBoth(at, row, debit, credit);

    const decided = row.details === null ? nothingDecided : decidedIn(row);
    if (kind.decides) this.#controls.follow(at, row, decided, debit);
    if (row.kind === 'close')
      this.#findings.expect('I11', at, 'where it was swept to', credit ? nameOf(credit) : null, credit ? (decided.sweepTo ?? null) : null);
    this.#checkFloor(at, row, kind, debit);
    this.#spending.check(at, row, debit);
    this.#checkDigest(at, kind, { row, debit, credit, decided, final: hold.final ?? false }, hold.final === null);
  }

  /** Checks against the state before it. */
  #checkWhetherItMay(at: string, row: LogRow, kind: Kind, debit: AccountState, credit: AccountState | undefined): void {
    const placed = credit && !isPlaced(debit) && isPlaced(credit) ? row.creditAccount : row.debitAccount;
    const scope = { debit: row.debitAccount, credit: row.creditAccount, placed, none: null, original: row.scope }[kind.initiator];
    this.#findings.expect('I11', at, 'the account whose key it has', scope, row.scope);
    this.#controls.checkSides(at, kind, debit, credit);
    if (kind.limited && row.amount !== null) this.#controls.checkLimits(at, debit, row.amount);
  }

  /** "Up to" an amount takes everything available: of a hold, of an original, or else of the balance. */
  #checkTaken(at: string, { kind, askedAmount, amount }: LogRow, { balance, held, floor }: AccountState, left: bigint | null): void {
    if (askedAmount === null) return;
    const most = left ?? (floor === null || kind === 'reversal' ? askedAmount : balance - held - floor);
    this.#findings.expect('I6', at, `the amount, of up to ${askedAmount}`, askedAmount < most ? askedAmount : most, amount);
  }

  #moveBoth(at: string, row: LogRow, debit: AccountState, credit: AccountState | undefined): void {
    const moved = credit === undefined ? 0n : (row.amount ?? 0n);
    this.#move(at, 'debit', debit, -moved, row.debitAfter, row.debitHeld, row.debitVersion);
    if (credit) this.#move(at, 'credit', credit, moved, row.creditAfter, row.creditHeld, row.creditVersion);
  }

  /** Continues from the row's own values, so that one edited balance is one finding here and not one for each later row. */
  #move(
    at: string,
    side: 'debit' | 'credit',
    account: AccountState,
    amount: bigint,
    after: bigint | null,
    held: bigint | null,
    version: number | null,
  ): void {
    this.#findings.expect('I3', at, `the ${side} version of ${account.id}`, account.version + 1, version);
    this.#findings.expect('I3', at, `the ${side} balance of ${account.id} after it`, account.balance + amount, after);
    this.#findings.expect('I2', at, `what ${account.id} holds after it`, account.held === 0n ? null : account.held, held);
    account.sum += amount;
    account.balance = after ?? account.balance + amount;
    account.version = version ?? account.version + 1;
  }

  /** Each entry names the one before it of both its accounts, since format 4 and except in an opening. */
  #follow(at: string, { seq, kind, debitAccount, creditAccount, debitPrevious, creditPrevious }: LogRow, format: number): void {
    for (const [side, number, previous] of [
      ['debit', debitAccount, debitPrevious],
      ['credit', creditAccount, creditPrevious],
    ] as const) {
      const account = this.accounts.get(number);
      const expected = account === undefined || kind === 'open' || format < 4 ? null : account.seq;
      this.#findings.expect('I3', at, `the entry before it of the ${side} account`, expected, previous);
      if (account === undefined) continue;
      account.seq = seq;
      if (seq <= this.#movedUntil) account.moved = { seq, isKept: account.moved.isKept || format >= 4 };
    }
  }

  /** Controls need no floor, except a credit line, which sets one. */
  #checkFloor(at: string, { kind, debitFloor }: LogRow, { decides }: Kind, { id, balance, held, floor }: AccountState): void {
    const inForce = decides && kind !== 'credit_line' ? null : floor;
    this.#findings.expect('I6', at, 'the floor in force', inForce, debitFloor);
    if (inForce !== null && balance - held < inForce)
      this.#findings.add('I6', at, `the balance of ${id} after a debit, excluding held amounts`, `at least ${inForce}`, balance - held);
  }

  /** `finalOrNot`: a capture of everything left may or may not have been requested as final. */
  #checkDigest(at: string, { content }: Kind, contained: Contained, finalOrNot: boolean): void {
    const { row, debit, credit } = contained;
    const digest = digestOf(row, content(contained));
    if (digest === row.digest) return;
    if (finalOrNot && digestOf(row, content({ ...contained, final: true })) === row.digest) return;
    const { kind, amount, key, metadata } = row;
    const description = `${kind} ${amount ?? ''} from ${nameOf(debit)} to ${nameOf(credit)}, key ${key}${metadata === null ? '' : ', metadata'}`;
    this.#findings.add('I11', at, `the digest of the entry's content (${description})`, digest, row.digest);
  }
}

/** A wallet, or an account of the chart with a floor, is in one book; the others are in every book. */
function isPlaced({ kind, floor }: AccountState): boolean {
  return kind === 'wallet' || (kind === 'named' && floor !== null);
}

/** The refusal of a transfer's credit may open the account that remembers it. */
function isRemembering(opening: LogRow, { kind, refusal, scope }: LogRow): boolean {
  return kind === 'transfer_credit' && refusal !== null && opening.creditAccount === scope;
}
