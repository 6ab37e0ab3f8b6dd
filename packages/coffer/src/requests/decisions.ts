/** Operators' decisions about requests: each is one transaction, together with its line in the log. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';
import { inTransaction } from '../database/index.ts';
import { personsBehind } from '../identity/index.ts';
import { isUuid } from '../kernel/index.ts';
import { requestColumns, requestFromRow } from './rows.ts';
import type { RequestRow } from './rows.ts';
import { notCalledYet } from './types.ts';
import type { AsyncRequest, RequestStatus } from './types.ts';

export type Decision = 'approve' | 'reject' | 'replay';
export type DecidedBy = { readonly actor: string; readonly reason: string };
/**
 * `needs_second_person`: the caller made the request, or owns the wallet. `busy`: a worker is processing it, and its result must not be
 * overwritten.
 */
export type DecisionRefusal = 'not_found' | 'needs_second_person' | 'not_waiting' | 'not_failed' | 'not_replayable' | 'busy';
export type Decided = { readonly request: AsyncRequest } | { readonly refusal: DecisionRefusal; readonly status: RequestStatus | null };

const waiting: ReadonlySet<RequestStatus> = new Set<RequestStatus>(['in_review', 'awaiting_approval', 'paying', 'uncertain']);

/** The change to the row; the time is the database's. */
type Change = { readonly set: string; readonly values: readonly unknown[]; readonly outcome: RequestStatus };

export async function decide(pool: pg.Pool, id: string, decision: Decision, by: DecidedBy): Promise<Decided> {
  if (!isUuid(id)) return { refusal: 'not_found', status: null };
  return await inTransaction(pool, async (client) => await decideWithin(client, id, decision, by));
}

async function decideWithin(client: pg.ClientBase, id: string, decision: Decision, { actor, reason }: DecidedBy): Promise<Decided> {
  const { rows } = await client.query<RequestRow & { busy: boolean }>(
    `select ${requestColumns}, r.claim is not null and r.next_try_at > clock_timestamp() as busy from requests.request r where r.id = $1 for update`,
    [id],
  );
  const [row] = rows;
  if (!row) return { refusal: 'not_found', status: null };
  const before = requestFromRow(row);
  const refusal = refusalOf(before, decision, row.busy) ?? ((await isDecidedAlone(client, before, decision, actor)) ? needsSecond : null);
  if (refusal) return { refusal, status: before.status };
  const { set, values, outcome } = changeOf(before, decision, { actor, reason });
  const changed = await client.query<RequestRow>(
    `update requests.request r set status = $2, ${set}, tries = 0, claim = null,
       next_try_at = clock_timestamp(), updated_at = clock_timestamp()
     where r.id = $1 returning ${requestColumns}`,
    [id, outcome, ...values],
  );
  await client.query(
    `insert into requests.attempt (request, number, at, step, outcome, detail, actor) values ($1, $2, clock_timestamp(), $3, $4, $5, $6)`,
    [id, before.attempts, decision, outcome, reason, actor],
  );
  await recordChange(client, {
    kind: `requests.${decision}`,
    subject: id,
    before: { status: before.status },
    after: { status: outcome, reason },
  });
  const [after] = changed.rows;
  return { request: after ? requestFromRow(after) : before };
}

const needsSecond = 'needs_second_person';

/** Whether the decision about a payout would be one by the person who made the request, or who owns the money. */
async function isDecidedAlone(
  client: pg.ClientBase,
  { actor, owner }: AsyncRequest,
  decision: Decision,
  decider: string,
): Promise<boolean> {
  if (decision === 'replay') return false;
  const [maker = null, second = null] = await personsBehind(client, [actor, decider]);
  return second !== null && (second === maker || second === owner);
}

function refusalOf(request: AsyncRequest, decision: Decision, isBusy: boolean): DecisionRefusal | null {
  if (decision !== 'replay') {
    if (!waiting.has(request.status)) return 'not_waiting';
    return isBusy ? 'busy' : null;
  }
  if (request.status !== 'failed' && request.status !== 'released') return 'not_failed';
  // Another operation used the key or the hold: a replay could have a second effect.
  const isOthers = request.failure?.code === 'idempotency_key_reused' || request.failure?.code === 'hold_resolved';
  return isOthers ? 'not_replayable' : null;
}

function changeOf(request: AsyncRequest, decision: Decision, { actor, reason }: DecidedBy): Change {
  if (decision === 'replay') return replayOf(request);
  const reviewed = request.status === 'in_review';
  if (decision === 'reject') {
    const code = reviewed ? 'review_rejected' : 'payout_rejected';
    return {
      set: 'remark = null, failure_code = $3, failure_facts = $4',
      values: [code, JSON.stringify({ reason })],
      outcome: 'releasing',
    };
  }
  // Without credentials, no person is known.
  const second = actor === 'anonymous' ? null : actor;
  return reviewed && request.way === 'webhook'
    ? { set: 'remark = $3, approver = $4', values: [notCalledYet, second], outcome: 'paying' }
    : { set: 'remark = null, approver = $3', values: [second], outcome: 'capturing' };
}

/**
 * From the beginning. A generation with a recorded end has used up its key, so the next one has a new key; a refusal without a
 * record left its key unused, so the same key keeps it one operation with anything the caller sends.
 */
function replayOf({ operation, generation, keyGeneration }: AsyncRequest): Change {
  const next = generation + 1;
  return {
    set: `remark = null, generation = $3, key_generation = $4, way = null, hold_seconds = null, hold = null, hold_amount = null, times_out_at = null,
      asked = false, captures = 0, operation = null, seq = null, failure_code = null, failure_facts = null, finished_at = null`,
    values: [next, operation === null ? keyGeneration : next],
    outcome: 'accepted',
  };
}
