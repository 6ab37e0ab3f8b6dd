import { Command } from 'commander';
import { migrateDatabase } from '../../compose/commands.ts';
import { answer, runCommand } from '../run.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .summary('migrate the database')
    .description('Applies new migrations, then functions and views. Safe to run at any time, also while Coffer is running.')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  coffer migrate                                       the embedded database
  COFFER_MIGRATION_URL=postgres://… coffer migrate     your own database, as its owner`,
    )
    .action(async (options: { json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const report = await migrateDatabase(context);
        const migrations = report.applied.length === 0 ? 'no new migration' : `applied ${report.applied.join(', ')}`;
        const definitions = report.definitionsRenewed ? 'functions and views renewed' : 'functions and views unchanged';
        answer(options, `The database is up to date: ${migrations}; ${definitions}.`, report);
      });
    });
}
