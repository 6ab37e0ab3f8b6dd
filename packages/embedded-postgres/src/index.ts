// A PostgreSQL of Coffer's own: found in the install, created, started, watched, stopped; survives crashes of either side.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from '../../coffer/src/kernel/index.ts';
import type { Log } from '../../coffer/src/kernel/index.ts';
import { chooseAccount } from './account.ts';
import { findBinaries, reachableBinaries } from './binaries.ts';
import { createCluster, hasCluster } from './cluster.ts';
import type { Machinery } from './cluster.ts';
import { findPlace, homeFailure, keepCredentials, makePlace } from './home.ts';
import type { Credentials, Place } from './home.ts';
import { ensureLogins, loginUrl } from './logins.ts';
import { askServer, connectionUrl, ensureDatabase, takeOwnership } from './ownership.ts';
import { runningPort, runningPostmaster, serverAgeMs, stopPostmaster } from './postmaster.ts';
import { resetPassword } from './password.ts';
import { startServer } from './start.ts';
import type { StartedServer } from './start.ts';

const databaseName = 'coffer';
/** How long a killed owner may take to be noticed by PostgreSQL before a second copy is told that one is running. */
const ownerPatienceMs = 2_000;
/** A server younger than this may belong to a copy that is still starting. */
const newcomerMs = 1_000;
/** A server that listens no more is on its way out; after this long it is helped. */
const silencePatienceMs = 5_000;

export type EmbeddedOptions = {
  home: string;
  log: Log;
  /** When another copy runs on this home: refuse with a sentence (the default), or use its server without owning it. */
  whenRunning?: 'refuse' | 'join';
  /** When there is no database in this home yet: make one (the default), or refuse with a sentence. */
  whenAbsent?: 'create' | 'refuse';
  /** For test runs: small caches, initdb does not wait for the disk. Durability of commits is the same. */
  temporary?: boolean;
  /** Who may run PostgreSQL when Coffer runs as root, in order of preference. */
  accounts?: readonly string[];
};

export type Embedded = {
  /** As the superuser, who may do everything. */
  url: string;
  /** As a login that is a member of one role only. */
  loginUrl(role: 'writer' | 'reader'): string;
  /** Where the data is. */
  folder: string;
  /** True when the server belongs to another copy of Coffer. */
  joined: boolean;
  stop(): Promise<void>;
};

/**
 * Starts the embedded PostgreSQL of a home, creating it the first time. A server that a killed copy left running is stopped
 * cleanly and started anew, so there is one way of running; a server that dies is started again until `stop`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { home } = options;
  const found = findPlace(home);
  if (options.whenAbsent === 'refuse' && !(found && hasCluster(found))) {
    throw new OperatorError(
      `There is no database of Coffer's in ${home} yet.`,
      'Start Coffer once (npm start), or set DATABASE_URL to the database you mean.',
    );
  }
  const account = chooseAccount(found?.data ?? '', options.accounts);
  const place = found ?? makePlace(home, account);
  const machinery: Machinery = {
    place,
    account,
    log: options.log,
    binaries: reachableBinaries(findBinaries(), account, place.folder),
    temporary: options.temporary ?? false,
  };

  for (;;) {
    const running = runningPostmaster(place);
    const joined = running === undefined ? undefined : await meetRunningServer(place, running, options);
    if (joined) return joined;
    const server = await startServer(machinery, await prepareData(machinery, home));
    // Undefined: another copy was faster; the next round meets its server.
    if (server) return await takeServer(machinery, server, home);
  }
}

/** Makes a started server ours: ownership, the database itself, and somebody to watch over it. */
async function takeServer(machinery: Machinery, server: StartedServer, home: string): Promise<Embedded> {
  const watch = superviseServer(machinery, server);
  try {
    const taken = await takeOwnership(server.credentials, ownerPatienceMs);
    if ('owner' in taken) throw secondCopy(home, taken.owner);
    await ensureDatabase(server.credentials, databaseName);
    await ensureLogins(server.credentials);
    return {
      url: connectionUrl(server.credentials, databaseName),
      loginUrl: (role) => loginUrl(server.credentials, databaseName, role),
      folder: machinery.place.folder,
      joined: false,
      async stop() {
        await taken.ownership.release();
        await watch.stop();
      },
    };
  } catch (error) {
    await watch.stop();
    throw error;
  }
}

