/** Homes, servers and processes of one test, all ended and removed after it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { EmbeddedPostgresError, removeEmbedded, startEmbedded } from '../src/index.ts';
import type { Embedded, EmbeddedLog, EmbeddedOptions } from '../src/index.ts';

const nothing = () => undefined;
export const silentLog: EmbeddedLog = { info: nothing, warn: nothing, error: nothing };
const log = silentLog;

const cleanups: (() => Promise<unknown> | void)[] = [];

/** Call it in `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}

export function cleanUpAfter(cleanup: () => Promise<unknown> | void): void {
  cleanups.push(cleanup);
}

/** Open for traversal: as root, PostgreSQL runs as another user. */
export function newHome(): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), `coffer-test-${process.pid}-`));
  fs.chmodSync(home, 0o711);
  cleanups.push(async () => {
    await removeEmbedded({ home, log });
    fs.rmSync(home, { recursive: true, force: true });
  });
  return home;
}

export async function start(home: string, options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const server = await startEmbedded({ home, log, temporary: true, ...options });
  cleanups.push(() => server.stop());
  return server;
}

/** Runs the server in a separate process, which a test can kill. */
export async function startElsewhere(home: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'holder.ts'), home], { stdio: ['pipe', 'pipe', 'ignore'] });
  cleanups.push(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the copy ended without a URL')));
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  ended.catch(() => undefined);
  return { child, url: line.toString().trim() };
}

export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export function postmasterPid(home: string): number {
  return Number.parseInt(fs.readFileSync(path.join(home, 'postgres/data/postmaster.pid'), 'utf8'), 10);
}

export async function failureOf(promise: Promise<unknown>): Promise<EmbeddedPostgresError> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(EmbeddedPostgresError);
  return failure as EmbeddedPostgresError;
}
