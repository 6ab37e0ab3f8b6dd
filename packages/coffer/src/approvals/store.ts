/** The SQL of approvals. A row changes its state only from the state that the change expects, so that one of two decisions wins. */
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import type { ApprovalState, NewApproval } from '../operations/index.ts';
import type { Approval, ApprovalFailure } from './types.ts';

type Database = Pick<pg.Pool, 'query'>;

const columns = `id, operation, input, maker, person, wallets, amount, asset, policy, later, state, created_at, expires_at,
  decided_by, decided_at, reason, result, failure_code, failure_facts`;

type Row = {
  id: string;
  operation: string;
  input: string;
  maker: string;
  person: string | null;
  wallets: string[];
  amount: bigint | null;
  asset: number | null;
  policy: string;
  later: boolean;
  state: ApprovalState;
  created_at: Date;
  expires_at: Date;
  decided_by: string | null;
  decided_at: Date | null;
  reason: string | null;
  result: string | null;
  failure_code: ApprovalFailure['code'] | null;
  failure_facts: string | null;
};

function approvalOf(row: Row): Approval {
  const failure = row.failure_code && { code: row.failure_code, facts: JSON.parse(row.failure_facts ?? '{}') as ApprovalFailure['facts'] };
  return {
    id: row.id,
    operation: row.operation,
    input: row.input,
    maker: row.maker,
    person: row.person,
    wallets: row.wallets,
    amount: row.amount,
    asset: row.asset,
    policy: row.policy,
    later: row.later,
    state: row.state,
    reason: row.reason,
    result: row.result,
    failure,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
  };
}

/** `name` null: it has no idempotency key, and is filed each time. */
export type Filing = Omit<NewApproval, 'name' | 'digestWith'> & { readonly name: string | null };

/** The row under the name: a new one, or the one that was filed first. */
export async function fileApproval(
  database: Database,
  wanted: Filing,
  { now, hours }: { readonly now: Date; readonly hours: number },
): Promise<{ readonly approval: Approval; readonly digest: string }> {
  const { operation, name, digest, input, maker, person, wallets, amount, asset, policy, later } = wanted;
  const inserted = await database.query<Row>(
    `insert into approvals.request
       (id, operation, name, digest, input, maker, person, wallets, amount, asset, policy, later, state, created_at, waiting_since, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13, $13, $13::timestamptz + $14 * interval '1 hour')
     on conflict (name) do nothing returning ${columns}`,
    [newId(), operation, name, digest, input, maker, person, wallets, amount?.toString() ?? null, asset, policy, later, now, hours],
  );
  if (inserted.rows[0]) return { approval: approvalOf(inserted.rows[0]), digest };
  const { rows } = await database.query<Row & { digest: string }>(`select ${columns}, digest from approvals.request where name = $1`, [
    name,
  ]);
  const [before] = rows;
  if (!before) throw new Error('approvals are never deleted');
  return { approval: approvalOf(before), digest: before.digest };
}

export async function selectApproval(database: Database, id: string): Promise<Approval | null> {
  if (!isUuid(id)) return null;
  const { rows } = await database.query<Row>(`select ${columns} from approvals.request where id = $1`, [id]);
  return rows[0] ? approvalOf(rows[0]) : null;
}

export type ApprovalFilter = { readonly limit: number; readonly state?: ApprovalState | undefined; readonly cursor?: string | undefined };
export type ApprovalPage = { readonly items: readonly Approval[]; readonly next: string | null };

/** Newest first: ids are ordered by time. */
export async function selectApprovals(database: Database, { limit, state, cursor }: ApprovalFilter): Promise<ApprovalPage> {
  const { rows } = await database.query<Row>(
    `select ${columns} from approvals.request where ($2::text is null or state = $2) and ($3::uuid is null or id < $3)
     order by id desc limit $1`,
    [limit + 1, state ?? null, cursor ?? null],
  );
  const items = rows.slice(0, limit).map(approvalOf);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Null if it is not pending any more, or its time is up at `now`. */
export async function decideApproval(
  database: Database,
  id: string,
  {
    state,
    actor,
    reason,
    now,
  }: { readonly state: ApprovalState; readonly actor: string; readonly reason: string | null; readonly now: Date },
): Promise<Approval | null> {
  const { rows } = await database.query<Row>(
    `update approvals.request set state = $2, decided_by = $3, reason = $4, decided_at = clock_timestamp()
     where id = $1 and state = 'pending' and expires_at > $5 returning ${columns}`,
    [id, state, actor, reason, now],
  );
  return rows[0] ? approvalOf(rows[0]) : null;
}

/** Of an approved one that was carried out; does nothing if another process recorded it first. */
export async function settleApproval(
  database: Database,
  id: string,
  { result, failure }: { readonly result: string | null; readonly failure: ApprovalFailure | null },
): Promise<void> {
  await database.query(
    `update approvals.request set state = $2, result = $3, failure_code = $4, failure_facts = $5 where id = $1 and state = 'approved'`,
    [id, failure ? 'failed' : 'done', result, failure?.code ?? null, failure ? JSON.stringify(failure.facts) : null],
  );
}

export async function expireApprovals(database: Database, now: Date): Promise<void> {
  await database.query(`update approvals.request set state = 'expired' where state = 'pending' and expires_at <= $1`, [now]);
}

/** Approved some time ago and not carried out: the process that did it has died, or the ledger was unavailable. */
export async function unfinishedApprovals(database: Database, olderThanMs: number, limit: number): Promise<readonly Approval[]> {
  const { rows } = await database.query<Row>(
    `select ${columns} from approvals.request
     where state = 'approved' and decided_at <= clock_timestamp() - $1::double precision * interval '1 ms' order by decided_at limit $2`,
    [olderThanMs, limit],
  );
  return rows.map(approvalOf);
}

/** Waits that were stored while the clock was ahead begin again. */
export const pendingWaits = {
  table: 'approvals.request',
  until: 'expires_at',
  since: 'waiting_since',
  waiting: "state = 'pending'",
} as const;
