/** Deletes e-mails about accounts and expired links by age, so that their tables stay bounded. */
import type pg from 'pg';
import { Retention, SteadyClock } from '../background/index.ts';
import type { Log } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import { ProofStore } from './proof-store.ts';
import { Queries } from './queries.ts';

const keptDays = 30;
const dayMs = 86_400_000;
const everyMs = 600_000;
const atOnce = 5_000;

export function keepAccountMailBounded(pool: pg.Pool, log: Log): Retention {
  const queries = new Queries(pool);
  const proofs = new ProofStore(pool);
  return new Retention({
    atOnce,
    everyMs,
    clock: new SteadyClock(pool),
    forget: async (_atOnce, now) => {
      const before = new Date(now.getTime() - keptDays * dayMs);
      const links = await proofs.forgetExpired(before, atOnce);
      const mails = await queries.write({
        text: `
          delete from identity.mail where id in (select id from identity.mail where created_at < $1 order by created_at limit $2) returning id`,
        values: [before, atOnce],
      });
      return Math.max(links, mails.length);
    },
    failed: (failure) =>
      log[failure instanceof IdentityUnavailable ? 'warn' : 'error'](
        { err: failure },
        'Deleting old e-mails about accounts failed; it will be retried',
      ),
  });
}
