import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeEmbedded, startEmbedded } from '../../packages/coffer/src/database/index.ts';
import type { Embedded } from '../../packages/coffer/src/database/index.ts';
import { createLog, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { isAlive } from '../../packages/embedded-postgres/src/process.ts';

const prefix = 'coffer-test-';

const disk = os.tmpdir();
/** A file system in memory, as most Linux systems have. */
const memory = '/dev/shm';
/** A run of all tests takes up to 2 GB. */
const enoughBytes = 4 * 1024 ** 3;

/**
 * Flushing to a disk takes as long as half of the work of tests: test/sagas/planted.test.ts took 26 s on one and 11 s in memory. The
 * settings stay those of production, and a process that is killed leaves the same files behind.
 */
function memoryOrDisk(): string {
  try {
    const { bavail, bsize } = fs.statfsSync(memory);
    return Math.min(bavail * bsize, process.availableMemory()) >= enoughBytes ? memory : disk;
  } catch {
    return disk;
  }
}

/**
 * Makes a folder for a test's database: open for passing through, because as root PostgreSQL runs as another user. The process id
 * in its name tells later runs whether it was left behind.
 */
export function temporaryHome(below = memoryOrDisk()): string {
  const folder = fs.mkdtempSync(path.join(below, `${prefix}${process.pid}-`));
  fs.chmodSync(folder, 0o711);
  return folder;
}

/**
 * Starts one PostgreSQL for a run of tests; `stop` also deletes it. Commits are as durable as in production, caches are small;
 * `asInProduction` takes the memory that a real one takes, and a disk (the benchmark).
 */
export async function startTestServer({ asInProduction = false } = {}): Promise<Embedded> {
  await sweepLeftovers();
  const home = temporaryHome(asInProduction ? disk : undefined);
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
  const folders = [disk, memory].filter((folder) => fs.existsSync(folder));
  for (const home of folders.flatMap((folder) => fs.readdirSync(folder).map((name) => path.join(folder, name)))) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(path.basename(home))?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    try {
      await removeEmbedded({ home, log: silentLog() });
      fs.rmSync(home, { recursive: true, force: true });
    } catch {
      // Another user's, or another run is sweeping it too.
    }
  }
}
