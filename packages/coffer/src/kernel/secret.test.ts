import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ensureSecret } from './secret.ts';

test('a secret is generated once, stored, and readable by its owner only', () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-secret-'));
  try {
    const made = ensureSecret(home, 'jwt-secret');
    expect(Buffer.byteLength(made)).toBeGreaterThanOrEqual(32);
    expect(ensureSecret(home, 'jwt-secret')).toBe(made);
    expect(fs.statSync(path.join(home, 'jwt-secret')).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(home)).toEqual(['jwt-secret']);
  } finally {
    fs.rmSync(home, { recursive: true });
  }
});
