import { Command } from 'commander';
import { rewrapDataKeys } from '../../compose/commands.ts';
import type { Rewrapped } from '../../compose/commands.ts';
import { OperatorError } from '../../kernel/index.ts';
import { answer, runCommand } from '../run.ts';

export function dataKeysCommand(): Command {
  return new Command('datakeys')
    .summary('manage the keys that encrypt metadata')
    .description('Each user has a key that encrypts the metadata of operations. COFFER_DATA_KEY encrypts these keys in the database.')
    .addCommand(rewrapCommand());
}

function rewrapCommand(): Command {
  return new Command('rewrap')
    .summary('encrypt all data keys with the current COFFER_DATA_KEY, which ends its rotation')
    .description(
      'Encrypts each data key that COFFER_DATA_KEY_PREVIOUS has encrypted with COFFER_DATA_KEY. Run it once every process has the new COFFER_DATA_KEY; after it succeeds, you can remove COFFER_DATA_KEY_PREVIOUS. Works while Coffer is running, and can be repeated. The exit code is 1 if neither key opens some of them.',
    )
    .option('--json', 'print JSON')
    .action(async (options: { readonly json?: boolean }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const done = await rewrapDataKeys(context);
        if (done.unreadable > 0) throw unreadable(done);
        answer(options, `Encrypted ${done.rewrapped} of ${done.keys} data keys again. COFFER_DATA_KEY opens all of them.`, done);
      });
    });
}

function unreadable({ keys, rewrapped, unreadable: failed }: Rewrapped): OperatorError {
  return new OperatorError(
    `COFFER_DATA_KEY and COFFER_DATA_KEY_PREVIOUS do not open ${failed} of ${keys} data keys; ${rewrapped} were encrypted again.`,
    'Set the key with which they were encrypted as COFFER_DATA_KEY_PREVIOUS, and run the command again.',
  );
}
