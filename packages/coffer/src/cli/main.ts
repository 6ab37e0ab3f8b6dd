import { Command } from 'commander';
import { productVersion } from '../kernel/index.ts';
import { deadLettersCommand } from './commands/deadletters.ts';
import { fraudCommand } from './commands/fraud.ts';
import { keysCommand } from './commands/keys.ts';
import { migrateCommand } from './commands/migrate.ts';
import { monkeyCommand } from './commands/monkey.ts';
import { projectionsCommand } from './commands/projections.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { requestsCommand } from './commands/requests.ts';
import { resetCommand } from './commands/reset.ts';
import { seedCommand } from './commands/seed.ts';
import { sqlCommand } from './commands/sql.ts';
import { startCommand } from './commands/start.ts';
import { usersCommand } from './commands/users.ts';
import { verifyCommand } from './commands/verify.ts';
import { webhooksCommand } from './commands/webhooks.ts';

/** Runs the command line. Failures have been told and the exit code set when it returns. */
export async function main(): Promise<void> {
  // The channel to the launcher must not keep a finished command alive.
  process.channel?.unref();
  const coffer = program();
  if (process.argv.includes('--json')) answerMistakesInJson(coffer);
  await coffer.parseAsync();
}

/** A program that asks for JSON is told in JSON that it asked wrongly, too. */
function answerMistakesInJson(command: Command, name = command.name()): void {
  const remedy = `Run "${name} --help" to see what there is.`;
  command.showHelpAfterError(false).configureOutput({
    outputError: (text, write) => write(`${JSON.stringify({ error: text.trim().replace(/^error: /, ''), remedy })}\n`),
  });
  for (const part of command.commands) answerMistakesInJson(part, `${name} ${part.name()}`);
}

/** The whole command line, as the reference describes it. */
export function program(): Command {
  return new Command('coffer')
    .description('Coffer, a wallet platform: a double-entry ledger with users and wallets, on a PostgreSQL of its own.')
    .version(productVersion)
    .showHelpAfterError('Run "coffer --help" to see what there is.')
    .addCommand(startCommand())
    .addCommand(migrateCommand())
    .addCommand(seedCommand())
    .addCommand(usersCommand())
    .addCommand(keysCommand())
    .addCommand(requestsCommand())
    .addCommand(deadLettersCommand())
    .addCommand(webhooksCommand())
    .addCommand(fraudCommand())
    .addCommand(verifyCommand())
    .addCommand(projectionsCommand())
    .addCommand(rebuildCommand())
    .addCommand(sqlCommand())
    .addCommand(monkeyCommand())
    .addCommand(resetCommand());
}
