/** The settings of metadata. */
import { oneOfWords, optional, settingGroup } from '../kernel/index.ts';
import type { Mistake, Parser } from '../kernel/index.ts';

const keyBytes = 32;

/** In base64, as `openssl rand -base64 32` prints it. */
const base64Key: Parser<Buffer> = {
  type: 'base64',
  parse: (text) => {
    const key = Buffer.from(text, 'base64');
    return key.length === keyBytes && key.toString('base64') === text
      ? { value: key }
      : { instead: '32 bytes in base64: the output of openssl rand -base64 32' };
  },
};

export type MetadataSettings = { readonly encrypts: boolean; readonly keys: MetadataKeys | null };
export type MetadataKeys = { readonly secret: Buffer; readonly previous: Buffer | undefined };

type Given = { readonly mode: 'off' | 'user'; readonly secret: Buffer | undefined; readonly previous: Buffer | undefined };

export const metadataSettings = settingGroup({
  title: 'Metadata',
  rows: {
    mode: {
      name: 'COFFER_METADATA_ENCRYPTION',
      reads: oneOfWords(['off', 'user']),
      default: 'off',
      absent: 'off',
      meaning:
        'user: encrypts the metadata of operations with a key for each user, which the erasure of the user deletes; off: stores it as it is, and still reads what is encrypted',
      example: 'user',
    },
    secret: {
      name: 'COFFER_DATA_KEY',
      reads: optional(base64Key),
      default: undefined,
      absent: 'no metadata is encrypted or decrypted',
      meaning: 'key that encrypts the keys of users in the database, 32 bytes in base64; the same in every process',
      example: 'the output of openssl rand -base64 32',
      secret: true,
    },
    previous: {
      name: 'COFFER_DATA_KEY_PREVIOUS',
      reads: optional(base64Key),
      default: undefined,
      absent: 'none',
      meaning: 'another key that decrypts them, while COFFER_DATA_KEY is rotated',
      example: 'the output of openssl rand -base64 32',
      secret: true,
    },
  },
  combine: ({ mode, secret, previous }: Given, mistake: Mistake): MetadataSettings => {
    if (secret === undefined && mode === 'user')
      mistake('COFFER_METADATA_ENCRYPTION=user needs COFFER_DATA_KEY: set it to the output of openssl rand -base64 32, and keep a copy.');
    if (secret === undefined && previous !== undefined)
      mistake('COFFER_DATA_KEY_PREVIOUS needs COFFER_DATA_KEY: set both, or move the key there.');
    return { encrypts: mode === 'user', keys: secret === undefined ? null : { secret, previous } };
  },
});
