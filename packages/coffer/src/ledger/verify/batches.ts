/** Checks the batches: that they follow one another without a gap, and that each one's hash is that of its entries. */
import { hash } from 'node:crypto';
import { chainFormat, chainHash, encodeBatch } from '../chain/chain.ts';
import type { ChainFormat, Opening } from '../chain/chain.ts';
import type { Checkpoint } from '../chain/checkpoints.ts';
import { openControls } from '../rules/accounts.ts';
import type { Account, AccountKind, EntryKind, PostedSide, RecordedEntry } from '../rules/types.ts';
import type { Findings } from './report.ts';
import type { BatchRow, LogRow } from './rows.ts';

export class BatchChecker {
  readonly #book: number;
  readonly #findings: Findings;
  /** Those of this ledger that are still ahead, in the order of their batches. */
  readonly #checkpoints: readonly Checkpoint[];
  #nextCheckpoint = 0;
  #last: BatchRow | null = null;
  #count = 0;

  constructor(book: number, findings: Findings, checkpoints: readonly Checkpoint[]) {
    this.#book = book;
    this.#findings = findings;
    this.#checkpoints = checkpoints.toSorted((one, other) => one.batchNo - other.batchNo);
  }

  get last(): BatchRow | null {
    return this.#last;
  }

  get count(): number {
    return this.#count;
  }

  name(batch: BatchRow): string {
    return batch.lastSeq < batch.firstSeq
      ? `batch ${batch.batchNo} of book ${this.#book}`
      : `batch ${batch.batchNo} of book ${this.#book} (seq ${batch.firstSeq} to ${batch.lastSeq})`;
  }

  /** A batch and the entries that stand in its range of the log. */
  check(batch: BatchRow, entries: readonly LogRow[]): void {
    const at = this.name(batch);
    const last = this.#last;
    this.#findings.expect('I11', at, 'the batch that comes next', this.#count, batch.batchNo);
    this.#findings.expect('I11', at, 'its first seq', last === null ? 1 : last.lastSeq + 1, batch.firstSeq);
    this.#findings.expect('I11', at, 'the number of its entries', batch.lastSeq - batch.firstSeq + 1, entries.length);
    if (batch.format === 1) this.#checkDense(entries);
    if (formatOf(batch) !== batch.format) this.#findings.add('I11', at, 'its format', chainFormat, batch.format);
    if (last !== null && batch.recordedAtUs < last.recordedAtUs)
      this.#findings.add('I11', at, 'when it was recorded (microseconds)', `not before ${last.recordedAtUs}`, batch.recordedAtUs);
    if (last !== null && batch.recordedAtUs % 1000 !== 0)
      this.#findings.add('I11', at, 'when it was recorded (microseconds)', 'a whole millisecond', batch.recordedAtUs);
    this.#findings.expect(
      'I11',
      at,
      'its hash',
      last === null ? this.#genesisHash() : this.#hash(Buffer.from(last.hash, 'hex'), batch, entries),
      batch.hash,
    );
    this.#compareCheckpoints(batch);
    this.#last = batch;
    this.#count++;
  }

  /** After the last batch: checkpoints of later ones say that there was more. */
  end(): void {
    const ahead = this.#checkpoints[this.#nextCheckpoint];
    if (this.#last === null) this.#findings.add('I11', `book ${this.#book}`, 'the genesis batch', 'batch 0', null);
    if (ahead === undefined) return;
    this.#findings.add(
      'I11',
      `the end of book ${this.#book}`,
      `the log goes at least as far as the checkpoint of ${ahead.at}`,
      `seq ${ahead.lastSeq} in batch ${ahead.batchNo}`,
      `the log ends at seq ${this.#last?.lastSeq ?? 0} in batch ${this.#last?.batchNo ?? 0}`,
    );
  }

  #genesisHash(): string {
    return hash('sha256', `coffer book ${this.#book}`, 'hex');
  }

  #hash(previous: Buffer, batch: BatchRow, rows: readonly LogRow[]): string {
    const openings: Opening[] = [];
    const entries = rows.map((row) => recordedEntry(this.#book, row));
    for (const row of rows) if (row.account !== null) openings.push({ account: openedAccount(row), seq: row.account.openedSeq });
    // What no batch can have (a negative number, a moment before 1970) has no encoding either; its neighbours tell that it is wrong.
    const header = {
      book: this.#book,
      batchNo: Math.max(0, batch.batchNo),
      firstSeq: Math.max(0, batch.firstSeq),
      recordedAt: new Date(Math.max(0, Math.trunc(batch.recordedAtUs / 1000))),
    };
    const format = formatOf(batch);
    return chainHash(previous, header, encodeBatch({ openings, entries }, format), format).toString('hex');
  }

  /** What the columns of format 1 do not tell, its hash does not cover: there must be nothing. */
  #checkDense(entries: readonly LogRow[]): void {
    for (const row of entries) {
      const { debitHeld, creditHeld, askedAmount, effectiveAtUs, hold, holdLeft, expiresAtUs, reverses, reversed } = row;
      const further = [debitHeld, creditHeld, askedAmount, effectiveAtUs, hold, holdLeft, expiresAtUs, reverses, reversed];
      const { controls, spentDay, spentMonth } = row;
      if ([...further, controls, spentDay, spentMonth].some((value) => value !== null))
        this.#findings.add('I11', `${this.#book}-${row.seq}`, 'columns that came with format 2, in a batch of format 1', 'none', 'some');
    }
  }

  #compareCheckpoints(batch: BatchRow): void {
    for (
      let next = this.#checkpoints[this.#nextCheckpoint];
      next !== undefined && next.batchNo <= batch.batchNo;
      next = this.#checkpoints[++this.#nextCheckpoint]
    ) {
      const says = `seq ${next.lastSeq} in batch ${next.batchNo} with hash ${next.hash}`;
      if (next.batchNo !== batch.batchNo)
        this.#findings.add('I11', this.name(batch), `what the checkpoint of ${next.at} says`, says, 'no such batch');
      else if (next.hash !== batch.hash || next.lastSeq !== batch.lastSeq)
        this.#findings.add(
          'I11',
          this.name(batch),
          `what the checkpoint of ${next.at} says`,
          says,
          `seq ${batch.lastSeq} with hash ${batch.hash}`,
        );
    }
  }
}

