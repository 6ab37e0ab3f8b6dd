import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAccount } from './account.ts';
import { findBinaries, reachableBinaries } from './binaries.ts';
import { createCluster, hasCluster } from './cluster.ts';
import type { Machinery } from './cluster.ts';
import { nextStep, silentMaxMs } from './contention.ts';
import { EmbeddedPostgresError } from './error.ts';
import { ensureCredentials, findPlace, homeFailure, makePlace, openHome, placeInside, readCredentials, refuseClosedHome } from './home.ts';
import type { Credentials, Outside, Place } from './home.ts';
import { launchServer } from './launch.ts';
import type { EmbeddedLog } from './log.ts';
import { announcedOwner, tryOwnerLock } from './owner-lock.ts';
import type { OwnerLock } from './owner-lock.ts';
import { resetPassword } from './password.ts';
import { readPidFile, runningPostmaster, stopPostmaster } from './postmaster.ts';
import { foreignDatabase, forgetRecord, isAnotherCluster, missingDatabase, readRecord, recordedPlace, writeRecord } from './record.ts';
import { probeServer, connectionUrl, ensureDatabase } from './server-client.ts';
import { superviseServer } from './supervise.ts';

const databaseName = 'coffer';
const lookAgainMs = 50;

export type EmbeddedOptions = {
  home: string;
  log: EmbeddedLog;
  /** When another process runs the server of this home: refuse (the default), or use its server without owning it. */
  whenRunning?: 'refuse' | 'join';
  /** When this home has no database yet: create one (the default), or refuse. */
  whenAbsent?: 'create' | 'refuse';
  /**
   * For root: whether a new database may be outside the home when PostgreSQL's user cannot reach the home. `refuse` (the default) for a home
   * that the operator chose.
   */
  outside?: Outside;
  /** Runs in the owner once its server answers and before others may join it. `url` is the superuser's. */
  prepare?: (url: string) => Promise<void>;
  /** For test runs: small caches, and initdb does not wait for the disk. Commits are equally durable. */
  temporary?: boolean;
  /** Users that may run PostgreSQL when this process runs as root, in order of preference. */
  accounts?: readonly string[];
};

export type Embedded = {
  /** As the superuser, with all rights. */
  url: string;
  /** The location of the data. */
  folder: string;
  /** True when the server belongs to another process. */
  joined: boolean;
  stop(): Promise<void>;
};

/**
 * Starts the embedded PostgreSQL of a home, creating it the first time, or joins the one that another process runs there. Only the process
 * that holds the home's lock starts, restarts or stops the server; it holds it for its whole life. A server that a killed owner left
 * running is stopped cleanly and started again; one that dies is restarted until `stop`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { home, log, accounts } = options;
  const found = locate(home);
  const mustExist = options.whenAbsent === 'refuse';
  if (mustExist && !(found && hasCluster(found))) throw noDatabase(home);
  const account = chooseAccount(found?.data ?? '', accounts);
  if (found && account && found.folder === placeInside(home).folder && !openHome(home, account)) refuseClosedHome(home, account);
  const place = found ?? makePlace(home, account, options.outside);
  const met = await meet(place, options);
  if ('joined' in met) return joinedServer(place, met.joined);
  try {
    // It may have been removed while this process waited for the lock.
    if (mustExist && !hasCluster(place)) throw noDatabase(home);
    await stopOrphan(place, log);
    const binaries = reachableBinaries(findBinaries(), account, place.folder);
    const machinery: Machinery = { place, account, log, binaries, temporary: options.temporary ?? false };
    return await ownedServer(machinery, met.lock, options);
  } catch (error) {
    met.lock.release();
    throw error;
  }
}

/** The existing database of a home: the recorded one, which must be there, or the one that the search finds in a home without a record. */
function locate(home: string): Place | undefined {
  const record = readRecord(home);
  if (!record) return findPlace(home);
  const place = recordedPlace(home, record);
  if (!hasCluster(place)) throw missingDatabase(home, place);
  return place;
}

/** Takes the home's lock, or finds the server of its holder ready; waits for either for a bounded time. Does not touch any server. */
async function meet(
  place: Place,
  options: Pick<EmbeddedOptions, 'home' | 'whenRunning'>,
): Promise<{ lock: OwnerLock } | { joined: Credentials }> {
  const { home, whenRunning = 'refuse' } = options;
  const since = performance.now();
  let answeredAt = since;
  for (;;) {
    const lock = tryOwnerLock(place);
    if (lock) return { lock };
    const credentials = whenRunning === 'join' ? currentCredentials(place) : undefined;
    const server = credentials ? await probeServer(credentials) : 'silent';
    const now = performance.now();
    if (server === 'ready' || server === 'busy') answeredAt = now;
    const owner = announcedOwner(place);
    const step = nextStep({ whenRunning, isAnnounced: owner !== undefined, heldMs: now - since, silentMs: now - answeredAt, server });
    if (step === 'join' && credentials) return { joined: credentials };
    if (step === 'refuse') throw secondCopy(home, owner);
    if (step === 'give up') throw silentServer(home, owner);
    await sleep(lookAgainMs);
  }
}

