/** Checks entries one by one against everything before them. */
import { contentNameOf } from '../rules/content.ts';
import { digestContent, digestOpening } from '../rules/digest.ts';
import { refusalMeanings } from '../rules/refusals.ts';
import type { AccountKind, EntryKind } from '../rules/types.ts';
import { Accounts } from './accounts.ts';
import type { AccountState } from './accounts.ts';
import type { Findings } from './report.ts';
import type { LogRow } from './rows.ts';

/** Which side of a posting owns its idempotency key. Written down again here: the verifier shares no rule with what it verifies. */
const initiator: Readonly<Record<string, 'debit' | 'credit'>> = {
  issue: 'credit',
  deposit: 'credit',
  withdrawal: 'debit',
  topup: 'credit',
  spend: 'debit',
  transfer: 'debit',
};

type Asked = { wallet?: string; asset?: number; owner?: string | null; floor?: string; debit?: string; credit?: string; amount?: string };

export class EntryChecker {
  readonly accounts: Accounts;
  readonly #book: number;
  readonly #findings: Findings;
  /** Openings on the way to a posting that has not come yet. */
  #underway: LogRow[] = [];

  constructor(book: number, findings: Findings) {
    this.#book = book;
    this.#findings = findings;
    this.accounts = new Accounts(findings);
  }

  check(row: LogRow): void {
    const at = `${this.#book}-${row.seq}`;
    this.#checkOperation(at, row);
    if (row.refusal !== null) this.#checkRefusal(at, row);
    else if (row.kind === 'open') this.#checkOpening(at, row);
    else this.#checkPosting(at, row);
  }

