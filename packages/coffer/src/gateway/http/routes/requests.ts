/** Asynchronous requests: callers follow their own, operators decide them. */
import { Moment, Reason, UserId, WalletId, keyLengthMax, oneOf, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import { requestTypes } from '../../../requests/index.ts';
import type { DecisionRefusal } from '../../../requests/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { keyIn } from '../../finding.ts';
import { foundPage, keysetQuery, presentFound } from '../found-views.ts';
import { readMoment, readReason } from '../request-content.ts';
import { AsyncRequestId, presentRequest, presentWithLog, RequestStatusName, RequestView, RequestWithLog } from '../request-views.ts';
import { problems } from '../schemas.ts';
import { noSuchWallet } from './wallet-reads.ts';

const params = Type.Object({ asyncRequestId: AsyncRequestId }, strict);
const waitSecondsMax = 30;
const waitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: waitSecondsMax,
        description: `seconds to wait for the request to finish: 0 to ${waitSecondsMax}`,
      }),
    ),
  },
  strict,
);
const listQuery = Type.Object(
  {
    ...keysetQuery('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
    walletId: Type.Optional(WalletId),
    ownerId: Type.Optional(UserId),
    type: Type.Optional(oneOf(...requestTypes)),
    key: Type.Optional(Type.String({ minLength: 1, maxLength: keyLengthMax, description: 'the idempotency key, of any wallet' })),
    since: Type.Optional(Moment),
    until: Type.Optional(Moment),
    status: Type.Optional(RequestStatusName),
  },
  strict,
);
const Deciding = Type.Object({ reason: Reason }, strict);

const decisions = {
  approve:
    'Approves the payout of a withdrawal that is in_review, awaiting_approval, paying (the payer has not decided) or uncertain (it may have been paid)',
  reject: 'Rejects a withdrawal that waits for a decision, and releases its amount',
  replay: 'Runs a failed or rejected request again, from the beginning and under a new key',
} as const;

export function requestRoutes(app: App, product: Product): void {
  const { requests, queries } = product;
  const tags = ['Requests'];

  app.get(
    '/requests',
    {
      schema: {
        operationId: 'listRequests',
        description: 'Finds asynchronous requests by wallet, owner, status, type, key or time, newest first',
        tags,
        querystring: listQuery,
        response: { 200: foundPage(ref(RequestView)), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { limit = 50, walletId: wallet, ownerId, since, until, count, ...others } = request.query;
      const { onlyOwner } = callerOf(request);
      if (wallet !== undefined && !(await queries.wallet(wallet, { onlyOwner }))) return sendProblem(reply, noSuchWallet(wallet));
      const found = await requests.list({
        ...others,
        key: keyIn({ values: request.query, nameOf: (field) => field }),
        limit,
        wallet,
        owner: ownerId?.toLowerCase(),
        since: since === undefined ? undefined : readMoment(since, 'since'),
        until: until === undefined ? undefined : readMoment(until, 'until'),
        count: count === 'estimate',
        onlyOwner,
      });
      return reply.send(
        presentFound({ ...found, asOf: null }, (items) => items.map((item) => presentRequest(item, product.assets, { onlyOwner }))),
      );
    },
  );

  app.get(
    '/requests/:asyncRequestId',
    {
      schema: {
        operationId: 'getRequest',
        description: 'Returns an asynchronous request and its attempts; with `wait`, answers when the request finishes or the time is up',
        tags,
        params,
        querystring: waitQuery,
        response: { 200: ref(RequestWithLog), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { asyncRequestId: id } = request.params;
      const { onlyOwner } = callerOf(request);
      const found = await requests.findFinished(id, (request.query.wait ?? 0) * 1_000, { onlyOwner });
      if (!found) return sendProblem(reply, noSuchRequest(id));
      return reply.send(presentWithLog(found, await requests.attempts(id), product.assets, { onlyOwner }));
    },
  );

  for (const [decision, description] of Object.entries(decisions) as [keyof typeof decisions, string][]) {
    app.post(
      `/requests/:asyncRequestId/${decision}`,
      {
        schema: {
          operationId: `${decision}Request`,
          description,
          tags,
          params,
          body: Deciding,
          response: { 200: ref(RequestView), ...problems(401, 404, 409) },
        },
      },
      async (request, reply) => {
        const { asyncRequestId: id } = request.params;
        const decided = await requests.decide(id, decision, { reason: readReason(request.body), actor: actorOf(request) });
        if ('refusal' in decided) return sendProblem(reply, decisionProblem(id, decided));
        return reply.send(presentRequest(decided.request, product.assets, callerOf(request)));
      },
    );
  }
}

function noSuchRequest(id: string): Problem {
  return problem('request_not_found', { facts: { id } });
}

function decisionProblem(id: string, { refusal, status }: { readonly refusal: DecisionRefusal; readonly status: string | null }): Problem {
  return problem(`request_${refusal}`, { facts: { id, ...(status !== null && { requestStatus: status }) } });
}
