import { Command } from 'commander';
import { openDatabase } from '../../database/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import type { Config } from '../../compose/config.ts';
import type { Log } from '../../kernel/index.ts';
import { readCheckpoints, verify } from '../../ledger/index.ts';
import type { Progress, VerifyReport } from '../../ledger/index.ts';
import { answer, runCommand } from '../run.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .summary('check the whole ledger against itself')
    .description(
      'Re-derives every balance, version, key, event and hash of the ledger from its first entry on, and names the first row that does not fit. Works beside a running Coffer. Exit code 1 when something does not fit.',
    )
    .option('--json', 'answer as JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer verify                              the embedded database
  coffer verify --json                       every rule with its count and first violation
  DATABASE_URL=postgres://… coffer verify    a database of your own`,
    )
    .action(async (options: { json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async ({ config, log }) => {
        const report = await verifyLedger(config, log);
        answer(options, sentences(report), report);
        if (!report.ok) process.exitCode = 1;
      });
    });
}

async function verifyLedger(config: Config, log: Log): Promise<VerifyReport> {
  const database = await openDatabase(config, log, { whenRunning: 'join', whenAbsent: 'refuse', as: 'reader' });
  try {
    const { rows } = await database.pool.query<{ found: boolean }>("select to_regclass('ledger.entry') is not null as found");
    if (!rows[0]?.found)
      throw new OperatorError(`There is no ledger in ${database.location}.`, 'Start Coffer once, or run: coffer migrate.');
    const checkpoints = await readCheckpoints(config.home);
    return await verify(database.pool, {
      checkpoints,
      ...(process.stderr.isTTY && { onProgress: showProgress }),
    });
  } finally {
    await database.stop();
  }
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
      `The ledger is whole: every balance, version, key, event and hash follows from the log (${size}; ${(report.durationMs / 1000).toFixed(1)} s).`,
    );
    for (const { book, lastSeq, hash } of report.books) lines.push(`Book ${book} ends at seq ${lastSeq} with hash ${hash}.`);
  } else {
    lines.push(`The ledger does NOT fit together (read: ${size}).`);
    for (const { id, rule, violations, first } of report.invariants) {
      if (first)
        lines.push(
          `${id} ${rule}`,
          `   ${several(violations, 'violation', 'violations')}, the first at ${first.at}: ${first.what}: expected ${first.expected}, found ${first.found}.`,
        );
    }
    lines.push(
      'Keep this database as it is, stop writing to it, and compare it with a backup. docs/concepts/chain.md says what each rule means.',
    );
  }
  if (report.foreignCheckpoints > 0) {
    lines.push(
      `Not compared: ${several(report.foreignCheckpoints, 'checkpoint', 'checkpoints')} in the home, of another ledger (another database, or this one before it was replaced).`,
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
