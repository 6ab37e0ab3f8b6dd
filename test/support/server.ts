import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeEmbedded, startEmbedded } from '../../packages/coffer/src/database/index.ts';
import type { Embedded } from '../../packages/coffer/src/database/index.ts';
import { createLog, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { isAlive } from '../../packages/embedded-postgres/src/process.ts';

const prefix = 'coffer-test-';

/**
 * Makes a folder for a test's database: below the machine's temporary folder, open for passing through, because as root
 * PostgreSQL runs as another user. The process id in its name tells later runs whether it was left behind.
 */
export function temporaryHome(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
  fs.chmodSync(folder, 0o711);
  return folder;
}

/**
 * Starts one PostgreSQL for a run of tests; `stop` also deletes it. Commits are as durable as in production, memory is small;
 * `asInProduction` takes the memory that a real one takes (the benchmark).
 */
export async function startTestServer({ asInProduction = false } = {}): Promise<Embedded> {
  await sweepLeftovers();
  const home = temporaryHome();
  const server = await startEmbedded({
    home,
    log: createLog({ level: 'warn', pretty: true }),
    temporary: !asInProduction,
  });
  return {
    ...server,
    async stop() {
      await server.stop();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Ends the servers and removes the folders of earlier runs that were killed. */
async function sweepLeftovers(): Promise<void> {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const home = path.join(os.tmpdir(), name);
    try {
      await removeEmbedded({ home, log: silentLog() });
      fs.rmSync(home, { recursive: true, force: true });
    } catch {
      // Another user's, or another run is sweeping it too.
    }
  }
}
