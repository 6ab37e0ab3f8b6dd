/** Approval policies in the database: one set for all processes, and the record of their changes. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';
import type { ApprovalPolicy, MakerKind } from '../operations/index.ts';
import type { PolicyChange } from './types.ts';

type Database = Pick<pg.Pool, 'query'>;
type Row = Omit<ApprovalPolicy, 'makers'> & { makers: MakerKind[] };

export async function selectPolicies(database: Database): Promise<readonly ApprovalPolicy[]> {
  const { rows } = await database.query<Row>({
    name: 'approval_policies',
    text: 'select id, operation, asset, above, makers, wallets from approvals.policy order by id',
  });
  return rows;
}

/** Applies a change and records it, in the caller's transaction. */
export async function changePolicy(
  client: pg.ClientBase,
  { id, policy, reason }: PolicyChange,
  { actor, approver }: { readonly actor: string; readonly approver: string | null },
): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtext('coffer approval policies'))");
  const { rows } = await client.query<Row>('select id, operation, asset, above, makers, wallets from approvals.policy where id = $1', [id]);
  if (policy) {
    const { operation, asset, above, makers, wallets } = policy;
    await client.query(
      `insert into approvals.policy (id, operation, asset, above, makers, wallets) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update set operation = $2, asset = $3, above = $4, makers = $5, wallets = $6, updated_at = clock_timestamp()`,
      [id, operation, asset, above?.toString() ?? null, makers, wallets],
    );
  } else await client.query('delete from approvals.policy where id = $1', [id]);
  const [before] = rows;
  await client.query(
    'insert into approvals.policy_change (policy, before, after, reason, actor, approver) values ($1, $2, $3, $4, $5, $6)',
    [id, before ? textOfPolicy(before) : null, policy && textOfPolicy(policy), reason, actor, approver],
  );
  await recordChange(client, {
    kind: 'approvals.policy',
    subject: id,
    before: before && objectOfPolicy(before),
    after: { ...(policy && objectOfPolicy(policy)), reason, ...(approver !== null && { asked: actor }) },
  });
}

export function textOfChange({ id, policy, reason }: PolicyChange): string {
  return JSON.stringify({ id, policy: policy && objectOfPolicy(policy), reason });
}

export function changeOfText(text: string): PolicyChange {
  const { id, policy, reason } = JSON.parse(text) as Omit<PolicyChange, 'policy'> & {
    policy: (Omit<ApprovalPolicy, 'above'> & { above: string | null }) | null;
  };
  return { id, policy: policy && { ...policy, above: policy.above === null ? null : BigInt(policy.above) }, reason };
}

function textOfPolicy(policy: ApprovalPolicy): string {
  return JSON.stringify(objectOfPolicy(policy));
}

function objectOfPolicy(policy: ApprovalPolicy): object {
  return { ...policy, above: policy.above?.toString() ?? null };
}
