/** Reads each book once from genesis to its end, and checks it for consistency with itself, its events and its checkpoints. */
import type pg from 'pg';
import { chainFormat } from '../columns.ts';
import type { Checkpoint } from '../chain/checkpoints.ts';
import { ledgerIdOf } from '../chain/identity.ts';
import type { Accounts } from './accounts.ts';
import { BatchChecker } from './batches.ts';
import { Declarations } from './declarations.ts';
import { controlsRead, inOrder } from './controls.ts';
import { EntryChecker } from './entries.ts';
import { expectedEvents } from './events.ts';
import { Findings } from './report.ts';
import type { AcceptedLoss, BookSummary, VerifyReport } from './report.ts';
import { NewestEntries } from './newest.ts';
import { LogReader, withSnapshot } from './reader.ts';
import type { NewestSeq, Snapshot } from './reader.ts';
import { Sagas } from './sagas.ts';
import { checkSpentRead } from './spending.ts';
import type { BatchRow, BookRow, EventRow, LogRow } from './rows.ts';

export type Progress = { readonly book: number; readonly entries: number; readonly ofEntries: number };

export type VerifyOptions = {
  /** Stored outside the database (see checkpoints.ts), these reveal a cut-off end of the log. Read them before the database. */
  readonly checkpoints?: readonly Checkpoint[];
  /** Checkpoints without a valid signature, where one is required. `at`: where it was read, for people. */
  readonly unsigned?: readonly { readonly at: string; readonly found: string }[];
  /** Called every few thousand entries. */
  readonly onProgress?: (progress: Progress) => void;
};

/**
 * Verifies all books of a ledger. Reads a single snapshot, so a running server and the verifier do not affect each other. Inconsistencies
 * are in the report; throws only when the database cannot be read.
 */
export async function verify(pool: pg.Pool, options: VerifyOptions = {}): Promise<VerifyReport> {
  const startedAtMs = performance.now();
  const findings = new Findings();
  const books: BookSummary[] = [];
  const sagas = new Sagas(findings);
  const losses: AcceptedLoss[] = [];
  let ledgerId = '';
  for (const { at, found } of options.unsigned ?? []) findings.add('I11', at, 'its signature', 'one by the given key', found);
  await withSnapshot(pool, async (snapshot) => {
    ledgerId = await ledgerIdOf(snapshot.log);
    const { rows } = await snapshot.log.query<BookRow>(
      'select book, (extract(epoch from created_at) * 1000000)::bigint as "openedUs" from ledger.book order by book',
    );
    const checkpoints = ownCheckpoints(options.checkpoints ?? [], ledgerId, rows, findings);
    for (const book of rows) {
      const own = checkpoints.filter((checkpoint) => checkpoint.book === book.book);
      const verified = await verifyBook(snapshot, { ledgerId, book, findings, sagas, checkpoints: own, onProgress: options.onProgress });
      books.push(verified.summary);
      losses.push(...verified.losses);
    }
    sagas.end();
  });
  const invariants = findings.reports();
  return {
    ok: invariants.every(({ ok }) => ok),
    invariants,
    books,
    ledgerId,
    acceptedLosses: losses,
    durationMs: performance.now() - startedAtMs,
  };
}

/** Those that name this ledger, or are older than its identity. The others prove that another ledger was here. */
function ownCheckpoints(
  all: readonly Checkpoint[],
  ledgerId: string,
  books: readonly BookRow[],
  findings: Findings,
): readonly Checkpoint[] {
  return all.filter((checkpoint) => {
    const isOwn = checkpoint.ledger === null || checkpoint.ledger === ledgerId;
    const fits = isOwn && books.some(({ book }) => book === checkpoint.book);
    const { at, book, lastSeq, ledger } = checkpoint;
    if (!fits)
      findings.add(
        'I11',
        at === null ? 'an expected batch' : `the checkpoint of ${at}`,
        'its book',
        `a book of ledger ${ledgerId}`,
        `seq ${lastSeq} of book ${book}${isOwn ? '' : ` of ledger ${ledger}`}`,
      );
    return fits;
  });
}

type BookWork = {
  readonly ledgerId: string;
  readonly book: BookRow;
  readonly findings: Findings;
  readonly sagas: Sagas;
  readonly checkpoints: readonly Checkpoint[];
  readonly onProgress: VerifyOptions['onProgress'];
};

