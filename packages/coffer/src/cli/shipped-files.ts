import type { ShippedFiles } from '../compose/commands.ts';
import { OperatorError } from '../kernel/index.ts';

/** The options --checkpoints and --public-key. */
export function shippedFilesOf(options: { readonly checkpoints?: string[]; readonly publicKey?: string }): ShippedFiles {
  const { checkpoints = [], publicKey } = options;
  if (publicKey !== undefined && checkpoints.length === 0)
    throw new OperatorError('--public-key has nothing to check.', 'Also give the files of signed checkpoints: --checkpoints <file>.');
  return { shippedFiles: checkpoints, publicKeyFile: publicKey };
}
