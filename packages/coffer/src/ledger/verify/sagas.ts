/**
 * Transfers by saga, across books: each step is checked against those it depends on. They are looked up, so that memory does not grow with
 * the log. Keys are unique (I5) and each step's key is that of its transfer, so each step happens at most once.
 */
import { internalKey } from '../rules/internal-keys.ts';
import type { AccountState } from './account-state.ts';
import type { Findings } from './report.ts';
import type { LogRow, StepRow } from './rows.ts';

/** The details of a step. */
export type SagaDetails = {
  readonly transfer?: string;
  readonly from?: string;
  readonly to?: string;
  readonly decidedBy?: string;
  /** For a refused credit. */
  readonly amount?: string;
  readonly refusal?: { readonly code?: string };
};

type Place = { readonly book: number; readonly seq: number };
type AccountOf = (number: number | null) => AccountState | undefined;

const steps: ReadonlySet<string> = new Set(['transfer_debit', 'transfer_credit', 'transfer_complete', 'transfer_return']);

export function isStep({ kind }: LogRow): boolean {
  return steps.has(kind);
}

/** Empty when they cannot be parsed; then nothing matches. */
export function sagaIn({ kind, details, refusal }: Pick<LogRow, 'kind' | 'details' | 'refusal'>): SagaDetails {
  try {
    const parsed = (JSON.parse(details ?? '{}') ?? {}) as SagaDetails & { asked?: { transfer?: string; from?: string; credit?: string } };
    if (refusal === null || kind !== 'transfer_credit') return parsed;
    const { credit, ...request } = parsed.asked ?? {};
    return { ...request, ...(credit !== undefined && { to: credit }) };
  } catch {
    return {};
  }
}

/** The positions of the steps that a step depends on: the debit, and the decision of the recipient's book. */
export function placesIn(row: LogRow): { debit: Place | null; decided: Place | null } {
  const { transfer, decidedBy } = sagaIn(row);
  return { debit: placeOf(transfer), decided: placeOf(decidedBy) };
}

export function seqIn(id: string): number {
  return placeOf(id)?.seq ?? 0;
}

function placeOf(id: string | undefined): Place | null {
  const parts = /^([1-9]\d{0,8})-([1-9]\d{0,14})$/.exec(typeof id === 'string' ? id : '');
  return parts ? { book: Number(parts[1]), seq: Number(parts[2]) } : null;
}

export class Sagas {
  readonly #findings: Findings;
  /** By asset: what was debited and neither arrived nor returned, and what the in-transit accounts hold. */
  readonly #underWay = new Map<number, bigint>();
  readonly #inTransit = new Map<number, bigint>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  check(at: string, book: number, row: LogRow, accountOf: AccountOf): void {
    if (row.kind === 'transfer_debit') {
      if (row.refusal !== null) return;
      const credit = accountOf(row.creditAccount);
      this.#findings.expect('I16', at, 'where the money of a transfer goes first', 'in_transit', credit?.kind ?? null);
      this.#count(credit?.asset ?? 0, row.amount ?? 0n);
      return;
    }
    if (row.kind !== 'transfer_credit' && row.refusal !== null)
      this.#findings.add('I16', at, `the ${row.kind}`, 'never refused', row.refusal);
    const said = sagaIn(row);
    const debit = row.saga?.debit ?? null;
    if (debit?.kind !== 'transfer_debit' || debit.refusal !== null) {
      this.#findings.add('I16', at, `the transfer of the ${row.kind}`, 'a debited one', said.transfer);
      return;
    }
    const scope = accountOf(row.scope);
    this.#findings.expect('I16', at, `the account whose key the ${row.kind} has`, `$in_transit/${debit.asset}`, scope?.id ?? null);
    this.#findings.expect('I16', at, `the sender of the ${row.kind}`, debit.debitId, said.from ?? null);
    if (row.refusal === null) this.#findings.expect('I16', at, `the amount of the ${row.kind}: what was debited`, debit.amount, row.amount);
    if (row.kind === 'transfer_credit') this.#checkCredit(at, row, said, debit, accountOf);
    else this.#checkEnd(at, book, row, said, debit, accountOf);
  }

  /** A credit, posted or refused, matches the debit for this recipient. */
  #checkCredit(at: string, row: LogRow, said: SagaDetails, debit: StepRow, accountOf: AccountOf): void {
    const to = row.refusal === null ? accountOf(row.creditAccount)?.id : said.to;
    this.#findings.expect('I16', at, 'the key of the transfer_credit', internalKey('transfer', said.transfer ?? ''), row.key);
    this.#findings.expect('I16', at, 'the recipient of the transfer', sagaIn(debit).to ?? null, to ?? null);
    this.#findings.expect('I16', at, 'the metadata of the transfer', debit.metadata, row.metadata);
    if (row.refusal !== null) {
      this.#findings.expect('I16', at, 'the amount that was refused: what was debited', String(debit.amount), said.amount ?? null);
      return;
    }
    this.#findings.expect('I16', at, 'the effective date of the transfer', debit.effectiveAtUs, row.effectiveAtUs);
    this.#count(debit.asset ?? 0, -(row.amount ?? 0n));
  }

  /** The end matches the decision of the recipient's book about this transfer. */
  #checkEnd(at: string, book: number, row: LogRow, said: SagaDetails, debit: StepRow, accountOf: AccountOf): void {
    const { transfer = '', decidedBy } = said;
    this.#findings.expect('I16', at, `the book of the ${row.kind}: its transfer's`, placeOf(transfer)?.book ?? null, book);
    this.#findings.expect('I16', at, `the key of the ${row.kind}`, internalKey('end', seqIn(transfer)), row.key);
    if (seqIn(transfer) >= row.seq) this.#findings.add('I16', at, `the transfer of the ${row.kind}`, 'an earlier one', transfer);
    const decided = row.saga?.decided ?? null;
    const isOfIt = decided?.kind === 'transfer_credit' && sagaIn(decided).transfer === transfer;
    const expected = row.kind === 'transfer_complete' ? 'a credit of this transfer' : 'a refused credit of this transfer';
    const isRight = isOfIt && (row.kind === 'transfer_complete') === (decided.refusal === null);
    if (!isRight) this.#findings.add('I16', at, `the entry that decided the ${row.kind}`, expected, decidedBy);
    if (row.kind === 'transfer_complete') return;
    this.#findings.expect('I16', at, 'the reason of the return', decided?.refusal ?? null, said.refusal?.code ?? null);
    this.#findings.expect('I16', at, 'the wallet it returns to', debit.debitId, accountOf(row.creditAccount)?.id ?? null);
    this.#findings.expect('I16', at, 'the effective date of the return', debit.effectiveAtUs, row.effectiveAtUs);
    this.#count(debit.asset ?? 0, -(row.amount ?? 0n));
  }

  /** The balance of an in-transit account at the end of its book. */
  addBalance(asset: number, balance: bigint): void {
    this.#inTransit.set(asset, (this.#inTransit.get(asset) ?? 0n) + balance);
  }

  /** After the last book. */
  end(): void {
    for (const [asset, amount] of this.#inTransit)
      this.#findings.expect(
        'I16',
        `asset ${asset}`,
        'the balance in transit over all books: what is under way',
        this.#underWay.get(asset) ?? 0n,
        amount,
      );
  }

  #count(asset: number, amount: bigint): void {
    this.#underWay.set(asset, (this.#underWay.get(asset) ?? 0n) + amount);
  }
}
