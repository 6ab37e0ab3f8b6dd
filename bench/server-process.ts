/** Coffer as a user runs it, in a process of its own, on a database of the benchmark's. */
import { spawn } from 'node:child_process';
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

export async function startCofferProcess(databaseUrl: string, home: string): Promise<CofferProcess> {
  const [http, users, wallets] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../cli/coffer.mjs'), 'start'], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      COFFER_HOME: home,
      PORT: String(http),
      USER_SERVICE_URL: `127.0.0.1:${users}`,
      WALLET_SERVICE_URL: `127.0.0.1:${wallets}`,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
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

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return address.port;
}
