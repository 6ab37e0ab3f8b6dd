/** Commands that tests run as a user does, each with a timeout that names the command. */
import { within } from './until.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { endWithTest } from './children.ts';

export type CommandOptions = { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly withinMs: number };
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** The environment of a fresh login: without the npm variables of the test run or settings of Coffer, with this Node first. */
export function userEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const ofTests =
    /^(npm_(?!config_(registry|cache|cafile|userconfig|globalconfig)$)|INIT_CWD$|NODE_ENV$|VITEST|COFFER_|OTEL_|(DATABASE|RABBITMQ|REDIS|SMTP)_URL$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !ofTests.test(name));
  const PATH = [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
  return { ...Object.fromEntries(kept), PATH, NO_COLOR: '1', ...more };
}

/** Waits for its end, whatever the exit code. */
export async function runCommand(command: string, args: readonly string[], { cwd, env, withinMs }: CommandOptions): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: env ?? userEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  endWithTest(child);
  const output = outputOf(child);
  const code = await within(endOf(child), {
    what: `"${[command, ...args].join(' ')}" to end`,
    seen: () => `it has printed:\n${output.all()}`,
    withinMs,
  });
  return { code, stdout: output.stdout(), stderr: output.stderr() };
}

/** Its standard output; a failed command fails the test with its output. */
export async function runToSuccess(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options);
  if (code !== 0) throw new Error(`"${[command, ...args].join(' ')}" ended with exit code ${code}:\n${stdout}${stderr}`);
  return stdout;
}

export type Output = { stdout(): string; stderr(): string; all(): string };

export function outputOf(child: ChildProcess): Output {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  return { stdout: () => texts.stdout, stderr: () => texts.stderr, all: () => texts.stdout + texts.stderr };
}

/** Its exit code once its output is complete; null when a signal ended it. */
export async function endOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
}
