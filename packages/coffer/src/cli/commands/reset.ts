import { Command } from 'commander';
import { removeData } from '../../compose/commands.ts';
import type { Config } from '../../compose/config.ts';
import { hidePasswords, OperatorError } from '../../kernel/index.ts';
import { confirm } from '../confirm.ts';
import { answer, runCommand } from '../run.ts';

export function resetCommand(): Command {
  return new Command('reset')
    .summary('delete all data')
    .description(
      'Deletes all users, wallets and transfers permanently. Refuses while Coffer is running on the data. Without a terminal, as in a script, the embedded database is deleted without confirmation, and a database of DATABASE_URL only with --yes.',
    )
    .option('-y, --yes', 'skip the confirmation')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer reset                asks for confirmation, then deletes the embedded database
  coffer reset --yes          skips the confirmation
  DATABASE_URL=postgres://… coffer reset --yes`,
    )
    .action(async (options: { json?: boolean; yes?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const { config } = context;
        const target = config.databaseUrl === undefined ? config.home : hidePasswords(config.databaseUrl);
        if (!(await isAgreed(config, options, target))) {
          answer(options, 'Nothing was deleted.', { removed: [] });
          return;
        }
        const removed = await removeData(context);
        const lines = removed.length === 0 ? `There is no data in ${target}.` : `Deleted: ${removed.join(', ')}.`;
        answer(options, lines, { removed });
      });
    });
}

async function isAgreed(config: Config, options: { yes?: boolean }, target: string): Promise<boolean> {
  if (options.yes) return true;
  if (process.stdin.isTTY && process.stdout.isTTY) return await confirm(`Delete all data in ${target}?`);
  // Scripts may empty the embedded database; any other one needs explicit consent.
  if (config.databaseUrl === undefined) return true;
  throw new OperatorError(`There is no terminal to confirm deleting all data in ${target}.`, 'Run the command again with --yes.');
}
