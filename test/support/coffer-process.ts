/** Coffer as a user starts it, in a separate process, on the database of the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endWithTest } from './children.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** Coffer's own limit is half a minute. */
const endsWithinMs = 120_000;
const startsWithinMs = 150_000;

export type CofferProcess = {
  readonly api: string;
  readonly hasEnded: boolean;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Stops it as the system or an operator does, and waits until it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
};

/** Resolves when `/health` reports that it serves. `services`: as arguments of `coffer start`, the API among them; all by default. */
export async function startCofferProcess(
  databaseUrl: string,
  env: Record<string, string> = {},
  standardOutput: 'ignore' | number = 'ignore',
  services: readonly string[] = [],
): Promise<CofferProcess> {
  const [http, users, wallets] = [await freePort(), await freePort(), await freePort()];
  const home = mkdtempSync(path.join(os.tmpdir(), 'coffer-process-'));
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../packages/coffer/bin/coffer.mjs'), 'start', ...services], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      COFFER_HOME: home,
      PORT: String(http),
      USER_SERVICE_URL: `127.0.0.1:${users}`,
      WALLET_SERVICE_URL: `127.0.0.1:${wallets}`,
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', standardOutput, 'inherit'],
  });
  endWithTest(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const api = `http://127.0.0.1:${http}`;
  let health = 'nobody listens';
  const serves = async () => {
    const answer = await fetch(`${api}/health`).catch(() => null);
    health = answer ? `${answer.status} ${await answer.text()}` : 'nobody listens';
    return answer?.status === 200;
  };
  const gone = () => child.exitCode !== null && `it ended with exit code ${child.exitCode}`;
  try {
    await until(serves, { what: `Coffer to serve at ${api}`, seen: () => `/health says: ${health}`, gone, withinMs: startsWithinMs });
  } catch (failure) {
    child.kill('SIGKILL');
    throw failure;
  }
  return {
    api,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    signal: (name) => void child.kill(name),
    end: async (signal) => {
      child.kill(signal);
      // A process that Node cannot end (see cli/shutdown.ts) does not block other tests: it then has no exit code.
      const overdue = setTimeout(() => child.kill('SIGKILL'), endsWithinMs);
      const [code] = await ended;
      clearTimeout(overdue);
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}
