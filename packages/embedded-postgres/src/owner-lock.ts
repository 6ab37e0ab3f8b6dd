/**
 * The owner of a home's embedded server is the process that holds the operating system's lock on a file in it. The kernel releases the lock
 * the moment its holder dies, however that happens, and answers immediately whatever PostgreSQL does. Node has no file locks of its own;
 * SQLite, which comes with Node, locks the file for as long as an exclusive transaction is open.
 */
import fs from 'node:fs';
import { EmbeddedPostgresError } from './error.ts';
import { homeFailure, makeOwnFolder } from './home.ts';
import type { Place } from './home.ts';

export type OwnerLock = {
  /** Announces this process as the owner of a ready server; other processes may join it from now on. */
  announce(): void;
  /** The server is about to stop: no more processes may join it. */
  withdraw(): void;
  release(): void;
};

type Connection = { exec(sql: string): void; close(): void };

/** Result codes of SQLite. */
const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;

/** Locks that this process holds. A connection that the garbage collector closes would lose its lock. */
const held = new Set<Connection>();

/** Takes the lock, or returns undefined when another process (or another server of this one) holds it. Never waits. */
export function tryOwnerLock(place: Place): OwnerLock | undefined {
  createLockFile(place);
  const before = inodeOf(place.lock);
  const connection = lockFile(place);
  if (!connection) return undefined;
  if (before === undefined || inodeOf(place.lock) !== before) {
    // The home was removed in between: this lock is on a deleted file.
    connection.close();
    return undefined;
  }
  held.add(connection);
  const withdraw = () => fs.rmSync(place.owner, { force: true });
  withdraw();
  return {
    announce: () => fs.writeFileSync(place.owner, `${process.pid}\n`, { mode: 0o600 }),
    withdraw,
    release: () => {
      if (held.delete(connection)) connection.close();
    },
  };
}

/** The process that runs the server of this home; undefined while it starts or stops. Valid only while another process holds the lock. */
export function announcedOwner(place: Place): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(place.owner, 'utf8'), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Only where it is absent: closing a descriptor of the file would release the locks that this process has on it. */
function createLockFile(place: Place): void {
  try {
    // Another process may have removed it while this one waited for the lock.
    makeOwnFolder(place.folder);
    fs.writeFileSync(place.lock, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw homeFailure(place.folder, error);
  }
}

function lockFile(place: Place): Connection | undefined {
  const { DatabaseSync } = loadSqlite();
  let connection: Connection | undefined;
  try {
    connection = new DatabaseSync(place.lock, { timeout: 0 });
    connection.exec('pragma journal_mode = memory; begin exclusive');
    return connection;
  } catch (error) {
    connection?.close();
    const code = (error as { errcode?: number }).errcode;
    if (code === sqliteBusy) return undefined;
    throw lockFailure(place, code, error);
  }
}

function lockFailure(place: Place, code: number | undefined, cause: unknown): Error {
  if (code === sqliteReadOnly || code === sqliteCannotOpen) {
    return new EmbeddedPostgresError(
      `Coffer may not write to ${place.lock}.`,
      'Start it as the user who owns that folder, or set COFFER_HOME to your own folder.',
      { cause },
    );
  }
  return new EmbeddedPostgresError(
    `The file ${place.lock} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}.`,
    'Set COFFER_HOME to a folder on a local disk.',
    { cause },
  );
}

/** Node before 24.15 warns that SQLite is experimental; only its lock is used here. */
function loadSqlite() {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    if (emitWarning) Object.defineProperty(process, 'emitWarning', emitWarning);
  }
}

function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino;
}
