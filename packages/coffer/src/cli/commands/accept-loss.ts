import { Command } from 'commander';
import { acceptLosses, lossesOf } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import type { Loss } from '../../ledger/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runCommand } from '../run.ts';

export function acceptLossCommand(): Command {
  return new Command('accept-loss')
    .summary('go on after the end of the log was lost')
    .description(
      'After a restore, or a failover to a standby that was behind, the log lacks operations that were answered, and Coffer posts nothing. If you cannot bring them back, this command records the loss in the log, and Coffer goes on in a new epoch: no id of a lost operation is given again. Works while Coffer is running.',
    )
    .requiredOption('--reason <text>', 'why the lost operations cannot be brought back; stays in the log')
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer accept-loss --reason "disk failed; standby was 4 s behind"
  coffer accept-loss --reason "restored from the backup of 02:00" --yes --json`,
    )
    .action(async (options: { json?: boolean; yes?: boolean; reason: string }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const lost = await lossesOf(context);
        if (lost.length > 0 && !(await isAgreed(options, lost))) {
          answer(options, 'Nothing was accepted.', { accepted: [] });
          return;
        }
        if (lost.length > 0) await acceptLosses(context, lost, { reason: options.reason, actor: 'cli' });
        const lines = lost.map((loss) => `Accepted: ${sentence(loss)}`);
        if (lost.length === 0) lines.push('Nothing was lost: the log contains every checkpoint of COFFER_HOME.');
        answer(options, lines.join('\n'), { accepted: lost });
      });
    });
}

async function isAgreed(options: { yes?: boolean }, lost: readonly Loss[]): Promise<boolean> {
  if (options.yes) return true;
  if (process.stdin.isTTY && process.stdout.isTTY) return await confirm(`${lost.map(sentence).join('\n')}\nAccept the loss?`);
  throw new OperatorError('There is no terminal to confirm the loss.', 'Run the command again with --yes.');
}

function sentence({ book, after, lostUntil }: Loss): string {
  return `book ${book} ends at seq ${after.toLocaleString('en-US')}; operations until at least seq ${lostUntil.toLocaleString('en-US')} were answered and are lost.`;
}
