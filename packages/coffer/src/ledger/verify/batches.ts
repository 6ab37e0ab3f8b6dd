/** Checks that batches follow one another without a gap, and that each one's hash is that of its entries. */
import { chainHash, encodeEntries, encodeRows } from '../chain/chain.ts';
import type { Opening } from '../chain/chain.ts';
import type { Checkpoint } from '../chain/checkpoints.ts';
import { declaredLedger, earlierGenesisHash, firstSeqOf, genesisHash } from '../chain/declarations.ts';
import type { Declaration } from '../chain/declarations.ts';
import { isLost } from '../chain/epochs.ts';
import { chainFormat, formatOf } from '../columns.ts';
import type { ChainFormat } from '../columns.ts';
import { openControls } from '../rules/accounts.ts';
import type { Account, AccountKind } from '../rules/types.ts';
import type { Declarations } from './declarations.ts';
import type { Findings } from './report.ts';
import { hasFurtherColumns, valueIn } from './rows.ts';
import type { BatchRow, BookRow, LogRow } from './rows.ts';

export class BatchChecker {
  readonly #ledgerId: string;
  readonly #book: number;
  readonly #openedUs: number;
  readonly #findings: Findings;
  readonly #declarations: Declarations;
  /** This ledger's checkpoints, in the order of the log. Every batch ends at a seq of its own. */
  readonly #checkpoints: readonly Checkpoint[];
  #nextCheckpoint = 0;
  #last: BatchRow | null = null;
  #count = 0;
  #namesLedger = false;

  constructor(
    ledgerId: string,
    { book, openedUs }: BookRow,
    declarations: Declarations,
    findings: Findings,
    checkpoints: readonly Checkpoint[],
  ) {
    this.#ledgerId = ledgerId;
    this.#book = book;
    this.#openedUs = openedUs;
    this.#declarations = declarations;
    this.#findings = findings;
    this.#checkpoints = checkpoints.toSorted((one, other) => one.lastSeq - other.lastSeq);
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

  /** A batch and the entries in its range of the log. */
  check(batch: BatchRow, entries: readonly LogRow[]): void {
    const at = this.name(batch);
    const last = this.#last;
    this.#findings.expect('I11', at, 'the next batch number', this.#count, batch.batchNo);
    this.#findings.expect('I11', at, 'its first seq', this.firstSeqOf(batch.batchNo), batch.firstSeq);
    this.#findings.expect('I11', at, 'the number of its entries', batch.lastSeq - batch.firstSeq + 1, entries.length);
    const format = formatOf(batch.format);
    if (format !== undefined && format < chainFormat) this.#checkFurther(format, entries);
    if (format === undefined) this.#findings.add('I11', at, 'its format', chainFormat, batch.format);
    if (last !== null && batch.recordedAtUs < last.recordedAtUs)
      this.#findings.add('I11', at, 'when it was recorded (microseconds)', `not before ${last.recordedAtUs}`, batch.recordedAtUs);
    if (last !== null && batch.recordedAtUs % 1000 !== 0)
      this.#findings.add('I11', at, 'when it was recorded (microseconds)', 'a whole millisecond', batch.recordedAtUs);
    this.#findings.expect(
      'I11',
      at,
      'its hash',
      last === null ? this.#genesisHash(batch) : this.#hash(Buffer.from(last.hash, 'hex'), batch, entries),
      batch.hash,
    );
    this.#compareCheckpoints(batch);
    this.#last = batch;
    this.#count++;
  }

