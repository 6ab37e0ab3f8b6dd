/** Asynchronous requests, as answers. */
import type { Static } from 'typebox';
import { keyspaceOf, parseOperationId } from '../../ledger/index.ts';
import {
  KeyspaceName,
  AmountText,
  MetadataRead,
  HoldId,
  oneOf,
  OperationId,
  orNull,
  ref,
  Seq,
  strict,
  Timestamp,
  TransferModeName,
  WalletId,
} from '../../operations/index.ts';
import { ownFailures, requestStatuses } from '../../requests/index.ts';
import type { AsyncRequest, Attempt, Failure, OwnFailure } from '../../requests/index.ts';
import type { AssetNames } from '../../visibility/index.ts';
import type { Reader } from '../../wallets/index.ts';
import { explain, explainRefusal } from '../problems/index.ts';
import { parseMetadata } from './operation-views.ts';
import Type from 'typebox';

export const AsyncRequestId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'request id, from the 202 answer',
  examples: ['019a6d2e-7c1b-7a54-9d3a-2f1e8c4b5a60'],
});

export const RequestStatusName = oneOf(...requestStatuses);

const RequestFailure = Type.Object(
  { code: Type.String({ examples: ['insufficient_funds'] }), detail: Type.String(), facts: Type.Record(Type.String(), Type.String()) },
  { $id: 'RequestFailure', ...strict },
);

const RequestLinks = Type.Object(
  { self: Type.String(), wallet: Type.String(), operation: Type.Optional(Type.String()), hold: Type.Optional(Type.String()) },
  { $id: 'RequestLinks', ...strict },
);

const requestProperties = {
  id: AsyncRequestId,
  type: oneOf('withdraw', 'transfer'),
  status: RequestStatusName,
  walletId: WalletId,
  toWalletId: Type.Optional(WalletId),
  mode: Type.Optional({
    ...TransferModeName,
    description: 'of a transfer, as requested; if absent, Coffer chooses the mode that suits the two wallets',
  }),
  amount: AmountText,
  requestId: Type.String({ description: 'the idempotency key of the operation' }),
  keyspace: KeyspaceName,
  metadata: orNull(MetadataRead),
  attempts: Type.Integer({ description: 'number of times that a worker processed it' }),
  replays: Type.Integer({ description: 'number of times that an operator replayed it' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  nextTryAt: orNull(Timestamp),
  finishedAt: orNull(Timestamp),
  holdId: Type.Optional(HoldId),
  heldAmount: Type.Optional(AmountText),
  timesOutAt: Type.Optional({
    ...Timestamp,
    description: 'deadline for a decision; after it, a payer that was called gets one last call',
  }),
  waitsFor: Type.Optional(Type.String({ description: 'what an operator has to check; hidden from users' })),
  operationId: Type.Optional(OperationId),
  seq: Type.Optional(Seq),
  failure: Type.Optional(ref(RequestFailure)),
  links: ref(RequestLinks),
};

export const RequestView = Type.Object(requestProperties, {
  $id: 'AsyncRequest',
  ...strict,
  description:
    'a withdrawal or a transfer that runs in the background. operationId and seq: the ledger entry of its outcome; failure: why no money moved (for a hold that another operation resolved: how much was captured), or why the held amount is being released',
});

const RequestAttempt = Type.Object(
  {
    attempt: Type.Integer(),
    at: Timestamp,
    step: Type.String({ description: 'its status at that step, or the decision' }),
    outcome: Type.String(),
    detail: Type.Optional(orNull(Type.String({ description: 'hidden from users' }))),
    actor: Type.Optional(orNull(Type.String({ description: 'who decided; hidden from users' }))),
  },
  { $id: 'RequestAttempt', ...strict },
);

export const RequestWithLog = Type.Object(
  { ...requestProperties, log: Type.Array(ref(RequestAttempt), { description: 'attempts and decisions: the last hundred' }) },
  { $id: 'AsyncRequestWithLog', ...strict },
);

export const requestSchemas = [RequestFailure, RequestLinks, RequestView, RequestAttempt, RequestWithLog];

export function presentRequest(request: AsyncRequest, assets: AssetNames, { onlyOwner }: Reader): Static<typeof RequestView> {
  const { id, wallet, content, hold, operation, seq, failure, remark, finishedAt } = request;
  return {
    id,
    type: request.type,
    status: request.status,
    walletId: wallet,
    ...(content.to !== undefined && { toWalletId: content.to }),
    ...(content.mode !== undefined && { mode: content.mode }),
    amount: content.amount,
    requestId: request.key,
    keyspace: keyspaceOf(request.actor),
    metadata: parseMetadata(content.metadata ?? null),
    attempts: request.attempts,
    replays: request.generation,
    createdAt: request.createdAt.toISOString(),
    updatedAt: request.updatedAt.toISOString(),
    nextTryAt: finishedAt ? null : request.nextTryAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    ...(hold && { holdId: hold.id, heldAmount: hold.amount.toString(), timesOutAt: hold.timesOutAt.toISOString() }),
    ...(remark !== null && onlyOwner === undefined && { waitsFor: remark }),
    ...(operation !== null && { operationId: operation }),
    ...(seq !== null && { seq }),
    ...(failure && { failure: presentFailure(failure, operation, assets) }),
    links: {
      self: `/requests/${id}`,
      wallet: `/wallet/${wallet}`,
      ...(operation !== null && { operation: `/operations/${operation}` }),
      ...(hold && { hold: `/holds/${hold.id}` }),
    },
  };
}

export function presentWithLog(
  request: AsyncRequest,
  log: readonly Attempt[],
  assets: AssetNames,
  reader: Reader,
): Static<typeof RequestWithLog> {
  const isStaff = reader.onlyOwner === undefined;
  return {
    ...presentRequest(request, assets, reader),
    log: log.map(({ number, at, step, outcome, detail, actor }) => ({
      attempt: number,
      at: at.toISOString(),
      step,
      outcome,
      ...(isStaff && { detail, actor }),
    })),
  };
}

function presentFailure({ code, facts }: Failure, operation: string | null, assets: AssetNames): Static<typeof RequestFailure> {
  // Requests store the hold by its id; the ledger's own refusals name it by its position in the log.
  if (isOwn(code) || facts['captured'] !== undefined) return { code, detail: explain(code, facts), facts: { ...facts } };
  return explainRefusal({ code, facts }, operation === null ? null : parseOperationId(operation), assets);
}

function isOwn(code: Failure['code']): code is OwnFailure {
  return ownFailures.some((own) => own === code);
}
