import { Command } from 'commander';
import { productVersion } from '../kernel/index.ts';
import { noteCommand } from './changes.ts';
import { approvalsCommand } from './commands/approvals.ts';
import { accountsCommand } from './commands/accounts.ts';
import { assetsCommand } from './commands/assets.ts';
import { auditCommand } from './commands/audit.ts';
import { booksCommand } from './commands/books.ts';
import { checkpointCommand } from './commands/checkpoint.ts';
import { dataKeysCommand } from './commands/datakeys.ts';
import { deadLettersCommand } from './commands/deadletters.ts';
import { findCommand } from './commands/find.ts';
import { fraudCommand } from './commands/fraud.ts';
import { keysCommand } from './commands/keys.ts';
import { migrateCommand } from './commands/migrate.ts';
import { monkeyCommand } from './commands/monkey.ts';
import { projectionsCommand } from './commands/projections.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { reportCommand } from './commands/report.ts';
import { requestsCommand } from './commands/requests.ts';
import { acceptLossCommand } from './commands/accept-loss.ts';
import { resetCommand } from './commands/reset.ts';
import { seedCommand } from './commands/seed.ts';
import { sqlCommand } from './commands/sql.ts';
import { startCommand } from './commands/start.ts';
import { usersCommand } from './commands/users.ts';
import { verifyCommand } from './commands/verify.ts';
import { webhooksCommand } from './commands/webhooks.ts';

/** Runs the command line. When it returns, failures have been printed and the exit code is set. */
export async function main(): Promise<void> {
  // The IPC channel to the launcher must not keep a finished command alive.
  process.channel?.unref();
  const coffer = program();
  answerUsageErrors(coffer, process.argv.includes('--json'));
  coffer.hook('preAction', (_program, command) => noteCommand(command));
  await coffer.parseAsync();
}

/** Each command names its own help. With `--json`, usage errors are JSON, too. */
function answerUsageErrors(command: Command, json: boolean, name = command.name()): void {
  const remedy = `Run "${name} --help" for usage.`;
  if (!json) command.showHelpAfterError(remedy);
  else {
    command.configureOutput({
      outputError: (text, write) => write(`${JSON.stringify({ error: text.trim().replace(/^error: /, ''), remedy })}\n`),
    });
  }
  for (const part of command.commands) answerUsageErrors(part, json, `${name} ${part.name()}`);
}

/** The whole command line, from which the reference is generated. */
export function program(): Command {
  return new Command('coffer')
    .description('Coffer, a wallet platform: a double-entry ledger with users and wallets, on PostgreSQL.')
    .version(productVersion)
    .addCommand(startCommand())
    .addCommand(migrateCommand())
    .addCommand(seedCommand())
    .addCommand(usersCommand())
    .addCommand(keysCommand())
    .addCommand(accountsCommand())
    .addCommand(reportCommand())
    .addCommand(assetsCommand())
    .addCommand(dataKeysCommand())
    .addCommand(findCommand())
    .addCommand(requestsCommand())
    .addCommand(approvalsCommand())
    .addCommand(deadLettersCommand())
    .addCommand(webhooksCommand())
    .addCommand(fraudCommand())
    .addCommand(booksCommand())
    .addCommand(verifyCommand())
    .addCommand(checkpointCommand())
    .addCommand(auditCommand())
    .addCommand(acceptLossCommand())
    .addCommand(projectionsCommand())
    .addCommand(rebuildCommand())
    .addCommand(sqlCommand())
    .addCommand(monkeyCommand())
    .addCommand(resetCommand());
}