  /** An operation's rows stand together: the openings it caused, then its own entry, whose seq they all carry. All in one batch. */
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
        this.#findings.add('I11', at, 'the operation of an account opened on the way', expected ?? 'a later seq', row.operation);
      }
      this.#underway.push(row);
      return;
    }
    this.#findings.expect('I11', at, "the operation of an operation's own entry", row.seq, row.operation);
    for (const opening of this.#underway) {
      const named =
        opening.operation === row.seq && (opening.creditAccount === row.debitAccount || opening.creditAccount === row.creditAccount);
      if (!named)
        this.#findings.add(
          'I11',
          at,
          'the account opened on the way is a side of the posting',
          opening.creditAccount,
          `${row.debitAccount} and ${row.creditAccount}`,
        );
    }
    this.#underway = [];
  }

  #checkOpening(at: string, row: LogRow): void {
    const { creditAccount, debitAccount, amount, debitAfter, debitVersion, debitFloor, metadata, details } = row;
    const empty = [debitAccount, amount, debitAfter, debitVersion, debitFloor, metadata, details].every((value) => value === null);
    if (!empty || creditAccount === null)
      this.#findings.add('I11', at, 'the columns of an opening', 'a credit side and nothing else', 'others');
    this.#findings.expect('I3', at, 'the version of an opened account', 0, row.creditVersion);
    this.#findings.expect('I2', at, 'the balance of an opened account', 0n, row.creditAfter);
    this.#findings.expect('I11', at, 'whose key opened the account', row.key === null ? null : creditAccount, row.scope);
    this.accounts.open(at, row);
  }

  #checkRefusal(at: string, row: LogRow): void {
    const { amount, debitAccount, creditAccount, debitAfter, creditAfter, debitVersion, creditVersion, debitFloor } = row;
    const empty = [amount, debitAccount, creditAccount, debitAfter, creditAfter, debitVersion, creditVersion, debitFloor].every(
      (value) => value === null,
    );
    if (!empty) this.#findings.add('I11', at, 'the columns of a refusal', 'no sides and no amount', 'others');
    if (row.refusal !== null && !(row.refusal in refusalMeanings))
      this.#findings.add('I11', at, 'the reason of a refusal', 'a known one', row.refusal);
    if (row.key === null || !this.accounts.get(row.scope))
      this.#findings.add('I11', at, 'whose key the refusal is remembered under', 'an account opened before, and a key', row.scope);
    const digest = digestOfRefused(row);
    if (digest !== row.digest) {
      this.#findings.add(
        'I11',
        at,
        `the digest of what was refused (${row.kind}, key ${row.key})`,
        digest ?? 'readable details',
        row.digest,
      );
    }
  }

  #checkPosting(at: string, row: LogRow): void {
    const debit = this.accounts.get(row.debitAccount);
    const credit = this.accounts.get(row.creditAccount);
    if (!debit || !credit || row.debitAccount === row.creditAccount || row.amount === null || row.key === null) {
      this.#findings.add(
        'I11',
        at,
        'the sides of a posting',
        'two accounts opened before, an amount and a key',
        `${row.debitAccount} to ${row.creditAccount}, ${row.amount}`,
      );
      return;
    }
    if (row.amount < 1n) this.#findings.add('I11', at, 'the amount', 'at least 1', row.amount);
    this.#findings.expect('I11', at, 'details of a posting', null, row.details);
    this.#findings.expect('I1', at, 'the asset of both sides', debit.asset, credit.asset);
    this.#findings.expect('I11', at, 'whose key it is', initiator[row.kind] === 'debit' ? row.debitAccount : row.creditAccount, row.scope);
    this.#checkDigest(at, row, row.key, row.amount, debit, credit);
    this.#move(at, 'debit', debit, -row.amount, row.debitAfter, row.debitVersion);
    this.#move(at, 'credit', credit, row.amount, row.creditAfter, row.creditVersion);
    this.#findings.expect('I6', at, 'the floor in force', debit.floor, row.debitFloor);
    if (debit.floor !== null && debit.balance < debit.floor)
      this.#findings.add('I6', at, `the balance of ${debit.id} after a debit`, `at least ${debit.floor}`, debit.balance);
  }

  #checkDigest(at: string, row: LogRow, key: string, amount: bigint, debit: AccountState, credit: AccountState): void {
    const names = [debit, credit].map(({ id, kind }) => contentNameOf(id, kind as AccountKind)) as [string, string];
    const content = { debit: names[0], credit: names[1], amount: String(amount) };
    const digest = digestContent({ kind: row.kind as EntryKind, key, metadata: row.metadata }, content);
    if (digest === row.digest) return;
    const told = `${row.kind} ${amount} from ${names[0]} to ${names[1]}, key ${key}${row.metadata === null ? '' : ', metadata'}`;
    this.#findings.add('I11', at, `the digest of the entry's content (${told})`, digest, row.digest);
  }

  /** Goes on from what the row says, so that one edited balance is one finding here and not one for each later row. */
  #move(at: string, side: 'debit' | 'credit', account: AccountState, amount: bigint, after: bigint | null, version: number | null): void {
    this.#findings.expect('I3', at, `the ${side} version of ${account.id}`, account.version + 1, version);
    this.#findings.expect('I3', at, `the ${side} balance of ${account.id} after it`, account.balance + amount, after);
    account.sum += amount;
    account.balance = after ?? account.balance + amount;
    account.version = version ?? account.version + 1;
  }
}

/** A refusal has no sides: what was asked stands in its details. Null when they cannot be read. */
function digestOfRefused(row: LogRow): string | null {
  try {
    const { asked } = JSON.parse(row.details ?? '') as { asked: Asked };
    if (row.kind === 'open') {
      const { wallet = '', asset = 0, owner = null, floor = '' } = asked;
      return digestOpening({ id: wallet, kind: 'wallet', asset, owner, floor: BigInt(floor) });
    }
    const { debit = '', credit = '', amount = '' } = asked;
    return digestContent({ kind: row.kind as EntryKind, key: row.key, metadata: row.metadata }, { debit, credit, amount });
  } catch {
    return null;
  }
}
