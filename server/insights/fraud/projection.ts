/** The rules, applied to the event log as it grows: what they find, and what is to follow from it. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import type { Projection } from '../../projections/index.ts';
import { tellStaff } from '../notifications/store.ts';
import { countedMax } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { insertFindings } from './finding-store.ts';
import { RuleHistory, retentionOf } from './history.ts';
import type { RuleVersion } from './history.ts';
import { forgetMovements, insertMovements, pruneMovements, readRecent } from './movement-store.ts';
import { movementOf } from './movements.ts';
import { lockRules, readVersions } from './rule-store.ts';

const forgottenAtOnce = 10_000;

/** `acted`: after a commit that may have left an action to be done. */
export function fraudProjection(acted: () => void = () => undefined): Projection {
  return {
    name: 'fraud',
    async apply(client, events, generation, isLate = false) {
      const first = events[0];
      const last = events.at(-1);
      if (!first || !last) return;
      await lockRules(client, 'shared');
      const history = new RuleHistory(await readVersions(client));
      const findings = await find(client, history, events, generation);
      await insertFindings(client, generation, findings);
      await client.query('insert into insights.fraud_generation (generation) values ($1) on conflict do nothing', [generation]);
      await takeEffect(client, last, findings, isLate);
    },
    applied: acted,
    async forget(client, generation) {
      // First, so that the next generation is read from now on.
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

/** Events of one book. What no rule can count is not kept. */
async function find(client: pg.ClientBase, history: RuleHistory, events: readonly LedgerEvent[], generation: number): Promise<Finding[]> {
  const first = events[0];
  assert(first, 'there is something to look at');
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

/** How many movements before one can matter. */
function lookedBackAt(versions: readonly RuleVersion[]): number {
  return Math.max(0, ...versions.map((version) => (version.kind === 'velocity' ? version.definition.count : countedMax) - 1));
}

/**
 * Only for what no generation has come to before: a rebuild finds again what was found, and nothing follows from it a second time. The
 * mark has passed an event that was set aside, and nothing followed from it then.
 */
async function takeEffect(client: pg.ClientBase, last: LedgerEvent, findings: readonly Finding[], isLate: boolean): Promise<void> {
  const { book, seq, part, recordedAt } = last;
  await client.query(`insert into insights.fraud_mark (book, seq, part, recorded_at) values ($1, 0, 0, $2) on conflict do nothing`, [
    book,
    recordedAt,
  ]);
  const { rows } = await client.query<{ seq: number; part: number }>(
    'select seq, part from insights.fraud_mark where book = $1 for update',
    [book],
  );
  const mark = rows[0];
  assert(mark, 'the mark was made, if it was not there');
  const isPassed = mark.seq > seq || (mark.seq === seq && mark.part >= part);
  if (isPassed && !isLate) return;
  const fresh = findings.filter(
    ({ movement }) => isLate || movement.seq > mark.seq || (movement.seq === mark.seq && movement.part > mark.part),
  );
  await queueActions(client, fresh);
  await tellStaff(
    client,
    fresh.map((finding) => ({
      key: `staff/${episodeOf(finding)}`,
      kind: 'fraud_found',
      wallet: finding.movement.wallet,
      facts: toldOf(finding),
      recordedAt: finding.movement.recordedAt,
    })),
  );
  if (isPassed) return;
  await client.query('update insights.fraud_mark set seq = $2, part = $3, recorded_at = greatest(recorded_at, $4) where book = $1', [
    book,
    seq,
    part,
    recordedAt,
  ]);
}

async function queueActions(client: pg.ClientBase, findings: readonly Finding[]): Promise<void> {
  const due = findings.filter(({ action }) => action === 'freeze' || action === 'notify');
  if (due.length === 0) return;
  await client.query(
    `insert into insights.fraud_action (book, seq, part, rule, wallet, action)
     select * from unnest($1::int[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[]) on conflict do nothing`,
    [
      due.map(({ movement }) => movement.book),
      due.map(({ movement }) => movement.seq),
      due.map(({ movement }) => movement.part),
      due.map(({ rule }) => rule),
      due.map(({ movement }) => movement.wallet),
      due.map(({ action }) => action),
    ],
  );
}

const minuteMs = 60_000;

/** Nobody is told of the same rule and wallet more often than once a minute, however much is found. */
function episodeOf({ rule, movement }: Finding): string {
  return `fraud/${rule}/${movement.wallet}/${Math.floor(movement.recordedAt.getTime() / minuteMs)}`;
}

function toldOf({ rule, action, movement, facts }: Finding): Record<string, string> {
  return { ...facts, rule, action, event: movement.id };
}
