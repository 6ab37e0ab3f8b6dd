/** Starts processes that post, and reads what they journal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { endWithTest } from './children.ts';
import { fromLines, withBigints } from './history.ts';
import type { History } from './history.ts';
import { firstWords, newJournal } from './journal.ts';
import { until, within } from './until.ts';

export type Poster = {
  /** The answers so far; all of them once it has ended. */
  history(): History;
  /** The number of answered calls. */
  answered(): number;
  /** Waits for the given number of further answers. */
  untilAnswered(more: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Lets it finish its current calls. Throws when it fails: then it received something other than an answer. */
  stop(): Promise<void>;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
};

/** `book`: takes this book and posts to it; or, `ledger` and a port: posts as one of the processes of a ledger. */
export type PosterOptions = {
  url: string;
  book: number | `ledger${number}`;
  name: string;
  seed: number;
  callers: number;
  pauseMs?: number;
};

export function startPoster(options: PosterOptions): Poster {
  const { url, book, name, seed, callers, pauseMs = 1 } = options;
  const script = path.join(import.meta.dirname, 'poster.ts');
  const journal = newJournal();
  const child = spawn(process.execPath, [script, url, String(book), name, String(seed), String(callers), String(pauseMs)], {
    stdio: ['pipe', journal.fd, 'inherit'],
  });
  endWithTest(child);
  child.stdin?.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const answered = () => journal.text().split('"status":"').length - 1;
  return {
    history: () => fromLines(journal.text()),
    answered,
    untilAnswered: async (more) => {
      const before = answered();
      await until(() => answered() >= before + more, {
        what: `${more} more answers in ${name}`,
        seen: () => `${answered() - before} came`,
        gone: () => child.exitCode !== null && `it ended with exit code ${child.exitCode}`,
      });
    },
    signal: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGCONT');
      child.stdin?.write('stop\n');
      const [code, signal] = await within(ended, {
        what: `${name} to finish what is under way`,
        seen: () => `${answered()} calls were answered`,
      });
      // Anything but an answer or a definite failure ends a poster: its calls would pass for unanswered ones.
      assert(code === 0, `${name} must exit normally: exit code ${code}, signal ${signal}`);
    },
    ended,
  };
}

export type PostingProcess = {
  /** Posts all of them concurrently; resolves with the answers. */
  post(operations: readonly Operation[]): Promise<History>;
};

/** A process of a ledger, connected, that waits for operations to post. It ends with its first answers. */
export async function startPostingProcess({ url }: { url: string }): Promise<PostingProcess> {
  const journal = newJournal();
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'posting-process.ts'), url], {
    stdio: ['pipe', journal.fd, 'inherit'],
  });
  endWithTest(child);
  const ended = once(child, 'close');
  await firstWords(child, journal, 'the posting process');
  return {
    post: async (operations) => {
      child.stdin?.write(`${withBigints(operations)}\n`);
      await within(ended, { what: `the answers to ${operations.length} operations`, seen: () => 'the process still runs' });
      return fromLines(journal.text().slice('ready\n'.length));
    },
  };
}