/** What the chain hashes of an entry. Nothing is left out for being wrong: a wrong row must hash to something else. */
function recordedEntry(book: number, row: LogRow): RecordedEntry {
  return {
    book,
    seq: row.seq,
    recordedAt: new Date(Math.trunc(row.recordedAtUs / 1000)),
    operation: row.operation,
    kind: row.kind as EntryKind,
    debit: side(row.debitAccount, row.debitAfter, row.debitHeld, row.debitVersion),
    credit: side(row.creditAccount, row.creditAfter, row.creditHeld, row.creditVersion),
    asset: null,
    amount: row.amount,
    askedAmount: row.askedAmount,
    debitFloor: row.debitFloor,
    scope: row.scope,
    key: row.key,
    digest: row.digest,
    metadata: row.metadata,
    refusal: row.refusal === null ? null : { code: row.refusal as 'wallet_exists', facts: {} },
    details: row.details,
    effectiveAt: moment(row.effectiveAtUs),
    hold: row.hold,
    holdLeft: row.holdLeft,
    expiresAt: moment(row.expiresAtUs),
    reverses: row.reverses,
    reversed: row.reversed,
    controls: row.controls,
    spentDay: row.spentDay,
    spentMonth: row.spentMonth,
  };
}

/** Batches of before format 2 are still there, and still hashed as they were. */
function formatOf({ format }: BatchRow): ChainFormat {
  return format === 1 ? 1 : chainFormat;
}

/** A moment of less than whole milliseconds was never written by Coffer: rounded, it hashes to something else. */
function moment(microseconds: number | null): Date | null {
  return microseconds === null ? null : new Date(Math.round(microseconds / 1000) + (microseconds % 1000 === 0 ? 0 : 1));
}

function side(number: number | null, balance: bigint | null, held: bigint | null, version: number | null): PostedSide | null {
  if (number === null) return null;
  return { number, id: '', kind: 'wallet', balance: balance ?? -1n, held: held ?? 0n, floor: null, version: version ?? -1 };
}

function openedAccount(row: LogRow): Account {
  const { id = '', kind = '', asset = 0, owner = null, floor = null } = row.account ?? {};
  const opened = { balance: 0n, held: 0n, controls: openControls, spent: null, version: 0 };
  return { number: row.creditAccount ?? 0, id, kind: kind as AccountKind, asset, owner, floor, ...opened };
}
