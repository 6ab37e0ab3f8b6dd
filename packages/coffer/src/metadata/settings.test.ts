import { expect, test } from 'vitest';
import { readConfig } from '../compose/config.ts';

const key = Buffer.alloc(32, 7).toString('base64');

test.each([
  ['31 bytes', Buffer.alloc(31).toString('base64')],
  ['33 bytes', Buffer.alloc(33).toString('base64')],
  ['hexadecimal digits', Buffer.alloc(32).toString('hex')],
  ['a key with something after it', `${key}x`],
  ['a key without its padding', key.replace('=', '')],
  ['a password', 'correct horse battery staple correct horse'],
])('%s is not a COFFER_DATA_KEY, and is not shown', (_what, value) => {
  expect(readConfig({ COFFER_DATA_KEY: value }).problems).toEqual([
    'COFFER_DATA_KEY is not valid: give 32 bytes in base64: the output of openssl rand -base64 32.',
  ]);
});

test('encryption needs a key, a previous key needs a current one, and off with a key still reads', () => {
  expect(readConfig({ COFFER_METADATA_ENCRYPTION: 'user' }).problems?.[0]).toMatch('needs COFFER_DATA_KEY');
  expect(readConfig({ COFFER_DATA_KEY_PREVIOUS: key }).problems?.[0]).toMatch('COFFER_DATA_KEY_PREVIOUS needs COFFER_DATA_KEY');
  expect(readConfig({}).config?.metadata).toEqual({ encrypts: false, keys: null });
  const keys = { secret: Buffer.alloc(32, 7), previous: undefined };
  expect(readConfig({ COFFER_DATA_KEY: key }).config?.metadata).toEqual({ encrypts: false, keys });
  expect(readConfig({ COFFER_DATA_KEY: key, COFFER_METADATA_ENCRYPTION: 'user' }).config?.metadata).toEqual({ encrypts: true, keys });
});
