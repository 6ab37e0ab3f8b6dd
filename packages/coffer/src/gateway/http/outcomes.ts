/** How the outcome of an operation is sent: identically the first time and on every replay. */
import Type from 'typebox';
import { operationId } from '../../ledger/index.ts';
import type { OperationOutcome, PostedOutcome, RefusedOutcome } from '../../operations/index.ts';
import type { AssetNames } from '../../visibility/index.ts';
import type { Reply } from './app.ts';
import { noteOperation } from './observing.ts';
import { refusalProblem, sendProblem } from './problem.ts';

/**
 * Sends what `present` makes of a posted operation, or the refusal. A transfer in progress is accepted (202), with the location
 * of its outcome.
 */
export function sendOutcome(
  reply: Reply,
  outcome: OperationOutcome,
  assets: AssetNames,
  status: number,
  present: (posted: PostedOutcome) => object,
): Reply {
  const { entry } = outcome;
  const own = entry?.debit?.kind === 'wallet' ? entry.debit : entry?.credit;
  noteOperation(reply.request, entry && { book: entry.book, seq: entry.operation }, outcome.key, own?.id ?? null);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  if (outcome.status === 'refused') return sendRefusal(reply, outcome, assets);
  if (outcome.saga?.status === 'debited') reply.code(202).header('location', `/transfers/${operationId(outcome.entry)}`);
  else reply.code(status);
  return reply.send(present(outcome));
}

/** A refusal that waits for a second person has the location of its approval. */
export function sendRefusal(reply: Reply, outcome: RefusedOutcome, assets: AssetNames): Reply {
  const { approvalId } = outcome.refusal.facts;
  if (approvalId !== undefined) reply.header('location', `/approvals/${approvalId}`);
  return sendProblem(reply, refusalProblem(outcome, assets));
}

/** Of an operation on a wallet that may not exist yet. */
export const keyHeader = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'the same as requestId in the body' })),
});

export const keyHeaders = Type.Object({
  ...keyHeader.properties,
  'if-match': Type.Optional(Type.String({ description: 'the version that the wallet must have, in quotes: "3"' })),
});
