// Settings in a .env file.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const launcher = path.resolve(import.meta.dirname, '../../bin/coffer.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'coffer-env-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a command that stops at invalid settings prints. */
async function complaint(settings: Record<string, string> = {}): Promise<string> {
  const env = { PATH: process.env['PATH'], COFFER_HOME: path.join(folder, 'home'), ...settings };
  return await promisify(execFile)(process.execPath, [launcher, 'books'], { cwd: folder, env }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

test('are read from the current folder, unless the environment has them', async () => {
  writeFileSync(path.join(folder, '.env'), '# settings\nPORT="nowhere"\nCOFFER_AUTH=maybe\n');
  const said = await complaint();
  expect(said).toContain('PORT is "nowhere"');
  expect(said).toContain('COFFER_AUTH is "maybe"');
  const other = await complaint({ PORT: 'elsewhere' });
  expect(other).toContain('PORT is "elsewhere"');
  expect(other).not.toContain('nowhere');
});

test('that cannot be read are named', async () => {
  mkdirSync(path.join(folder, '.env'));
  expect(await complaint()).toContain('The file .env in this folder cannot be read');
});
