import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from './folder.ts';

it('makes the folders above it too, and leaves one that is there alone', () => {
  const above = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-folder-'));
  const folder = path.join(above, 'a/b/c');
  makeFolder(folder, 0o700);
  makeFolder(folder, 0o755);
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  fs.rmSync(above, { recursive: true });
});

it.runIf(fs.existsSync('/proc/self'))('says so where no folder can be made, instead of trying for ever', () => {
  expect(() => makeFolder('/proc/nothing/here', 0o700)).toThrow(/ENOENT/);
});
