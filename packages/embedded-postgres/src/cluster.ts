import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { EmbeddedPostgresError } from './error.ts';
import type { EmbeddedLog } from './log.ts';
import type { Account } from './account.ts';
import { program } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { homeFailure } from './home.ts';
import type { Place } from './home.ts';

export const superuser = 'coffer';
const majorVersion = '18';

export type Machinery = {
  place: Place;
  binaries: Binaries;
  account: Account | undefined;
  /** For databases that last as long as a test run: smaller caches, and initdb does not wait for the disk. */
  temporary: boolean;
  log: EmbeddedLog;
};

/** True when the place has a data folder that this version can open; throws a message for one that it cannot open. */
export function hasCluster(place: Place): boolean {
  let content: string[];
  try {
    content = fs.readdirSync(place.data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw homeFailure(place.data, error);
  }
  if (content.length === 0) return false;
  const version = readVersion(place);
  if (version === majorVersion) return true;
  if (version === undefined) {
    throw new EmbeddedPostgresError(
      `The folder ${place.data} is not a PostgreSQL data folder (PG_VERSION is missing).`,
      'Restore it from a backup, or start with an empty ledger: npm run reset.',
    );
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL ${version} wrote the data in ${place.data}; this Coffer comes with PostgreSQL ${majorVersion}.`,
    'Start the Coffer version that wrote it, or move the data with pg_dump and pg_restore.',
  );
}

function readVersion(place: Place): string | undefined {
  try {
    return fs.readFileSync(path.join(place.data, 'PG_VERSION'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw homeFailure(place.data, error);
  }
}

/**
 * Creates the data folder under another name and renames it when it is complete, so that a crash leaves nothing that looks like a database.
 * Only the owner of the home calls it.
 */
export async function createCluster(machinery: Machinery, password: string): Promise<void> {
  const { place, account, log } = machinery;
  log.info({ folder: place.data }, 'Creating an empty database');
  removeUnfinished(place);
  const unfinished = `${place.data}.new-${process.pid}`;
  const passwordFile = path.join(place.folder, `password.new-${process.pid}`);
  try {
    fs.mkdirSync(unfinished, { mode: 0o700 });
    fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account) {
      fs.chownSync(unfinished, account.uid, account.gid);
      fs.chownSync(passwordFile, account.uid, account.gid);
    }
    await runInitdb(machinery, unfinished, passwordFile);
    fs.renameSync(unfinished, place.data);
    syncFolder(place.folder);
  } catch (error) {
    throw homeFailure(place.folder, error);
  } finally {
    fs.rmSync(passwordFile, { force: true });
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Removes the remains of a creation that crashed. */
function removeUnfinished(place: Place): void {
  for (const name of fs.readdirSync(place.folder)) {
    if (/\.new-\d+$/.test(name)) fs.rmSync(path.join(place.folder, name), { recursive: true, force: true });
  }
}

async function runInitdb(machinery: Machinery, folder: string, passwordFile: string): Promise<void> {
  const { binaries, account, temporary } = machinery;
  const child = spawn(
    program(binaries, 'initdb'),
    [
      `--pgdata=${folder}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The built-in provider sorts the same on every machine and after every upgrade of the operating system.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
      ...(temporary ? ['--no-sync'] : []),
    ],
    { ...processOptions(account), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  if (/No space left on device|Disk quota exceeded/.test(output)) {
    throw new EmbeddedPostgresError(
      `The disk that holds ${machinery.place.folder} is full: an empty database needs about 100 MB.`,
      'Free some space and start again, or set COFFER_HOME to another disk.',
    );
  }
  throw new EmbeddedPostgresError(
    `The database could not be created in ${machinery.place.folder}: ${lastLine(output)}`,
    'Fix the reported problem, or set COFFER_HOME to another folder, or DATABASE_URL to your own PostgreSQL.',
  );
}

function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /error|fatal|could not|cannot/i.test(line)) ?? lines.at(-1) ?? 'no reason given';
}

/** Options for PostgreSQL's programs: run as the account, in a folder it can enter, without the caller's PG* variables. */
export function processOptions(account: Account | undefined) {
  return {
    cwd: path.parse(process.cwd()).root,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  };
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
