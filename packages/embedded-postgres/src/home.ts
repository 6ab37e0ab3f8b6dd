import { createHash, randomBytes, randomInt } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { EmbeddedPostgresError } from './error.ts';
import { canEnter, isRoot } from './account.ts';
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

/** Used by root when PostgreSQL's user cannot enter the home; both survive a reboot. */
const sharedFolders = ['/var/lib/coffer', '/var/tmp/coffer'];

/** Below Linux's range for outgoing connections, so that none of those takes the port by chance. */
const portMin = 20_000;
const portMax = 32_000;

function placeAt(folder: string): Place {
  return {
    folder,
    data: path.join(folder, 'data'),
    log: path.join(folder, 'postgres.log'),
    credentials: path.join(folder, 'credentials.json'),
    lock: path.join(folder, 'owner.lock'),
    owner: path.join(folder, 'owner.pid'),
  };
}

/** Each possible location of this home's database, the usual one first. */
function possiblePlaces(home: string): Place[] {
  const name = createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 12);
  const elsewhere = isRoot() ? sharedFolders.map((folder) => path.join(folder, name)) : [];
  return [path.join(path.resolve(home), 'postgres'), ...elsewhere].map(placeAt);
}

/** The location that already holds a database for this home, or undefined. */
export function findPlace(home: string): Place | undefined {
  return possiblePlaces(home).find((place) => fs.existsSync(place.data));
}

/** Chooses and creates the location of a new database: in the home, or in a shared folder when PostgreSQL's user cannot enter the home. */
export function makePlace(home: string, account: Account | undefined): Place {
  const tried: string[] = [];
  for (const place of possiblePlaces(home)) {
    try {
      makeOwnFolder(place.folder);
    } catch (error) {
      if (place.folder === path.join(path.resolve(home), 'postgres')) throw homeFailure(home, error);
      tried.push(place.folder);
      continue;
    }
    if (!account || canEnter(account, place.folder)) return place;
    tried.push(place.folder);
    fs.rmdirSync(place.folder);
  }
  throw new EmbeddedPostgresError(
    `The user "${account?.name}" who must run PostgreSQL can reach none of ${tried.join(', ')}.`,
    'Set COFFER_HOME to a folder below one that every user may enter, such as /srv/coffer.',
  );
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
