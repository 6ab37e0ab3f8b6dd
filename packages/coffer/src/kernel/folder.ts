import fs from 'node:fs';
import path from 'node:path';

/**
 * Creates a folder and its parents one by one; throws the system's error when one cannot be created. Node's recursive mkdir never returns
 * below a folder that reports ENOENT for every new entry, as /proc does.
 */
export function makeFolder(folder: string, mode: number): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    fs.mkdirSync(folder, { mode });
  } catch (error) {
    // Another process created it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
