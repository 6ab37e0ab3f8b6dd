import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { OperatorError } from './exit.ts';
import { makeFolder } from './folder.ts';

/**
 * A secret of this installation: generated the first time, then read from the home, where only its owner can read it. Two processes that
 * start together both get the one written first.
 */
export function ensureSecret(home: string, name: string): string {
  const file = path.join(home, name);
  const existing = read(file);
  if (existing !== undefined) return existing;
  // Grants traversal but no listing: as root, PostgreSQL runs below this folder as another user.
  const unfinished = `${file}.new-${process.pid}`;
  try {
    makeFolder(home, 0o711);
    fs.writeFileSync(unfinished, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600 });
  } catch (error) {
    throw new OperatorError(
      `Coffer cannot store its ${name} in ${home} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Set COFFER_HOME to a folder that it may write to.',
      { cause: error },
    );
  }
  try {
    // A link, not a rename: it does not replace a file that another process has just created.
    fs.linkSync(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
  return read(file) ?? '';
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
