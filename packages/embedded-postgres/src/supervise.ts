import { setTimeout as sleep } from 'node:timers/promises';
import type { Machinery } from './cluster.ts';
import { launchServer } from './launch.ts';
import type { StartedServer } from './launch.ts';
import { stopPostmaster } from './postmaster.ts';

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** Keeps the server running until stopped: one that dies (killed, out of memory, disk temporarily full) is restarted. */
export function superviseServer(machinery: Machinery, server: StartedServer): { stop(): Promise<void> } {
  const { log } = machinery;
  let child = server.child;
  let stopping = false;
  let restarting: Promise<void> | undefined;

  const watch = () => {
    child.once('exit', (code, killedBy) => {
      if (stopping) return;
      log.error({ code, signal: killedBy }, 'PostgreSQL ended unexpectedly; restarting it');
      restarting = restart().finally(() => (restarting = undefined));
    });
  };
  const restart = async () => {
    for (let pauseMs = firstPauseMs; !stopping; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        // The port is unchanged: connections of this process and of joined ones use it.
        child = (await launchServer(machinery, server.credentials, { keepPort: true })).child;
        if (!stopping) watch();
        log.info({}, 'PostgreSQL is running again');
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, `PostgreSQL does not start; retrying in ${pauseMs} ms`);
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
