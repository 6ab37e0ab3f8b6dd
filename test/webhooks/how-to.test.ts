// The verification code of the how-to accepts Coffer's signatures and nothing else.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { newSecret } from '../../packages/coffer/src/outbound/index.ts';
import { signatureHeaders } from '../../packages/coffer/src/outbound/signature.ts';

type Verify = (secret: string, headers: Record<string, string>, body: string) => boolean;

test('the code of the how-to accepts a call signed by either secret, and rejects a modified or old one', async () => {
  const text = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/webhooks.md'), 'utf8');
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(text) ?? [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-how-to-'));
  const file = path.join(folder, 'verify.mjs');
  fs.writeFileSync(file, code);
  const { isFromCoffer } = (await import(pathToFileURL(file).href)) as { isFromCoffer: Verify };
  fs.rmSync(folder, { recursive: true });
  const [secret, older, body] = [newSecret(), newSecret(), '{"a":"schön"}'];
  const headers = signatureHeaders('1-42-1', body, [secret, older]);
  expect([isFromCoffer(secret, headers, body), isFromCoffer(older, headers, body)]).toEqual([true, true]);
  expect(isFromCoffer(newSecret(), headers, body)).toBe(false);
  expect(isFromCoffer(secret, headers, `${body} `)).toBe(false);
  expect(isFromCoffer(secret, { ...headers, 'webhook-id': '1-42-2' }, body)).toBe(false);
  expect(isFromCoffer(secret, signatureHeaders('1-42-1', body, [secret], Date.now() - 301_000), body)).toBe(false);
  expect(isFromCoffer(secret, {}, body)).toBe(false);
});
