import { createHash, randomBytes, randomInt } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { EmbeddedPostgresError } from './error.ts';
import { canEnter, isRoot, letIn } from './account.ts';
import type { Account } from './account.ts';

/** The location of an embedded server, and how to connect to it. */
export type Place = {
  folder: string;
  data: string;
  log: string;
  credentials: string;
  /** Locked by the owner for its whole life. */
  lock: string;
  /** Contains the owner's process id while its server is ready. For messages; the lock decides. */
  owner: string;
};
export type Credentials = { port: number; password: string };

/** Used by root when PostgreSQL's user cannot enter the default home; both survive a reboot. */
const sharedFolders = ['/var/lib/coffer', '/var/tmp/coffer'];

/** Below Linux's range for outgoing connections, so that none of those takes the port by chance. */
const portMin = 20_000;
const portMax = 32_000;

export function placeAt(folder: string): Place {
  return {
    folder,
    data: path.join(folder, 'data'),
    log: path.join(folder, 'postgres.log'),
    credentials: path.join(folder, 'credentials.json'),
    lock: path.join(folder, 'owner.lock'),
    owner: path.join(folder, 'owner.pid'),
  };
}

/** The usual location of a home's database. */
export function placeInside(home: string): Place {
  return placeAt(path.join(path.resolve(home), 'postgres'));
}

/** Locations below the shared folders, for this path of the home. */
function placesOutside(home: string): Place[] {
  const name = createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 12);
  return isRoot() ? sharedFolders.map((folder) => placeAt(path.join(folder, name))) : [];
}

/** The location that already holds a database for a home without a record, or undefined. */
export function findPlace(home: string): Place | undefined {
  return [placeInside(home), ...placesOutside(home)].find((place) => fs.existsSync(place.data));
}

/** Whether a new database may be outside the home: `allow` for a home that the operator did not choose. */
export type Outside = 'allow' | 'refuse';

/**
 * Chooses and creates the location of a new database: inside the home, which is opened for PostgreSQL's user to pass through. When that
 * user cannot pass a folder above the home, the location is a shared folder, or a refusal.
 */
export function makePlace(home: string, account: Account | undefined, outside: Outside = 'refuse'): Place {
  const inside = placeInside(home);
  try {
    makeOwnFolder(inside.folder);
    if (!account || openHome(home, account)) return inside;
  } catch (error) {
    throw homeFailure(home, error);
  }
  fs.rmdirSync(inside.folder);
  return (outside === 'allow' ? makePlaceOutside(home, account) : undefined) ?? refuseClosedHome(home, account);
}

function makePlaceOutside(home: string, account: Account): Place | undefined {
  for (const place of placesOutside(home)) {
    try {
      makeOwnFolder(place.folder);
    } catch {
      continue;
    }
    if (canEnter(account, place.folder)) return place;
    fs.rmdirSync(place.folder);
  }
  return undefined;
}

/** Lets PostgreSQL's user pass through the home to the database inside it. False when a folder above the home is closed to it. */
export function openHome(home: string, account: Account): boolean {
  const { folder } = placeInside(home);
  if (canEnter(account, folder)) return true;
  letIn(path.resolve(home));
  letIn(folder);
  return canEnter(account, folder);
}

/** Names the folder to open, because the home is where the operator wants the database. */
export function refuseClosedHome(home: string, account: Account): never {
  const closed = foldersTo(path.resolve(home)).find((folder) => !canEnter(account, folder)) ?? home;
  throw new EmbeddedPostgresError(
    `PostgreSQL runs as the user "${account.name}" when Coffer runs as root, and that user cannot enter ${closed}.`,
    `Let it pass (chmod o+x ${closed}), set COFFER_HOME to a folder that every user may reach, such as /srv/coffer, or start Coffer as an ordinary user.`,
  );
}

/** The folder and its parents, the root first. */
function foldersTo(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [...foldersTo(parent), folder];
}

/** Creates a place's folder, closed to others, if it is missing. */
export function makeOwnFolder(folder: string): void {
  // PostgreSQL's user may traverse root's folders (but not list them); an ordinary user's are closed.
  makeFolder(folder, isRoot() ? 0o711 : 0o700);
  const made = fs.lstatSync(folder);
  if (!made.isDirectory() || (isRoot() && made.uid !== 0 && folder.startsWith('/var/tmp/'))) {
    throw new EmbeddedPostgresError(`${folder} is not a folder owned by root.`, 'Remove it, or set COFFER_HOME to another folder.');
  }
}

/** Creates a folder and its parents; Node's recursive mkdir never returns below a folder that always reports ENOENT, as /proc does. */
function makeFolder(folder: string, mode: number): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    fs.mkdirSync(folder, { mode });
  } catch (error) {
    // Another process created it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Turns a file system error about the home into a message. */
export function homeFailure(home: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EmbeddedPostgresError(
      `Coffer may not write to its home ${home}.`,
      'Start it as the user who owns that folder, or set COFFER_HOME to your own folder.',
      { cause: error },
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EmbeddedPostgresError(`The disk that holds ${home} is full.`, 'Free some space and start again; nothing was lost.', {
      cause: error,
    });
  }
  if (code === 'ENOENT') {
    return new EmbeddedPostgresError(`Coffer's home ${home} cannot be created there.`, 'Set COFFER_HOME to a folder on a disk.', {
      cause: error,
    });
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new EmbeddedPostgresError(`Coffer's home ${home} is not a folder.`, 'Move that file away, or set COFFER_HOME.', {
      cause: error,
    });
  }
  return error;
}

/** The port and password, generated once per home and stored beside the data, readable by its owner only. */
export async function ensureCredentials(place: Place): Promise<{ credentials: Credentials; fresh: boolean }> {
  const stored = readCredentials(place);
  if (stored) return { credentials: stored, fresh: false };
  const made = { port: await freePort(), password: randomBytes(24).toString('base64url') };
  writeCredentials(place, made);
  return { credentials: made, fresh: true };
}

/** Undefined when the file is absent or not valid JSON. */
export function readCredentials(place: Place): Credentials | undefined {
  try {
    const stored = JSON.parse(fs.readFileSync(place.credentials, 'utf8')) as Partial<Credentials>;
    if (typeof stored.port === 'number' && typeof stored.password === 'string') return { port: stored.port, password: stored.password };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
  }
  return undefined;
}

/** Only the owner writes them; a crash leaves the old ones or the new ones, never a mix. */
export function writeCredentials(place: Place, credentials: Credentials): void {
  const unfinished = `${place.credentials}.new-${process.pid}`;
  fs.writeFileSync(unfinished, `${JSON.stringify(credentials)}\n`, { mode: 0o600 });
  fs.renameSync(unfinished, place.credentials);
}

/** A currently unused port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(portMin, portMax);
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedPostgresError(
    `No free port between ${portMin} and ${portMax} was found for the embedded PostgreSQL.`,
    'Close some programs, or set DATABASE_URL to your own PostgreSQL.',
  );
}

export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
