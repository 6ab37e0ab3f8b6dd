/** A separate Redis per test: on a free port, in its own folder; it can be killed, paused and restarted with its saved data. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const program = 'redis-server';
const isThere = spawnSync(program, ['--version']).status === 0;

/** True where Redis is not installed, after a message; continuous integration must have one. */
export const redisIsMissing = !isThere && process.env['CI'] === undefined;
if (redisIsMissing) console.info('Skipped: there is no redis-server on this machine.');

export type TestRedis = {
  readonly url: string;
  /** A connection to inspect and modify the data. */
  readonly client: Redis;
  /** Saves its data to its folder for the next start. */
  save(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
};

export async function startRedis({ password }: { readonly password?: string } = {}): Promise<TestRedis> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-redis-'));
  const port = await freePort();
  const client = new Redis({ port, host: '127.0.0.1', password, lazyConnect: true, retryStrategy: () => 20 });
  client.on('error', () => undefined);
  let running: ChildProcess | null = null;
  const redis: TestRedis = {
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    client,
    async start() {
      assert(running === null, 'it runs already');
      const secret = password === undefined ? [] : ['--requirepass', password];
      const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
      running = spawn(program, [...own, ...secret], { stdio: 'ignore' });
      if (client.status === 'wait') client.connect().catch(() => undefined);
      const started = running;
      await until(async () => (await client.ping().catch(() => '')) === 'PONG', {
        what: `Redis on port ${port}`,
        seen: () => `it does not answer, and the connection is "${client.status}"`,
        gone: () => started.exitCode !== null && `it ended with exit code ${started.exitCode}`,
      });
    },
    async save() {
      await client.save();
    },
    async kill() {
      const dying = running;
      running = null;
      if (!dying || dying.exitCode !== null) return;
      const gone = once(dying, 'exit');
      dying.kill('SIGKILL');
      await gone;
    },
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
    async stop() {
      client.disconnect();
      await redis.kill();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}
