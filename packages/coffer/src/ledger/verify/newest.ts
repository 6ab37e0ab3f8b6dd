/**
 * Checks what reads find an account's newest entry by against the log: `ledger.newest`, which is moved along the log in the background, and
 * the accounts of each batch after it.
 */
import type { AccountState } from './account-state.ts';
import type { Accounts } from './accounts.ts';
import type { Findings } from './report.ts';
import type { BatchRow, LogRow, NewestPage, TailRow } from './rows.ts';

/** As in the table's definition. */
const accountsPerPage = 128;

export class NewestEntries {
  readonly #book: number;
  readonly #findings: Findings;
  /** Until which seq `ledger.newest` has been moved. */
  readonly movedUntil: number;
  readonly #tail: Map<number, TailRow>;

  constructor(book: number, findings: Findings, { movedUntil, tail }: { readonly movedUntil: number; readonly tail: readonly TailRow[] }) {
    this.#book = book;
    this.#findings = findings;
    this.movedUntil = movedUntil;
    this.#tail = new Map(tail.map((row) => [row.lastSeq, row]));
  }

  /** The batch and its entries, in order. */
  endOfBatch({ batchNo, firstSeq, lastSeq, format }: BatchRow, entries: readonly LogRow[]): void {
    if (lastSeq <= this.movedUntil) return;
    const named = new Set(entries.flatMap(({ debitAccount, creditAccount }) => [debitAccount, creditAccount]));
    const expected = [...named].filter((account) => account !== null).toSorted((one, other) => one - other);
    const row = this.#tail.get(lastSeq);
    this.#tail.delete(lastSeq);
    // An earlier version that was posting during the upgrade committed a last batch without a row; the indexes have all of its entries.
    if ((expected.length === 0 || format < 4) && row === undefined) return;
    const at = `batch ${batchNo} of book ${this.#book}`;
    this.#findings.expect('I3', at, 'the first seq of the batch in ledger.newest_tail', firstSeq, row?.firstSeq);
    const different = expected.findIndex((account, index) => account !== row?.accounts[index]);
    const index = different === -1 ? expected.length : different;
    this.#findings.expect('I3', at, `account ${index + 1} of the batch in ledger.newest_tail`, expected[index], row?.accounts[index]);
  }

  /** After the last batch. */
  end(): void {
    for (const { lastSeq } of this.#tail.values())
      this.#findings.add(
        'I3',
        `seq ${lastSeq} of book ${this.#book}`,
        'the batch of a row of ledger.newest_tail',
        'a batch that ends there',
        null,
      );
  }

  async check(pages: AsyncIterable<NewestPage>, accounts: Accounts): Promise<void> {
    const found = new Set<number>();
    for await (const { page, seqs } of pages) {
      for (const [place, seq] of seqs.entries()) {
        const number = page * accountsPerPage + place + 1;
        found.add(number);
        this.#check(number, accounts.get(number), seq);
      }
    }
    for (const [number, account] of accounts.all()) if (!found.has(number)) this.#check(number, account, 0);
  }

  #check(number: number, account: AccountState | undefined, found: number): void {
    if (found === 0 && account?.moved.isKept !== true) return;
    const what = `its newest entry up to seq ${this.movedUntil} in ledger.newest`;
    this.#findings.expect('I3', `account ${number} of book ${this.#book}`, what, account?.moved.seq ?? 0, found);
  }
}
