import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from './binaries.ts';
import { processOptions } from './cluster.ts';
import type { Machinery } from './cluster.ts';
import { EmbeddedPostgresError } from './error.ts';
import type { Place } from './home.ts';
import { parsePidFile } from './pid-file.ts';
import type { PidFile } from './pid-file.ts';
import { isAlive } from './process.ts';
import { serverSettings } from './settings.ts';

const fastStopTimeoutMs = 20_000;
const logRotateBytes = 10 * 1024 * 1024;

/** The process id of the server that runs on this data folder; undefined when postmaster.pid is absent, unfinished or stale. */
export function runningPostmaster(place: Place): number | undefined {
  const { pid } = readPidFile(place);
  return pid !== undefined && isAlive(pid) && isPostmasterOf(pid, place) ? pid : undefined;
}

export function readPidFile(place: Place): PidFile {
  try {
    return parsePidFile(fs.readFileSync(path.join(place.data, 'postmaster.pid'), 'utf8'));
  } catch {
    return { pid: undefined, port: undefined };
  }
}

/** After a reboot or in a container another program may have the id: its command line decides. */
function isPostmasterOf(pid: number, place: Place): boolean {
  const command = commandLine(pid);
  return command === undefined || (command.includes('postgres') && command.includes(place.data));
}

function commandLine(pid: number): string | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    const listed = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    return listed.error ? undefined : listed.stdout;
  }
}

/**
 * Removes a lock file whose process id now belongs to some other program; PostgreSQL would take that for a server and refuse. It detects
 * every other stale lock itself, without a race.
 */
export function removeStaleLock(place: Place): void {
  const { pid } = readPidFile(place);
  if (pid === undefined || !isAlive(pid) || isPostmasterOf(pid, place)) return;
  fs.rmSync(path.join(place.data, 'postmaster.pid'), { force: true });
}

/** Starts the server in its own session, so that a Ctrl-C in the terminal reaches Coffer and not PostgreSQL. */
export function launch(machinery: Machinery, port: number): ChildProcess {
  const { place, binaries, account, temporary } = machinery;
  rotateLog(place);
  const log = fs.openSync(place.log, 'a', 0o600);
  try {
    const settings = Object.entries(serverSettings(port, temporary)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(program(binaries, 'postgres'), ['-D', place.data, ...settings], {
      ...processOptions(account),
      detached: true,
      stdio: ['ignore', log, log],
    });
    stopWithThisProcess(child);
    return child;
  } finally {
    fs.closeSync(log);
  }
}

/** When this process exits without stopping it (a bug, a second Ctrl-C), PostgreSQL still shuts down cleanly, on its own. */
function stopWithThisProcess(child: ChildProcess): void {
  const leave = () => {
    if (child.pid !== undefined) signal(child.pid, 'SIGINT');
  };
  process.once('exit', leave);
  child.once('exit', () => process.off('exit', leave));
}

function rotateLog(place: Place): void {
  const size = fs.statSync(place.log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logRotateBytes) fs.renameSync(place.log, `${place.log}.1`);
}

/** The server's log output since `offset`. */
export function logSince(place: Place, offset: number): string {
  try {
    return fs.readFileSync(place.log).subarray(offset).toString('utf8');
  } catch {
    return '';
  }
}

export function logSize(place: Place): number {
  const size = fs.statSync(place.log, { throwIfNoEntry: false })?.size ?? 0;
  return size > logRotateBytes ? 0 : size;
}

/**
 * Stops a server; only its owner may. Fast shutdown: the server ends sessions, writes everything and exits. If that takes too long (a very
 * slow disk), immediate shutdown: nothing committed is lost, the next start replays the log. Refuses when both fail.
 */
export async function stopPostmaster(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  // A paused server (SIGSTOP) handles the shutdown only once it continues.
  if (process.platform !== 'win32') signal(pid, 'SIGCONT');
  if (await isGone(pid, fastStopTimeoutMs)) return;
  signal(pid, 'SIGQUIT');
  if (await isGone(pid, 5_000)) return;
  throw new EmbeddedPostgresError(`The PostgreSQL server (process ${pid}) does not stop.`, 'End that process, then start again.');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function isGone(pid: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (isAlive(pid) && !isZombie(pid)) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** An adopted server may die without being reaped (a container whose first process does not). */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resolves when the child has ended; immediately when it already has. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