/** A server already runs on the data: it is another copy's (joined or refused), or an orphan, which is stopped. */
async function meetRunningServer(place: Place, pid: number, options: EmbeddedOptions): Promise<Embedded | undefined> {
  const { home, log } = options;
  const { credentials: kept } = await keepCredentials(place);
  const credentials = { ...kept, port: runningPort(place) ?? kept.port };
  if (await answersInTime(place, pid, credentials)) {
    const taken = await takeOwnership(credentials, ownerPatienceMs).catch(() => undefined);
    if (taken && 'owner' in taken) {
      if (options.whenRunning !== 'join') throw secondCopy(home, taken.owner);
      const url = connectionUrl(credentials, databaseName);
      return {
        url,
        loginUrl: (role) => loginUrl(credentials, databaseName, role),
        folder: place.folder,
        joined: true,
        stop: async () => undefined,
      };
    }
    if (taken) await taken.ownership.release();
  }
  if (runningPostmaster(place) !== pid) return undefined;
  log.info({ server: pid }, 'A PostgreSQL left behind by a copy that was killed is stopped first');
  await stopPostmaster(pid);
  return undefined;
}

/** Waits for a server that is starting or stopping; false when it went away, does not know us, or listens no more. */
async function answersInTime(place: Place, pid: number, credentials: Credentials): Promise<boolean> {
  let silentUntil = performance.now() + silencePatienceMs;
  for (let first = true; runningPostmaster(place) === pid; first = false) {
    const said = await askServer(credentials);
    if (said === 'ready') {
      // A copy that has just started this server takes its ownership first thing; it is given the time to.
      if (!first || serverAgeMs(place) < newcomerMs) await sleep(newcomerMs);
      return true;
    }
    if (said === 'foreign') return false;
    if (said === 'busy') silentUntil = performance.now() + silencePatienceMs;
    if (performance.now() > silentUntil) return false;
    await sleep(50);
  }
  return false;
}

function secondCopy(home: string, owner: string): OperatorError {
  return new OperatorError(
    `Another copy of Coffer (${owner}) is running on ${home}.`,
    'Stop it first, or give this copy a home of its own with COFFER_HOME, or a shared database with DATABASE_URL.',
  );
}

async function prepareData(machinery: Machinery, home: string): Promise<Credentials> {
  const { place, log } = machinery;
  try {
    const existed = hasCluster(place);
    const { credentials, fresh } = await keepCredentials(place);
    if (!existed) await createCluster(machinery, credentials.password);
    else if (fresh) {
      log.warn('The password of the embedded database was lost; it gets a new one');
      await resetPassword(machinery, credentials.password);
    }
    return credentials;
  } catch (error) {
    throw homeFailure(home, error);
  }
}

/** Keeps the server running until stopped: one that dies (killed, out of memory, disk full for a while) is started again. */
function superviseServer(machinery: Machinery, server: StartedServer) {
  const { log } = machinery;
  let child = server.child;
  let stopping = false;
  let restarting: Promise<void> | undefined;

  const watch = () => {
    child.once('exit', (code, killedBy) => {
      if (stopping) return;
      log.error({ code, signal: killedBy }, 'PostgreSQL ended unexpectedly; it is started again');
      restarting = restart().finally(() => (restarting = undefined));
    });
  };
  const restart = async () => {
    for (let pauseMs = 100; !stopping; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      try {
        // The port stays: every connection of this process and of its neighbours knows it.
        const again = await startServer(machinery, server.credentials, { keepPort: true });
        if (!again) throw new Error('another copy of Coffer has started it');
        child = again.child;
        if (!stopping) watch();
        log.info('PostgreSQL is back');
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, `PostgreSQL does not start; the next try is in ${pauseMs} ms`);
        await sleep(pauseMs);
      }
    }
  };
  watch();
  return {
    async stop() {
      stopping = true;
      await restarting;
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await stopPostmaster(child.pid);
    },
  };
}

/** Deletes the embedded database of a home; refuses while a copy of Coffer uses it. Answers the folders that were removed. */
export async function removeEmbedded(options: { home: string; log: Log }): Promise<string[]> {
  const place = findPlace(options.home);
  if (!place) return [];
  const running = runningPostmaster(place);
  if (running !== undefined) await meetRunningServer(place, running, { ...options, whenRunning: 'refuse' });
  try {
    fs.rmSync(place.folder, { recursive: true, force: true });
  } catch (error) {
    throw homeFailure(options.home, error);
  }
  return [place.folder];
}
