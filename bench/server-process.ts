/** Coffer as you run it, in a separate process, on a database of the benchmark. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type CofferProcess = {
  readonly host: string;
  readonly http: number;
  readonly users: number;
  readonly wallets: number;
  stop(): Promise<void>;
};

/** The services that answer callers; work after a posting is measured separately. */
export async function startCofferProcess(databaseUrl: string, home: string, settings: NodeJS.ProcessEnv = {}): Promise<CofferProcess> {
  const [http, users, wallets] = [await freePort(), await freePort(), await freePort()];
  const child = spawnCoffer(['users', 'wallets', 'api'], databaseUrl, home, {
    PORT: String(http),
    USER_SERVICE_URL: `127.0.0.1:${users}`,
    WALLET_SERVICE_URL: `127.0.0.1:${wallets}`,
    ...settings,
  });
  const exited = once(child, 'exit');
  for (let attempt = 0; ; attempt++) {
    const healthy = await fetch(`http://127.0.0.1:${http}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (healthy) break;
    if (child.exitCode !== null || attempt > 300) throw new Error('the server under test did not start');
    await sleep(100);
  }
  return {
    host: '127.0.0.1',
    http,
    users,
    wallets,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The worker alone. It listens nowhere; its progress is read from the database. */
export async function startWorkerProcess(
  databaseUrl: string,
  home: string,
  settings: NodeJS.ProcessEnv,
): Promise<Pick<CofferProcess, 'stop'> & { readonly pid: number }> {
  const child = spawnCoffer(['worker'], databaseUrl, home, settings);
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function spawnCoffer(services: readonly string[], databaseUrl: string, home: string, settings: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [path.resolve(import.meta.dirname, '../packages/coffer/bin/coffer.mjs'), 'start', ...services], {
    env: { ...process.env, DATABASE_URL: databaseUrl, COFFER_HOME: home, LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return address.port;
}
