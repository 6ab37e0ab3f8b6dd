import { Command } from 'commander';
import { verifyLedger } from '../../compose/commands.ts';
import type { Proofs } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import type { Checkpoint, Progress, VerifyReport } from '../../ledger/index.ts';
import { answer, runCommand } from '../run.ts';
import { shippedFilesOf } from '../shipped-files.ts';
import { inLine } from '../terminal.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .summary('verify the integrity of the ledger')
    .description(
      'Re-derives every balance, version, key, event and hash of the ledger from its first entry, and reports the first row that does not match. Works while Coffer is running. Exit code 1 if something does not match.',
    )
    .option('--expect <book:seq:hash...>', 'batches that must be in the log, as an earlier run or a checkpoint printed them')
    .option('--checkpoints <file...>', 'files of checkpoints that coffer checkpoint printed or Coffer shipped')
    .option('--public-key <file>', 'key that must have signed each line of those files')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer verify                              the embedded database
  coffer verify --json                       every rule with its count and first violation
  coffer verify --expect 1:48211:9f2c…       also fails if that end of book 1 is not in the log
  coffer verify --checkpoints shipped.jsonl --public-key checkpoint.pem.pub
  DATABASE_URL=postgres://… coffer verify    your own database`,
    )
    .action(async (options: Options) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const proofs = proofsOf(options);
        const report = await verifyLedger(context, { ...proofs, ...(process.stderr.isTTY && { onProgress: showProgress }) });
        answer(options, sentences(report), report);
        if (!report.ok) process.exitCode = 1;
      });
    });
}

type Options = { json?: boolean; expect?: string[]; checkpoints?: string[]; publicKey?: string };

function proofsOf({ expect = [], ...files }: Options): Proofs {
  return { expected: expect.map(expectation), files: shippedFilesOf(files) };
}

/** `book:seq:hash` of a batch, as the report prints its end. */
function expectation(text: string): Checkpoint {
  const [, book, lastSeq, hash] = /^(\d{1,9}):(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (book === undefined || lastSeq === undefined || hash === undefined)
    throw new OperatorError(
      `"${text}" is not book:seq:hash.`,
      'Take the three from the output of coffer verify: book 1 ends at seq … with hash ….',
    );
  return { ledger: null, book: Number(book), batchNo: 0, lastSeq: Number(lastSeq), hash, at: null };
}

function showProgress({ book, entries, ofEntries }: Progress): void {
  const percent = ofEntries === 0 ? 100 : Math.min(100, Math.floor((entries / ofEntries) * 100));
  process.stderr.write(
    `\rVerifying book ${book}: ${count(entries)} of ${count(ofEntries)} entries (${percent} %)${entries >= ofEntries ? '\n' : ''}`,
  );
}

const counted = { entries: 'entry', batches: 'batch', accounts: 'account', events: 'event', checkpoints: 'checkpoint' } as const;

function totalOf(report: VerifyReport, what: keyof typeof counted): number {
  return report.books.reduce((total, book) => total + book[what], 0);
}

function sentences(report: VerifyReport): string {
  const size = Object.entries(counted)
    .map(([many, one]) => several(totalOf(report, many as keyof typeof counted), one, many))
    .join(', ');
  const lines: string[] = [];
  if (report.ok) {
    lines.push(
      `The ledger is intact: every balance, version, key, event and hash matches the log (${size}; ${(report.durationMs / 1000).toFixed(1)} s).`,
    );
    for (const { book, lastSeq, hash } of report.books) lines.push(`Book ${book} ends at seq ${lastSeq} with hash ${hash}.`);
  } else {
    lines.push(`The ledger is NOT consistent (read: ${size}).`);
    for (const { id, rule, violations, first } of report.invariants) {
      if (first)
        lines.push(
          `${id} ${rule}`,
          `   ${several(violations, 'violation', 'violations')}, the first at ${inLine(`${first.at}: ${first.what}: expected ${first.expected}, found ${first.found}`)}.`,
        );
    }
    lines.push('Do not change this database: stop writing to it, and compare it with a backup. docs/concepts/chain.md explains each rule.');
  }
  for (const { book, after, lostUntil, actor, reason } of report.acceptedLosses) {
    lines.push(
      `Book ${book}: the loss of the log after seq ${count(after)}, at least until ${count(lostUntil)}, was accepted by ${actor}: ${inLine(reason)}`,
    );
  }
  return lines.join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function several(number: number, one: string, many: string): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
