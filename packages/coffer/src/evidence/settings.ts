/** The settings of signed and shipped checkpoints. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardedUrl, optional, settingGroup, wholeNumber } from '../kernel/index.ts';
import type { Parsed, Parser } from '../kernel/index.ts';
import { isSigningKey } from './signing.ts';

export type Destination =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'program'; readonly program: string };

const signingKey: Parser<string> = {
  type: 'Ed25519 private key, PEM',
  parse: (text) => {
    // Some files of environment variables cannot contain line breaks.
    const pem = text.replaceAll(String.raw`\n`, '\n');
    return isSigningKey(pem) ? { value: pem } : { instead: 'an Ed25519 private key in PEM (coffer checkpoint --new-key makes one)' };
  },
};

const destination: Parser<Destination> = {
  type: 'file:, https: or exec:',
  parse: (text) => parsedDestination(text) ?? { instead: 'file:///path/to/file, an https URL, or exec:/path/to/program' },
};

function parsedDestination(text: string): Parsed<Destination> | undefined {
  const url = URL.parse(text);
  if (url?.protocol === 'exec:') {
    const program = text.slice('exec:'.length);
    return path.isAbsolute(program) ? { value: { kind: 'program', program } } : undefined;
  }
  if (url?.protocol === 'file:') {
    const isFile = url.host === '' && !url.pathname.endsWith('/');
    return isFile ? { value: { kind: 'file', file: fileURLToPath(url) } } : undefined;
  }
  return 'value' in guardedUrl.parse(text) ? { value: { kind: 'url', url: text } } : undefined;
}

export const evidenceSettings = settingGroup({
  title: 'Checkpoints',
  rows: {
    key: {
      name: 'COFFER_CHECKPOINT_KEY',
      reads: optional(signingKey),
      default: undefined,
      absent: 'checkpoints are not signed',
      meaning: 'key that signs printed and shipped checkpoints',
      example: 'the output of openssl genpkey -algorithm ed25519',
      secret: true,
    },
    destination: {
      name: 'COFFER_CHECKPOINT_SHIP',
      reads: optional(destination),
      default: undefined,
      absent: 'checkpoints stay in COFFER_HOME',
      meaning: 'where each new end of the log is sent: a file, an https URL, or a program that reads it from standard input',
      example: 'exec:/usr/local/bin/ship-checkpoint',
      secret: true,
    },
    everySeconds: {
      name: 'COFFER_CHECKPOINT_SHIP_SECONDS',
      reads: wholeNumber('a number of seconds', 1, 86_400),
      default: 60,
      absent: '60',
      meaning: 'seconds from one shipped checkpoint to the next at the earliest',
      example: '300',
    },
  },
  combine: (checkpoints) => ({ checkpoints }),
});

export type CheckpointConfig = ReturnType<typeof evidenceSettings.combine>['checkpoints'];
