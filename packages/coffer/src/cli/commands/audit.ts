import { Command } from 'commander';
import type { AuditHead } from '../../audit/index.ts';
import { verifyAuditTrail } from '../../compose/commands.ts';
import type { AuditVerification } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runCommand } from '../run.ts';
import { shippedFilesOf } from '../shipped-files.ts';
import { inLine } from '../terminal.ts';

export function auditCommand(): Command {
  return new Command('audit').summary('verify the audit').description('The audit of requests and changes.').addCommand(verifyCommand());
}

function verifyCommand(): Command {
  return new Command('verify')
    .summary('verify the chains of the audit')
    .description(
      'Re-derives each hash of the audit from the one before it, and reports the first row, or rows that were written together, that were changed, removed or inserted. Works while Coffer is running. Exit code 1 if something does not match.',
    )
    .option('--expect <chain:id:hash...>', 'rows that must be in the audit, as an earlier run or a checkpoint printed them')
    .option('--checkpoints <file...>', 'files of checkpoints that coffer checkpoint printed or Coffer shipped')
    .option('--public-key <file>', 'key that must have signed each line of those files')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer audit verify
  coffer audit verify --expect request:48211:9f2c…       also fails if that row is not in the audit
  coffer audit verify --checkpoints shipped.jsonl --public-key checkpoint.pem.pub`,
    )
    .action(async (options: Options) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const { expect = [], ...files } = options;
        const report = await verifyAuditTrail(context, { expected: expect.map(expectation), files: shippedFilesOf(files) });
        answer(options, sentences(report), report);
        if (!report.ok) process.exitCode = 1;
      });
    });
}

type Options = { json?: boolean; expect?: string[]; checkpoints?: string[]; publicKey?: string };

function expectation(text: string): AuditHead {
  const [, chain, id, hash] = /^(request|change):(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (id === undefined || hash === undefined)
    throw new OperatorError(`"${text}" is not chain:id:hash.`, 'Take the three from the output of coffer audit verify.');
  return { ledger: null, audit: chain === 'change' ? 'change' : 'request', id: Number(id), hash, at: null };
}

const names = { request: 'requests', change: 'changes' } as const;

function sentences({ ok, chains, violations, rejected }: AuditVerification): string {
  const lines = [ok ? 'The audit is intact.' : 'The audit is NOT intact.'];
  for (const { chain, rows, erased, unchained, lastId, hash } of chains) {
    const further = [
      ...(erased > 0 ? [`${erased} of them with erased personal text`] : []),
      ...(unchained > 0 ? [`and ${unchained} from before the chain, which nothing protects`] : []),
    ];
    lines.push(`Chain of ${names[chain]}: ${[`${rows} rows verified`, ...further].join(', ')}; the last is ${chain}:${lastId}:${hash}.`);
  }
  for (const { chain, id, what, expected, found } of violations) {
    const where = id === null ? 'at the end' : `at row ${id}`;
    lines.push(`Chain of ${names[chain]}, ${where}: ${what}: expected ${expected}, found ${inLine(found)}.`);
  }
  for (const { at, found } of rejected) lines.push(`${at}: the signature: expected one of the given key, found ${found}.`);
  if (!ok) lines.push('Rows after the first violation of a chain were not verified. Compare this database with a backup.');
  return lines.join('\n');
}
