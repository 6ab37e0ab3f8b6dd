/** The SQL of findings. */
import type pg from 'pg';
import type { RuleAction } from './definitions.ts';
import type { Finding } from './evaluate.ts';

/** A stored finding. Its id combines that of the event that triggered the rule, and the rule's. */
export type KeptFinding = {
  readonly id: string;
  readonly rule: string;
  readonly version: number;
  readonly action: RuleAction;
  readonly wallet: string;
  readonly event: string;
  readonly events: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
  readonly recordedAt: Date;
};

/** With the outcome of its action: `state` is null if there is nothing to do, such as for a flag. */
export type FollowedFinding = KeptFinding & {
  readonly followed: { readonly state: 'pending' | 'done' | 'given_up' | null; readonly note: string | null };
};

type FindingRow = Omit<KeptFinding, 'id' | 'event' | 'recordedAt'> & { book: number; seq: number; part: number; recorded_at: Date };

export async function insertFindings(client: pg.ClientBase, generation: number, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return;
  await client.query({
    name: 'fraud_find',
    text: `
      insert into insights.fraud_finding (generation, book, seq, part, rule, version, action, wallet, recorded_at, events, facts)
      select $1, f.book, f.seq, f.part, f.rule, f.version, f.action, f.wallet, f.recorded_at, string_to_array(f.events, ','), f.facts
      from unnest($2::int[], $3::bigint[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::jsonb[])
        as f (book, seq, part, rule, version, action, wallet, recorded_at, events, facts)
      on conflict do nothing`,
    values: [
      generation,
      findings.map(({ movement }) => movement.book),
      findings.map(({ movement }) => movement.seq),
      findings.map(({ movement }) => movement.part),
      findings.map(({ rule }) => rule),
      findings.map(({ version }) => version),
      findings.map(({ action }) => action),
      findings.map(({ movement }) => movement.wallet),
      findings.map(({ movement }) => movement.recordedAt),
      findings.map(({ events }) => events.join(',')),
      findings.map(({ facts }) => JSON.stringify(facts)),
    ],
  });
}

/** As stored. */
export function keptOf({ rule, version, action, movement, events, facts }: Finding): KeptFinding {
  const { id: event, wallet, recordedAt } = movement;
  return { id: findingId(event, rule), rule, version, action, wallet, event, events, facts, recordedAt };
}

/** Whether a generation is active. Applying events to the active one keeps it active until the end of the transaction. */
export async function isRead(client: pg.ClientBase, generation: number): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'fraud_is_read',
    text: `select from projections.projection where name = 'fraud' and active_generation = $1`,
    values: [generation],
  });
  return rowCount === 1;
}

/** Findings of one generation that another lacks, in log order: by event, rule and version. */
export async function readMissed(
  client: pg.ClientBase,
  { from, to, after, limit }: { from: number; to: number; after?: KeptFinding | undefined; limit: number },
): Promise<KeptFinding[]> {
  const [book = 0, seq = 0, part = 0] = after?.event.split('-').map(Number) ?? [];
  const { rows } = await client.query<FindingRow>(
    `select book, seq, part, rule, version, action, wallet, recorded_at, events, facts from insights.fraud_finding found
     where generation = $2 and (book, seq, part, rule) > ($3::int, $4::bigint, $5::int, $6::text) and not exists (
       select from insights.fraud_finding known
       where known.generation = $1 and (known.book, known.seq, known.part, known.rule, known.version)
         = (found.book, found.seq, found.part, found.rule, found.version))
     order by book, seq, part, rule limit $7`,
    [from, to, book, seq, part, after?.rule ?? '', limit],
  );
  return rows.map(findingFromRow);
}

export type FindingsQuery = {
  readonly rule?: string | undefined;
  readonly wallet?: string | undefined;
  /** The position where an earlier page ended. */
  readonly before?: FindingCursor | undefined;
  readonly limit: number;
};
export type FindingCursor = {
  readonly at: number;
  readonly book: number;
  readonly seq: number;
  readonly part: number;
  readonly rule: string;
};

/** Newest first, of the active generation. One left behind by a killed rebuild no longer changes. */
export async function readFindings(pool: pg.Pool, { rule, wallet, before, limit }: FindingsQuery): Promise<FollowedFinding[]> {
  const { rows } = await pool.query<FindingRow & FollowedFinding['followed']>({
    text: `
      select f.book, f.seq, f.part, f.rule, f.version, f.action, f.wallet, f.recorded_at, f.events, f.facts, a.state, a.note
      from insights.fraud_finding f
      left join insights.fraud_action a on (a.book, a.seq, a.part, a.rule) = (f.book, f.seq, f.part, f.rule)
      where f.generation = (select active_generation from projections.projection where name = 'fraud')
        and ($1::text is null or f.rule = $1) and ($2::text is null or f.wallet = $2)
        and ($3::timestamptz is null or (f.recorded_at, f.book, f.seq, f.part, f.rule) < ($3, $4::int, $5::bigint, $6::int, $7::text))
      order by f.recorded_at desc, f.book desc, f.seq desc, f.part desc, f.rule desc limit $8`,
    values: [
      rule ?? null,
      wallet ?? null,
      before ? new Date(before.at) : null,
      before?.book ?? null,
      before?.seq ?? null,
      before?.part ?? null,
      before?.rule ?? null,
      limit,
    ],
  });
  return rows.map(({ state, note, ...row }) => ({ ...findingFromRow(row), followed: { state, note } }));
}

/** The wallets of a rule's findings, of the active generation. */
export async function readFlagged(pool: pg.Pool, rule: string, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ wallet: string }>(
    `select distinct f.wallet from insights.fraud_finding f
     where f.generation = (select active_generation from projections.projection where name = 'fraud') and f.rule = $1 limit $2`,
    [rule, limit],
  );
  return rows.map(({ wallet }) => wallet);
}

/** How far a book was evaluated. Null also if that is beyond the end of the log: then it is not known. */
export async function readMark(pool: pg.Pool, book: number): Promise<{ seq: number; part: number } | null> {
  const { rows } = await pool.query<{ seq: number; part: number }>({
    name: 'fraud_mark',
    text: `
      select seq, part from insights.fraud_mark where book = $1
        and seq <= ledger.end_of($1)`,
    values: [book],
  });
  return rows[0] ?? null;
}

/** From any generation: all find the same. */
export async function readReviewOf(pool: pg.Pool, book: number, seq: number): Promise<KeptFinding | null> {
  const { rows } = await pool.query<FindingRow>({
    name: 'fraud_review_of',
    text: `
      select book, seq, part, rule, version, action, wallet, recorded_at, events, facts from insights.fraud_finding
      where generation in (select generation from insights.fraud_generation) and book = $1 and seq = $2 and action = 'review'
      order by part, rule limit 1`,
    values: [book, seq],
  });
  return rows[0] ? findingFromRow(rows[0]) : null;
}

export function findingId(event: string, rule: string): string {
  return `${event}-${rule}`;
}

function findingFromRow({ book, seq, part, recorded_at: recordedAt, ...row }: FindingRow): KeptFinding {
  const event = `${book}-${seq}-${part}`;
  return { ...row, id: findingId(event, row.rule), event, recordedAt };
}
