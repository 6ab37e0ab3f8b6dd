/** The SQL of rules. */
import type pg from 'pg';
import type { RuleContent } from './definitions.ts';
import type { RuleVersion } from './history.ts';

/**
 * Shared by processes that evaluate events, exclusive for one that changes a rule. So a version starts between two batches, never
 * in one.
 */
const rulesLock = 0x0c0ffe13;

type VersionRow = Omit<RuleVersion, 'afterSeq' | 'countsFrom'> & { after_seq: Record<string, number>; counts_from: Date | null };

const columns = 'rule, version, name, kind, definition, action, enabled, after_seq, since, counts_from, actor, reason';

/** Until the end of the transaction. */
export async function lockRules(client: pg.ClientBase, how: 'shared' | 'alone'): Promise<void> {
  await client.query(`select pg_advisory_xact_lock${how === 'shared' ? '_shared' : ''}($1)`, [rulesLock]);
}

/** All versions of all rules, or of one, oldest first. */
export async function readVersions(client: pg.ClientBase | pg.Pool, rule: string | null = null): Promise<RuleVersion[]> {
  const { rows } = await client.query<VersionRow>({
    name: 'fraud_versions',
    text: `select ${columns} from insights.fraud_rule_version where $1::text is null or rule = $1 order by rule, version`,
    values: [rule],
  });
  return rows.map(versionFromRow);
}

/** The newest version of each rule. */
export async function readNewest(client: pg.ClientBase | pg.Pool): Promise<RuleVersion[]> {
  const { rows } = await client.query<VersionRow>({
    name: 'fraud_rules',
    text: `
      select ${columns} from insights.fraud_rule_version
      where (rule, version) in (select id, version from insights.fraud_rule) order by rule`,
  });
  return rows.map(versionFromRow);
}

/** A time after which no evaluated event was recorded. */
export async function readNow(client: pg.ClientBase): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>(
    `select date_trunc('milliseconds', greatest(clock_timestamp(), (select max(recorded_at) from insights.fraud_mark))) as now`,
  );
  return rows[0]?.now ?? new Date();
}

type NewVersion = RuleContent & Omit<RuleVersion, keyof RuleContent>;

/** The first version creates the rule. */
export async function insertVersion(client: pg.ClientBase, added: NewVersion): Promise<void> {
  await client.query(
    `insert into insights.fraud_rule (id, version) values ($1, $2) on conflict (id) do update set version = excluded.version`,
    [added.rule, added.version],
  );
  await client.query(`insert into insights.fraud_rule_version (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, [
    added.rule,
    added.version,
    added.name,
    added.kind,
    JSON.stringify(added.definition),
    added.action,
    added.enabled,
    JSON.stringify(added.afterSeq),
    added.since,
    added.countsFrom,
    added.actor,
    added.reason,
  ]);
}

function versionFromRow({ after_seq: afterSeq, counts_from: countsFrom, ...row }: VersionRow): RuleVersion {
  return { ...row, afterSeq, countsFrom } as RuleVersion;
}
