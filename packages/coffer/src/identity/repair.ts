/** Repairs users while the process is running: once at the start, then repeatedly. */
import { startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import type { Users } from './users.ts';

const everyMs = 30_000;

/** Returns immediately; `stop` waits for a round in progress. A failed round is retried in the next one. */
export function keepRepaired(users: Users, log: Log, intervalMs = everyMs): Loop {
  return startLoop({
    everyMs: intervalMs,
    work: async () => {
      const report = await users.repair();
      if (report.activated + report.rolledBack > 0) log.info(report, 'Finished users whose creation was interrupted');
      if (report.left > 0) log.warn(report, 'Some users are still incomplete: the wallets service is unavailable');
    },
    failed: (failure, isFirst) => {
      if (!(failure instanceof IdentityUnavailable)) log.error({ err: failure }, 'Repairing incomplete users failed');
      else if (isFirst) log.warn({ reason: failure.message }, 'Cannot look for incomplete users');
    },
  });
}
