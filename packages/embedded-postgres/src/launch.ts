import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './error.ts';
import type { Machinery } from './cluster.ts';
import { freePort, isPortFree, writeCredentials } from './home.ts';
import type { Credentials } from './home.ts';
import { probeServer } from './server-client.ts';
import { ended, launch, logSince, logSize, removeStaleLock, stopPostmaster } from './postmaster.ts';

/** Backends of a killed server exit within moments; until then PostgreSQL refuses to start on their memory. */
const leftoversPatienceMs = 15_000;
const recoveryNoticeMs = 5_000;

export type StartedServer = { child: ChildProcess; credentials: Credentials };

/**
 * Starts the server on its data and waits until it answers. If another program has taken the port, chooses a free one, unless `keepPort`.
 * Only the owner of the home calls it, while no server runs there.
 */
export async function launchServer(
  machinery: Machinery,
  credentials: Credentials,
  options: { keepPort?: boolean } = {},
): Promise<StartedServer> {
  const { place, log } = machinery;
  const giveUpAt = performance.now() + leftoversPatienceMs;
  let current = credentials;
  for (;;) {
    removeStaleLock(place);
    if (!options.keepPort && !(await isPortFree(current.port))) {
      const port = await freePort();
      log.warn({}, `Port ${current.port} of the embedded PostgreSQL is taken by another program; it uses ${port} from now on`);
      current = { ...current, port };
      writeCredentials(place, current);
    }
    const offset = logSize(place);
    const child = launch(machinery, current.port);
    const ready = await waitUntilReady(machinery, child, current);
    if (ready) return { child, credentials: current };

    const said = logSince(place, offset);
    const passing = /pre-existing shared memory block|lock file "postmaster.pid"|Address already in use/;
    if (!passing.test(said) || performance.now() > giveUpAt) throw startFailure(machinery, said);
    await sleep(100);
  }
}

/** True when the server answers; false when it exited before. Recovery after a crash may take any time. */
async function waitUntilReady(machinery: Machinery, child: ChildProcess, credentials: Credentials): Promise<boolean> {
  let spawnFailure: Error | undefined;
  child.once('error', (error) => (spawnFailure = error));
  let noticeAt = performance.now() + recoveryNoticeMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs + 10, 200)) {
    await sleep(pauseMs);
    if (spawnFailure) throw spawnFailure;
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const said = await probeServer(credentials);
    // Another server could answer on this port while ours is about to fail on it.
    if (said === 'ready') return child.exitCode === null && child.signalCode === null;
    if (said === 'foreign') {
      if (child.pid !== undefined) await stopPostmaster(child.pid);
      await ended(child);
      throw new EmbeddedPostgresError(
        `The database in ${machinery.place.data} does not accept the password stored in ${machinery.place.credentials}.`,
        'Remove that file: the next start sets a new password.',
      );
    }
    if (performance.now() > noticeAt) {
      machinery.log.info({}, 'PostgreSQL is still recovering from its last stop');
      noticeAt = performance.now() + recoveryNoticeMs;
    }
  }
}

function startFailure(machinery: Machinery, said: string): EmbeddedPostgresError {
  const { place } = machinery;
  const reason = said
    .split('\n')
    .findLast((line) => /(FATAL|PANIC|ERROR):/.test(line))
    ?.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '');
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return new EmbeddedPostgresError(
      `The disk that holds ${place.folder} is full, so PostgreSQL cannot start.`,
      'Free some space and start again; nothing was lost.',
    );
  }
  if (/shared memory|semaphores|Cannot allocate memory/.test(said)) {
    return new EmbeddedPostgresError(
      `PostgreSQL did not get the memory it needs: ${reason ?? 'see its log'}`,
      `Free some memory. Its log is ${place.log}.`,
    );
  }
  if (/Permission denied|wrong ownership|invalid permissions/.test(said)) {
    return new EmbeddedPostgresError(
      `PostgreSQL may not use its data folder ${place.data}: ${reason ?? 'permission denied'}`,
      'Change the owner of the folder and everything in it to the user who runs PostgreSQL, with mode 0700.',
    );
  }
  return new EmbeddedPostgresError(
    `The database in ${place.data} does not start: ${reason ?? 'PostgreSQL ended without a message.'}`,
    `Its log is ${place.log}. Restore the folder from a backup, or start with an empty ledger: npm run reset.`,
  );
}