  /** The seq that follows the last batch, or begins the epoch that this batch begins. */
  firstSeqOf(batchNo: number): number {
    const after = this.#last?.lastSeq ?? 0;
    const epoch = this.#declarations.epochOf(batchNo);
    if (!epoch) return after + 1;
    this.#findings.expect(
      'I11',
      `the epoch that batch ${batchNo} of book ${this.#book} begins`,
      'the seq that it follows',
      after,
      epoch.after,
    );
    return firstSeqOf({ after, lostUntil: epoch.lostUntil });
  }

  /** Whether the chain names the ledger and when the book was opened. */
  get namesLedger(): boolean {
    return this.#namesLedger;
  }

  /** After the last batch: checkpoints of later batches prove that the log was longer. */
  end(): void {
    const gaps = this.#declarations.gaps;
    const ahead = this.#checkpoints.slice(this.#nextCheckpoint).find(({ lastSeq }) => !isLost(lastSeq, gaps));
    if (this.#last === null) this.#findings.add('I11', `book ${this.#book}`, 'the genesis batch', 'batch 0', null);
    if (ahead === undefined) return;
    this.#findings.add(
      'I11',
      `the end of book ${this.#book}`,
      `the log extends at least to ${nameOf(ahead)}`,
      `seq ${ahead.lastSeq}`,
      `the log ends at seq ${this.#last?.lastSeq ?? 0}`,
    );
  }

  #genesisHash({ format }: BatchRow): string {
    if (format < 3) return earlierGenesisHash(this.#book);
    this.#namesLedger = true;
    return genesisHash(this.#ledgerId, this.#book, this.#openedUs);
  }

  #hash(previous: Buffer, batch: BatchRow, rows: readonly LogRow[]): string {
    const openings: Opening[] = [];
    for (const row of rows) if (row.account !== null) openings.push({ account: openedAccount(row), seq: row.account.openedSeq });
    // Values that no batch can have (a negative number, a moment before 1970) have no encoding; the adjacent checks report them.
    const header = {
      book: this.#book,
      batchNo: Math.max(0, batch.batchNo),
      firstSeq: Math.max(0, batch.firstSeq),
      recordedAt: new Date(Math.max(0, Math.trunc(batch.recordedAtUs / 1000))),
    };
    // Batches of an older format keep their hash. An unknown format is reported, and hashes to something else.
    const format = formatOf(batch.format) ?? chainFormat;
    const declarations = this.#declarations.take(batch.batchNo, this.name(batch));
    this.#checkLedger(declarations, format, this.name(batch));
    for (const { account } of openings) this.#declarations.checkOpening(account, this.name(batch));
    // Wrong rows are included: a wrong row must hash to something else.
    const columns = encodeRows(declarations, openings, encodeEntries(rows, valueIn, format), format);
    return chainHash(previous, header, columns, format).toString('hex');
  }

  #checkLedger(declarations: readonly Declaration[], format: ChainFormat, at: string): void {
    if (declarations.length > 0 && format < 3) this.#findings.add('I11', at, 'its declarations', 'none in its format', 'some');
    for (const { kind, body } of declarations) {
      if (kind !== 'ledger') continue;
      this.#namesLedger = true;
      this.#findings.expect('I11', at, 'the ledger that it names', declaredLedger(this.#ledgerId, this.#openedUs).body, body);
    }
    if (format >= 3 && !this.#namesLedger) {
      this.#namesLedger = true;
      this.#findings.add('I11', at, 'the ledger that it names', this.#ledgerId, null);
    }
  }

  /** An older format has fewer columns, and its hash does not cover the others: they must be empty. */
  #checkFurther(format: ChainFormat, entries: readonly LogRow[]): void {
    for (const row of entries) {
      if (hasFurtherColumns(row, format))
        this.#findings.add('I11', `${this.#book}-${row.seq}`, `columns of a later format in a batch of format ${format}`, 'none', 'some');
    }
  }

  #compareCheckpoints(batch: BatchRow): void {
    for (
      let next = this.#checkpoints[this.#nextCheckpoint];
      next !== undefined && next.lastSeq <= batch.lastSeq;
      next = this.#checkpoints[++this.#nextCheckpoint]
    ) {
      if (isLost(next.lastSeq, this.#declarations.gaps)) continue;
      if (next.hash === batch.hash && next.lastSeq === batch.lastSeq) continue;
      const says = `a batch that ends at seq ${next.lastSeq} with hash ${next.hash}`;
      const found = next.lastSeq === batch.lastSeq ? `hash ${batch.hash}` : 'no such batch';
      this.#findings.add('I11', this.name(batch), `what ${nameOf(next)} says`, says, found);
    }
  }
}

function openedAccount(row: LogRow): Account {
  const { id = '', kind = '', asset = 0, owner = null, floor = null } = row.account ?? {};
  const opened = { balance: 0n, held: 0n, controls: openControls, spent: null, version: 0, previous: null };
  return { number: row.creditAccount ?? 0, seq: row.seq, id, kind: kind as AccountKind, asset, owner, floor, ...opened };
}

function nameOf({ at }: Checkpoint): string {
  return at === null ? 'the expected batch' : `the checkpoint of ${at}`;
}
