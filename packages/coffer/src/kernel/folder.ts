import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes a folder and the folders above it, step by step; throws what the system says when one cannot be made.
 * Node's own recursive mkdir never returns below a folder that reports ENOENT for every new entry, as /proc does.
 */
export function makeFolder(folder: string, mode: number): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    fs.mkdirSync(folder, { mode });
  } catch (error) {
    // Another process made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
