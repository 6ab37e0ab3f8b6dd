/** Reads a password: from standard input, or at a terminal twice, without showing it. Never from arguments, which other users can see. */
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { OperatorError } from '../kernel/index.ts';

export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '');
  const first = await ask('New password: ');
  if ((await ask('Again: ')) !== first) throw new OperatorError('The two passwords differ.', 'Nothing was changed. Try again.');
  return first;
}

async function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(question);
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
