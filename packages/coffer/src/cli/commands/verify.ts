import { Command } from 'commander';
import { verifyLedger } from '../../compose/commands.ts';
import type { Progress, VerifyReport } from '../../ledger/index.ts';
import { answer, runCommand } from '../run.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .summary('verify the integrity of the ledger')
    .description(
      'Re-derives every balance, version, key, event and hash of the ledger from its first entry, and reports the first row that does not match. Works while Coffer is running. Exit code 1 if something does not match.',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer verify                              the embedded database
  coffer verify --json                       every rule with its count and first violation
  DATABASE_URL=postgres://… coffer verify    your own database`,
    )
    .action(async (options: { json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const report = await verifyLedger(context, process.stderr.isTTY ? { onProgress: showProgress } : {});
        answer(options, sentences(report), report);
        if (!report.ok) process.exitCode = 1;
      });
    });
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
          `   ${several(violations, 'violation', 'violations')}, the first at ${first.at}: ${first.what}: expected ${first.expected}, found ${first.found}.`,
        );
    }
    lines.push('Do not change this database: stop writing to it, and compare it with a backup. docs/concepts/chain.md explains each rule.');
  }
  for (const { book, after, lostUntil, actor, reason } of report.acceptedLosses) {
    lines.push(
      `Book ${book}: the loss of the log after seq ${count(after)}, at least until ${count(lostUntil)}, was accepted by ${actor}: ${reason}`,
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
