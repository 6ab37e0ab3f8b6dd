/** Evaluates the rules on the event log as it grows: findings and their consequences. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import type { Projection } from '../../projections/index.ts';
import { writeConsequences } from './consequences.ts';
import { countedMax } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { insertFindings, isRead, keptOf, readMissed } from './finding-store.ts';
import type { KeptFinding } from './finding-store.ts';
import { RuleHistory, retentionOf } from './history.ts';
import type { RuleVersion } from './history.ts';
import { forgetMovements, insertMovements, pruneMovements, readRecent } from './movement-store.ts';
import { movementOf } from './movements.ts';
import { lockRules, readVersions } from './rule-store.ts';

const forgottenAtOnce = 10_000;
const comparedAtOnce = 5_000;

/**
 * Consequences follow from the findings of the active generation, each once: when an event is applied to it, however late, and
 * when a rebuilt one becomes active, from findings that the previous one lacked, such as on a quarantined event. Findings that a
 * rebuild repeats have already had their consequences. `acted`: called after a commit that may have left an action to do.
 */
export function fraudProjection(acted: () => void = () => undefined): Projection {
  return {
    name: 'fraud',
    tables: ['insights.fraud_finding'],
    async apply(client, events, generation) {
      const first = events[0];
      const last = events.at(-1);
      if (!first || !last) return;
      await lockRules(client, 'shared');
      const history = new RuleHistory(await readVersions(client));
      const findings = await find(client, history, events, generation);
      await insertFindings(client, generation, findings);
      await client.query('insert into insights.fraud_generation (generation) values ($1) on conflict do nothing', [generation]);
      // A generation being built has its consequences when it becomes active, or never.
      if (await isRead(client, generation)) await writeConsequences(client, findings.map(keptOf));
      await moveMark(client, last);
    },
    async switching(client, from, to) {
      for (let after: KeptFinding | undefined, more = true; more;) {
        const missed = await readMissed(client, { from, to, after, limit: comparedAtOnce });
        await writeConsequences(client, missed);
        more = missed.length === comparedAtOnce;
        after = missed.at(-1);
      }
      await moveMarksBack(client, to);
    },
    applied: acted,
    async forget(client, generation) {
      // First, so that readers use the next generation from now on.
      await client.query('delete from insights.fraud_generation where generation = $1', [generation]);
      const movements = await forgetMovements(client, generation, forgottenAtOnce);
      const { rowCount } = await client.query(
        `delete from insights.fraud_finding where (generation, book, seq, part, rule) in (
           select generation, book, seq, part, rule from insights.fraud_finding where generation = $1 limit $2)`,
        [generation, forgottenAtOnce],
      );
      return movements > 0 || (rowCount ?? 0) > 0;
    },
  };
}

/** Events of one book. Movements that no rule can count are not stored. */
async function find(client: pg.ClientBase, history: RuleHistory, events: readonly LedgerEvent[], generation: number): Promise<Finding[]> {
  const first = events[0];
  assert(first, 'there is at least one movement');
  const { book } = first;
  const versions = history.inForceFrom(first);
  const counted = new Set(versions.flatMap(({ definition }) => definition.movements));
  const movements = events.flatMap((event) => {
    const movement = movementOf(event);
    return movement && counted.has(movement.kind) ? [movement] : [];
  });
  if (movements.length === 0) return [];

  const retention = retentionOf(versions);
  const kept = movements.filter(({ kind }) => retention.has(kind));
  const recent = new RecentMovements();
  const kinds = [...retention.keys()];
  const wallets = [...new Set(kept.map(({ wallet }) => wallet))];
  const limit = lookedBackAt(versions);
  for (const movement of await readRecent(client, { generation, book, wallets, kinds, limit, before: first })) recent.add(movement);
  const findings = evaluate(history, recent, movements);
  await insertMovements(client, generation, kept);
  const cutoffs = kinds.map((kind) => new Date(first.recordedAt.getTime() - (retention.get(kind) ?? 0) * 1_000));
  await pruneMovements(client, { generation, book, kinds, cutoffs, limit: 2 * kept.length + 100 });
  return findings;
}

/** How many earlier movements can matter. */
function lookedBackAt(versions: readonly RuleVersion[]): number {
  return Math.max(0, ...versions.map((version) => (version.kind === 'velocity' ? version.definition.count : countedMax) - 1));
}

/** A mark beyond the end of the log goes back to where the generation is. */
async function moveMarksBack(client: pg.ClientBase, generation: number): Promise<void> {
  await client.query(
    `update insights.fraud_mark mark set seq = g.seq, part = g.part from projections.progress g
     where g.projection = 'fraud' and g.generation = $1 and g.book = mark.book
       and mark.seq > ledger.end_of(mark.book)`,
    [generation],
  );
}

/** How far the book was evaluated, by whichever generation came first. */
async function moveMark(client: pg.ClientBase, { book, seq, part, recordedAt }: LedgerEvent): Promise<void> {
  await client.query(
    `insert into insights.fraud_mark as mark (book, seq, part, recorded_at) values ($1, $2, $3, $4)
     on conflict (book) do update set seq = excluded.seq, part = excluded.part, recorded_at = greatest(mark.recorded_at, excluded.recorded_at)
     where (mark.seq, mark.part) < (excluded.seq, excluded.part)`,
    [book, seq, part, recordedAt],
  );
}
