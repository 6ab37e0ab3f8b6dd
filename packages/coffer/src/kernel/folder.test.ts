import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from './folder.ts';

it('creates missing parents, and leaves an existing folder unchanged', () => {
  const above = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-folder-'));
  const folder = path.join(above, 'a/b/c');
  makeFolder(folder, 0o700);
  makeFolder(folder, 0o755);
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  fs.rmSync(above, { recursive: true });
});

it.runIf(fs.existsSync('/proc/self'))('throws where no folder can be created, instead of looping', () => {
  expect(() => makeFolder('/proc/nothing/here', 0o700)).toThrow(/ENOENT/);
});
