/**
 * What a process writes on its standard output, in a file and not in a pipe: all of it is there when the process is killed, and the process
 * never waits for its reader. On a busy machine, an unread pipe fails with `EAGAIN` and ended the process in the middle of its calls.
 */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { until } from './until.ts';

export type Journal = {
  /** The standard output for the process. */
  readonly fd: number;
  /** Everything written so far. */
  text(): string;
};

/** Its file disappears when this process ends. */
export function newJournal(): Journal {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-journal-')), 'output');
  const fd = fs.openSync(file, 'a+');
  // Its name is not needed: both processes hold it open.
  fs.rmSync(path.dirname(file), { recursive: true });
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(65_536);
  let [text, read] = ['', 0];
  return {
    fd,
    text: () => {
      for (let bytes = 1; bytes > 0; read += bytes) {
        bytes = fs.readSync(fd, chunk, 0, chunk.length, read);
        text += decoder.write(chunk.subarray(0, bytes));
      }
      return text;
    },
  };
}

/** Waits until a process has written something; it must not end before. */
export async function firstWords(child: ChildProcess, journal: Journal, what: string): Promise<void> {
  await until(() => journal.text() !== '', {
    what: `the first word of ${what}`,
    seen: () => 'it wrote nothing',
    gone: () => (child.exitCode ?? child.signalCode) !== null && `it ended with exit code ${child.exitCode}, signal ${child.signalCode}`,
  });
}
