/** Keeps users repaired while the process lives: once at the start, then again and again. */
import { startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import type { Users } from './users.ts';

const everyMs = 30_000;

/** Returns at once; `stop` waits for a round that is under way. A round that fails is tried again at the next turn. */
export function keepRepaired(users: Users, log: Log, intervalMs = everyMs): Loop {
  return startLoop({
    everyMs: intervalMs,
    work: async () => {
      const report = await users.repair();
      if (report.activated + report.rolledBack > 0) log.info(report, 'Users left half made were finished');
      if (report.left > 0) log.warn(report, 'Users are left half made: the wallets service is away');
    },
    failed: (failure, isFirst) => {
      if (!(failure instanceof IdentityUnavailable)) log.error({ err: failure }, 'Users left half made could not be repaired');
      else if (isFirst) log.warn({ reason: failure.message }, 'Users left half made could not be looked for');
    },
  });
}
