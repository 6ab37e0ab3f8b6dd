/** An asynchronous request as it is read, for tests of the decisions about it. */
import type { AsyncRequest } from '../../packages/coffer/src/requests/index.ts';

export const heldAt = new Date('2026-01-01T12:00:00Z');

/** A withdrawal of 300 that was held for a payer at `heldAt`, and has `holdSeconds` to be decided. */
export function heldRequest(changes: Partial<AsyncRequest> = {}): AsyncRequest {
  const holdSeconds = changes.holdSeconds ?? 600;
  return {
    id: '01936f7a-0000-7000-8000-000000000001',
    type: 'withdraw',
    wallet: 'w1',
    owner: null,
    key: 'k1',
    content: { amount: '300' },
    status: 'paying',
    generation: 0,
    keyGeneration: 0,
    way: 'webhook',
    holdSeconds,
    attempts: 1,
    tries: 0,
    hold: { id: '1-42', amount: 300n, timesOutAt: new Date(heldAt.getTime() + holdSeconds * 1_000) },
    asked: false,
    captures: 0,
    remark: null,
    operation: null,
    seq: null,
    failure: null,
    nextTryAt: heldAt,
    createdAt: heldAt,
    updatedAt: heldAt,
    finishedAt: null,
    actor: null,
    approver: null,
    ...changes,
  };
}

/** So many milliseconds after it was held. */
export function after(milliseconds: number): Date {
  return new Date(heldAt.getTime() + milliseconds);
}
