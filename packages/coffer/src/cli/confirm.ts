/** Asks a yes-or-no question. The caller checks first that standard input is a terminal. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { printable } from './terminal.ts';

export type Terminal = { readonly input: Readable; readonly output: Writable };

/** True for "y" and "yes"; any other answer and the end of input (Ctrl-D) mean no. Ctrl-C ends the process. */
export async function confirm(question: string, { input, output }: Terminal = terminal()): Promise<boolean> {
  const reader = createInterface({ input, output, terminal: false });
  const ended = new AbortController();
  try {
    const closed = once(reader, 'close', { signal: ended.signal }).then(
      () => '',
      () => '',
    );
    const answer = await Promise.race([reader.question(printable(`${question} (y/N) `)), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    ended.abort();
    reader.close();
  }
}

/** A program may parse standard output, so the question goes to standard error if that is a terminal. */
function terminal(): Terminal {
  return { input: process.stdin, output: process.stderr.isTTY ? process.stderr : process.stdout };
}
