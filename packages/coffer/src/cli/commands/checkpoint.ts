import { Command } from 'commander';
import { checkpointLines } from '../../compose/commands.ts';
import { newKeyPair } from '../../evidence/index.ts';
import { answer, runCommand } from '../run.ts';

export function checkpointCommand(): Command {
  return new Command('checkpoint')
    .summary('print the end of each book and of the audit, to keep elsewhere')
    .description(
      'Prints where each book and each chain of the audit ends, one line of JSON each: evidence for coffer verify --checkpoints and coffer audit verify --checkpoints. Signed if COFFER_CHECKPOINT_KEY or COFFER_CHECKPOINT_KEY_FILE is set. Works while Coffer is running.',
    )
    .option('--new-key <file>', 'instead, write a new private key to this file, and its public key to <file>.pub')
    .option('--json', 'print failures as JSON, too')
    .addHelpText(
      'after',
      `
Examples:
  coffer checkpoint --new-key checkpoint.pem
  coffer checkpoint >> /mnt/elsewhere/checkpoints.jsonl
  coffer checkpoint | aws s3 cp - s3://bucket/$(date +%s).jsonl`,
    )
    .action(async (options: { json?: boolean; newKey?: string }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        const { newKey } = options;
        if (newKey === undefined) console.log((await checkpointLines(context)).join('\n'));
        else {
          const { publicFile } = newKeyPair(newKey);
          const words = `Wrote the private key to ${newKey} and the public key to ${publicFile}. Sign with COFFER_CHECKPOINT_KEY_FILE=${newKey}, and keep ${publicFile} on the machine that verifies.`;
          answer(options, words, { privateKey: newKey, publicKey: publicFile });
        }
      });
    });
}
