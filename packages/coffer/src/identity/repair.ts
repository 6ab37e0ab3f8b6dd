/** Keeps users repaired while the process lives: once at the start, then again and again. */
import type { Log } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import type { Users } from './users.ts';

const everyMs = 30_000;

/** Returns at once; `stop` waits for a round that is under way. A round that fails is tried again at the next turn. */
export function keepRepaired(users: Users, log: Log, intervalMs = everyMs): { stop(): Promise<void> } {
  let round = repairOnce(users, log);
  const timer = setInterval(() => {
    round = round.then(() => repairOnce(users, log));
  }, intervalMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function repairOnce(users: Users, log: Log): Promise<void> {
  try {
    const report = await users.repair();
    if (report.activated + report.rolledBack > 0) log.info(report, 'Users left half made were finished');
    if (report.left > 0) log.warn(report, 'Users are left half made: the wallets service is away');
  } catch (failure) {
    if (!(failure instanceof IdentityUnavailable)) throw failure;
    log.warn({ reason: failure.message }, 'Users left half made could not be looked for');
  }
}
