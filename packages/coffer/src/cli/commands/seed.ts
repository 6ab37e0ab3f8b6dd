import { Command } from 'commander';
import { seed } from '../../compose/main.ts';
import { answer, runCommand } from '../run.ts';

export function seedCommand(): Command {
  return new Command('seed')
    .summary('add the demo data to the ledger')
    .description(
      'Adds the treasury, Alice and Bob with their wallets. All balances come from ledger entries. Seeding twice changes nothing.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer seed\n  DATABASE_URL=postgres://… coffer seed')
    .action(async (options: { json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async ({ config, log }) => {
        await seed(config, log);
        answer(options, 'The demo data is in the ledger: a treasury, Alice and Bob.', { seeded: true });
      });
    });
}