async function verifyBook(snapshot: Snapshot, work: BookWork): Promise<{ summary: BookSummary; losses: readonly AcceptedLoss[] }> {
  const { findings, sagas, checkpoints, onProgress } = work;
  const { book } = work.book;
  const reader = new LogReader(snapshot, book);
  const declarations = new Declarations(book, findings, await reader.declarations());
  const batches = new BatchChecker(work.ledgerId, work.book, declarations, findings, checkpoints);
  const newest = new NewestEntries(book, findings, await reader.newestTail());
  const checker = new EntryChecker(book, findings, sagas, newest.movedUntil);
  const epochStarts = new Set(declarations.gaps.map(({ until }) => until + 1));
  const queue = reader.batches();
  const ofEntries = await reader.lastSeq();

  let batch = await nextBatch(queue);
  let inBatch: LogRow[] = [];
  let entries = 0;
  let events = 0;
  let expectedSeq = 1;
  for await (const chunk of reader.entries()) {
    const expected: EventRow[] = [];
    for (const row of chunk.entries) {
      const at = `${book}-${row.seq}`;
      if (!epochStarts.has(row.seq)) findings.expect('I11', at, 'the next seq', expectedSeq, row.seq);
      expectedSeq = row.seq + 1;
      while (batch !== null && row.seq > batch.lastSeq) {
        checker.endOfBatch(batches.name(batch));
        batches.check(batch, inBatch);
        newest.endOfBatch(batch, inBatch);
        inBatch = [];
        batch = await nextBatch(queue);
      }
      if (batch === null) findings.add('I11', at, 'the batch of the entry', 'one that ends at its seq or later', null);
      else if (batch.recordedAtUs !== row.recordedAtUs)
        findings.add('I11', at, 'when it was recorded (microseconds), as its batch', batch.recordedAtUs, row.recordedAtUs);
      checker.check(row, batch?.format ?? chainFormat);
      inBatch.push(row);
      for (const { part, type, wallet } of expectedEvents(row, (number) => checker.accounts.get(number))) {
        expected.push({ seq: row.seq, part, type, wallet, operation: row.operation });
      }
    }
    events += compareEvents(book, findings, expected, await chunk.events());
    entries += chunk.entries.length;
    onProgress?.({ book, entries, ofEntries });
  }
  for (; batch !== null; batch = await nextBatch(queue)) {
    checker.endOfBatch(batches.name(batch));
    batches.check(batch, inBatch);
    newest.endOfBatch(batch, inBatch);
    inBatch = [];
  }
  batches.end();
  newest.end();
  declarations.end(await reader.assets(), checker.accounts.assets, batches.namesLedger);
  declarations.accounts.end(await reader.chart());
  await newest.check(reader.newest(), checker.accounts);
  await checkAccounts(reader, work, checker, newest.movedUntil);
  await checkKeys(reader, book, findings);
  const summary = {
    book,
    batches: batches.count,
    entries,
    accounts: checker.accounts.count,
    events,
    lastSeq: batches.last?.lastSeq ?? 0,
    hash: batches.last?.hash ?? '',
    checkpoints: checkpoints.length,
  };
  return { summary, losses: declarations.losses };
}

async function nextBatch(queue: AsyncGenerator<BatchRow>): Promise<BatchRow | null> {
  const next = await queue.next();
  return next.done === true ? null : next.value;
}

/** Both lists are in order. Only the first difference is a finding; the rest of the chunk would repeat it. */
function compareEvents(book: number, findings: Findings, expected: readonly EventRow[], found: readonly EventRow[]): number {
  for (let at = 0; at < Math.max(expected.length, found.length); at++) {
    const one = expected[at];
    const other = found[at];
    if (one && other && isSameEvent(one, other)) continue;
    const first = other && (!one || other.seq < one.seq) ? other : one;
    findings.add('I8', `${book}-${first?.seq}-${first?.part}`, 'the event', describeEvent(one), describeEvent(other));
    break;
  }
  return found.length;
}

function isSameEvent(one: EventRow, other: EventRow): boolean {
  return (
    one.seq === other.seq &&
    one.part === other.part &&
    one.type === other.type &&
    one.wallet === other.wallet &&
    one.operation === other.operation
  );
}

function describeEvent(event: EventRow | undefined): string | null {
  return event ? `${event.type} of ${event.wallet} as part ${event.part} of entry ${event.seq} (operation ${event.operation})` : null;
}

/** Reads must return what the log adds up to, and each account must have an opening in the log. */
async function checkAccounts(reader: LogReader, work: BookWork, { accounts }: EntryChecker, movedUntil: number): Promise<void> {
  const { findings, sagas } = work;
  const { book } = work.book;
  const totals = new Map<number, bigint>();
  for await (const read of reader.balances(newestSeqs(accounts, movedUntil), await reader.lastSeq())) {
    const { number, balance, version } = read;
    const account = accounts.get(number);
    const at = `account ${number} of book ${book}${account ? ` (${account.id})` : ''}`;
    if (!account) continue;
    findings.expect('I2', at, 'its balance: the sum of its postings', account.sum, balance);
    findings.expect('I3', at, 'its version: the number of its postings', account.version, version);
    findings.expect('I2', at, 'what it holds: what is left of its open holds', account.held, read.held);
    findings.expect('I6', at, 'its floor: the newest that was set', account.floor, read.floor);
    findings.expect('I6', at, 'its controls: the newest that were set', controlsRead(account), inOrder(read.controls));
    checkSpentRead(findings, at, account, read);
    if (account.kind === 'in_transit') sagas.addBalance(account.asset, balance);
    totals.set(account.asset, (totals.get(account.asset) ?? 0n) + balance);
  }
  for (const [asset, total] of totals) findings.expect('I1', `asset ${asset} in book ${book}`, 'the sum of all balances', 0n, total);
  for (const { number, id } of await reader.accountsWithoutOpening())
    findings.add('I11', `account ${number} of book ${book} (${id})`, 'the entry that opened it', 'an opening in the log', null);
}

function* newestSeqs(accounts: Accounts, movedUntil: number): Generator<NewestSeq> {
  for (const [number, { seq }] of accounts.all()) yield { number, seq: seq > movedUntil ? seq : null };
}

async function checkKeys(reader: LogReader, book: number, findings: Findings): Promise<void> {
  for (const { scope, key, count, second } of await reader.keysUsedTwice())
    findings.add('I5', `${book}-${second}`, `the entries of key ${key} of account ${scope}`, 1, count);
}
