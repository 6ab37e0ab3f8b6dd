/** Delivers lines to where the settings ship them. */
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { appendDurably } from '../kernel/index.ts';
import { callOut } from '../outbound/index.ts';
import type { Destination } from './settings.ts';

export type DeliveryOptions = {
  readonly destination: Destination;
  /** Whether private addresses and plain http are allowed. */
  readonly allowPrivate: boolean;
  /** The environment of a program. */
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
};

/** Delivers the lines, each with its line break. Throws when they may not have arrived. */
export async function deliver(lines: string, options: DeliveryOptions): Promise<void> {
  const { destination } = options;
  switch (destination.kind) {
    case 'file':
      await appendDurably(destination.file, lines);
      return;
    case 'url':
      await post(destination.url, lines, options);
      return;
    case 'program':
      await run(destination.program, lines, options);
      return;
  }
}

async function post(url: string, body: string, { allowPrivate, timeoutMs }: DeliveryOptions): Promise<void> {
  const id = `checkpoint-${hash('sha256', body, 'hex').slice(0, 32)}`;
  // Without a secret to share: the lines have signatures of their own.
  const called = await callOut({ url, secrets: [], id, body, timeoutMs, allowPrivate, contentType: 'application/x-ndjson' });
  if (called.kind !== 'answered') throw new Error(called.why);
  if (called.status < 200 || called.status > 299) throw new Error(`it answered with status ${called.status}`);
}

/** Without a shell. The lines are on standard input; exit code 0 means that they have arrived. */
async function run(program: string, lines: string, { env, timeoutMs }: DeliveryOptions): Promise<void> {
  const child = spawn(program, [], { env, stdio: ['pipe', 'ignore', 'ignore'], timeout: timeoutMs, killSignal: 'SIGKILL' });
  // A program may end without reading; its exit code says whether that was a failure.
  child.stdin.on('error', () => undefined);
  child.stdin.end(lines);
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...[exitCode, killedBy]) => resolve({ code: exitCode, signal: killedBy }));
  });
  if (signal !== null) throw new Error(`the program was ended by ${signal}`);
  if (code !== 0) throw new Error(`the program ended with exit code ${code}`);
}
