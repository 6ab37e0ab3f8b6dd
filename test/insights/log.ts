/** A ledger whose log a test applies to projections by hand, in portions of any size. */
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import type { Commands } from '../../packages/coffer/src/operations/index.ts';
import type pg from 'pg';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';
import { openInsights, Reviews } from '../../packages/coffer/src/insights/index.ts';
import type { Insights } from '../../packages/coffer/src/insights/index.ts';
import { isSetAside } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { createTestDatabase } from '../support/database.ts';

export type Log = {
  readonly ledger: Ledger;
  readonly commands: Commands;
  readonly reviews: Reviews;
  readonly insights: Insights;
  /** Works like a running Coffer. */
  readonly pool: pg.Pool;
  readonly owner: pg.Pool;
  readonly url: string;
  /** The events of a book after those of the last call, or from the beginning. */
  events(afterSeq?: number): Promise<LedgerEvent[]>;
  apply(projection: Projection, events: readonly LedgerEvent[], generation?: number): Promise<void>;
  stop(): Promise<void>;
};

export async function startLog(): Promise<Log> {
  const database = await createTestDatabase();
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, silentLog());
  const ledger = await openLedger({ url, log: silentLog(), patienceMs: 60_000 });
  const dollars = ledger.assets.find('USD');
  assert(dollars, 'the migrations bring USD');
  const reviews = new Reviews(pool, (book, seq) => isSetAside(pool, 'fraud', book, seq));
  // As the projector creates it.
  await database.pool.query("insert into projections.projection (name, active_generation, last_generation) values ('fraud', 1, 1)");
  return {
    ledger,
    reviews,
    commands: createCommands({ ledger, defaultAsset: dollars, reviews }),
    insights: openInsights(pool, ledger),
    pool,
    owner: database.pool,
    url: database.url,
    events: async (afterSeq = 0) => {
      const events: LedgerEvent[] = [];
      for (let page = await ledger.read.in({ book: 1 }).events(afterSeq, 32_767, 500); page.length > 0;) {
        events.push(...page);
        const last = page.at(-1);
        page = last ? await ledger.read.in({ book: 1 }).events(last.seq, last.part, 500) : [];
      }
      return events;
    },
    apply: async (projection, events, generation = 1) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await projection.apply(client, events, generation);
        await client.query('commit');
      } catch (failure) {
        await client.query('rollback');
        throw failure;
      } finally {
        client.release();
      }
    },
    stop: async () => {
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}