/** The running server's recorded port counts: the stored one may be about to change. */
function currentCredentials(place: Place): Credentials | undefined {
  const stored = readCredentials(place);
  return stored && { ...stored, port: readPidFile(place).port ?? stored.port };
}

function joinedServer(place: Place, credentials: Credentials): Embedded {
  return { url: connectionUrl(credentials, databaseName), folder: place.folder, joined: true, stop: () => Promise.resolve() };
}

/** Starts the server and keeps it running. The lock is released only after the server has stopped. */
async function ownedServer(machinery: Machinery, lock: OwnerLock, options: EmbeddedOptions): Promise<Embedded> {
  const server = await launchServer(machinery, await prepareData(machinery, options.home));
  const watch = superviseServer(machinery, server);
  try {
    await ensureDatabase(server.credentials, databaseName);
    const url = connectionUrl(server.credentials, databaseName);
    await options.prepare?.(url);
    lock.announce();
    return {
      url,
      folder: machinery.place.folder,
      joined: false,
      async stop() {
        lock.withdraw();
        await watch.stop();
        lock.release();
      },
    };
  } catch (error) {
    await watch.stop();
    throw error;
  }
}

/** The caller holds the lock, so a server that runs here has no owner: a killed process left it behind. */
async function stopOrphan(place: Place, log: EmbeddedLog): Promise<void> {
  const running = runningPostmaster(place);
  if (running === undefined) return;
  log.info({ server: running }, 'Stopping the PostgreSQL that a killed process left running');
  await stopPostmaster(running);
}

function noDatabase(home: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `There is no Coffer database in ${home} yet.`,
    'Start Coffer once (npm start), or set DATABASE_URL to the intended database.',
  );
}

function secondCopy(home: string, owner: number | undefined): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    owner === undefined
      ? `Another copy of Coffer is starting or stopping on ${home}.`
      : `Another copy of Coffer (process ${owner}) is running on ${home}.`,
    'Stop it first, or give this copy its own home with COFFER_HOME, or a shared database with DATABASE_URL.',
  );
}

function silentServer(home: string, owner: number | undefined): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Coffer${owner === undefined ? '' : ` (process ${owner})`} runs on ${home}, but its PostgreSQL has not become ready within ${silentMaxMs / 1_000} s.`,
    'Try again when the machine is less busy; if that does not help, restart that copy of Coffer.',
  );
}

async function prepareData(machinery: Machinery, home: string): Promise<Credentials> {
  const { place, log } = machinery;
  try {
    const existed = hasCluster(place);
    const record = readRecord(home);
    if (record && !existed) throw missingDatabase(home, place);
    if (record && isAnotherCluster(place, record)) throw foreignDatabase(home, place, record);
    const { credentials, fresh } = await ensureCredentials(place);
    if (!existed) await createCluster(machinery, credentials.password);
    else if (fresh) {
      log.warn({}, 'The password of the embedded database was lost; setting a new one');
      await resetPassword(machinery, credentials.password);
    }
    if (!record) {
      writeRecord(home, place);
      if (place.folder !== placeInside(home).folder) log.info({ folder: place.folder }, `The database of ${home} is outside it`);
    }
    return credentials;
  } catch (error) {
    throw homeFailure(home, error);
  }
}

/**
 * Deletes the embedded database of a home, and the home's record of it; refuses while a process runs its server. Returns the removed folders.
 * A database outside the home that is not the recorded one belongs to another home and stays.
 */
export async function removeEmbedded({ home, log }: { home: string; log: EmbeddedLog }): Promise<string[]> {
  const record = readRecord(home);
  const place = record ? recordedPlace(home, record) : findPlace(home);
  const isInside = place?.folder === placeInside(home).folder;
  if (!place || !fs.existsSync(place.folder) || (record && !isInside && isAnotherCluster(place, record))) {
    forgetRecord(home);
    return [];
  }
  const met = await meet(place, { home });
  if ('joined' in met) return [];
  try {
    await stopOrphan(place, log);
    forgetRecord(home);
    fs.rmSync(place.folder, { recursive: true, force: true });
  } catch (error) {
    throw homeFailure(home, error);
  } finally {
    met.lock.release();
  }
  return [place.folder];
}
