/** Starts processes that post, and reads what they journal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { endWithTest } from './children.ts';
import { fromLines, withBigints } from './history.ts';
import type { History } from './history.ts';

export type Poster = {
  readonly pid: number;
  /** What it was told so far; all of it once it has ended. */
  history(): History;
  /** How many of its calls have an answer. */
  answered(): number;
  signal(name: NodeJS.Signals): void;
  /** Lets it finish what is under way. */
  stop(): Promise<void>;
  readonly ended: Promise<unknown>;
};

export function startPoster(options: { url: string; book: number; name: string; seed: number; callers: number }): Poster {
  const { url, book, name, seed, callers } = options;
  const script = path.join(import.meta.dirname, 'poster.ts');
  const child = spawn(process.execPath, [script, url, String(book), name, String(seed), String(callers)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithTest(child);
  let text = '';
  let answered = 0;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    text += piece;
    answered += piece.split('"status":"').length - 1;
  });
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  return {
    pid: child.pid ?? 0,
    history: () => fromLines(text),
    answered: () => answered,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGCONT');
      child.stdin.write('stop\n');
      await ended;
    },
    ended,
  };
}

export type Asker = {
  /** Posts all of them at once; answers when it has been answered. */
  ask(operations: readonly Operation[]): Promise<History>;
};

/** A process that is connected and waits to be told what to post. It ends with its first answers. */
export async function startAsker({ url, book }: { url: string; book: number }): Promise<Asker> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'asker.ts'), url, String(book)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endWithTest(child);
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => (text += piece));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  return {
    ask: async (operations) => {
      child.stdin.write(`${withBigints(operations)}\n`);
      await ended;
      return fromLines(text.slice('ready\n'.length));
    },
  };
}
