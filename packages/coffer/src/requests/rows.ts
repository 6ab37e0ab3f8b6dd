/** Rows of the requests' tables. */
import { callersKey } from '../ledger/index.ts';
import type { AsyncRequest, Attempt, Content, Failure } from './types.ts';

export const requestColumns = `r.id, r.type, r.wallet, r.owner, r.key, r.content, r.status, r.generation, r.key_generation, r.way, r.hold_seconds,
  r.attempts, r.tries, r.hold, r.hold_amount, r.times_out_at, r.asked, r.captures, r.remark, r.operation, r.seq, r.failure_code, r.failure_facts,
  r.next_try_at, r.created_at, r.updated_at, r.finished_at, r.actor, r.approver`;

export type RequestRow = {
  id: string;
  type: AsyncRequest['type'];
  wallet: string;
  owner: string | null;
  key: string;
  content: string;
  status: AsyncRequest['status'];
  generation: number;
  key_generation: number;
  way: AsyncRequest['way'];
  hold_seconds: number | null;
  attempts: number;
  tries: number;
  hold: string | null;
  hold_amount: bigint | null;
  times_out_at: Date | null;
  asked: boolean;
  captures: number;
  remark: string | null;
  operation: string | null;
  seq: number | null;
  failure_code: string | null;
  failure_facts: string | null;
  next_try_at: Date;
  created_at: Date;
  updated_at: Date;
  finished_at: Date | null;
  actor: string | null;
  approver: string | null;
};

export function requestFromRow(row: RequestRow): AsyncRequest {
  const { hold, hold_amount: amount, times_out_at: timesOutAt } = row;
  return {
    id: row.id,
    type: row.type,
    wallet: row.wallet,
    owner: row.owner,
    key: callersKey(row.key),
    content: JSON.parse(row.content) as Content,
    status: row.status,
    generation: row.generation,
    keyGeneration: row.key_generation,
    way: row.way,
    holdSeconds: row.hold_seconds,
    attempts: row.attempts,
    tries: row.tries,
    hold: hold === null || amount === null || timesOutAt === null ? null : { id: hold, amount, timesOutAt },
    asked: row.asked,
    captures: row.captures,
    remark: row.remark,
    operation: row.operation,
    seq: row.seq,
    failure: row.failure_code === null ? null : failureOf(row.failure_code as Failure['code'], row.failure_facts),
    nextTryAt: row.next_try_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
    actor: row.actor,
    approver: row.approver,
  };
}

function failureOf(code: Failure['code'], facts: string | null): Failure {
  return { code, facts: facts === null ? {} : (JSON.parse(facts) as Failure['facts']) };
}

export const attemptColumns = 'number, at, step, outcome, detail, actor';
export type AttemptRow = Attempt;
