/** Webhooks: created, changed and inspected by operators, or by a service with the scope for it. */
import { Moment, UserId, WalletId, oneOf, orNull, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import { actorOf } from '../../../identity/index.ts';
import { replayedMax, urlLengthMax } from '../../../webhooks/index.ts';
import type { App, Product } from '../app.ts';
import { admitted, callerOf } from '../callers.ts';
import { refuseUnknownTypes } from '../event-types.ts';
import { sendProblem } from '../problem.ts';
import { readMoment } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { NewWebhookView, presentWebhook, webhookProblem, WebhookView } from '../webhook-views.ts';

const params = Type.Object({ webhookId: Type.String({ minLength: 1, maxLength: 64, description: 'webhook id' }) }, strict);
const uuid = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

const Url = Type.String({
  minLength: 1,
  maxLength: urlLengthMax,
  description: 'a public https URL, without user, password or fragment',
  examples: ['https://example.com/hooks/coffer'],
});
const Description = Type.String({ maxLength: 200, description: 'what it is for' });
const Types = Type.Array(Type.String({ pattern: '^([*]|[A-Z][A-Za-z]{2,63})$', examples: ['FundsDeposited'] }), {
  minItems: 1,
  maxItems: 100,
  description: 'names of the events to deliver, or * for all',
});

const NewWebhook = Type.Object(
  {
    url: Url,
    description: Type.Optional(Description),
    types: Type.Optional(Types),
    walletId: Type.Optional(WalletId),
    ownerId: Type.Optional(UserId),
  },
  strict,
);
const Changes = Type.Object(
  {
    url: Type.Optional(Url),
    description: Type.Optional(Description),
    types: Type.Optional(Types),
    walletId: Type.Optional(orNull(WalletId)),
    ownerId: Type.Optional(orNull(UserId)),
    status: Type.Optional(oneOf('enabled', 'disabled')),
  },
  strict,
);
const Since = Type.Object(
  {
    since: Moment,
    status: Type.Optional(
      Type.Unsafe<'failed' | 'delivered'>({
        type: 'string',
        enum: ['failed', 'delivered'],
        description: 'which deliveries; default failed',
      }),
    ),
  },
  strict,
);

export const webhookTags = ['Webhooks'];

/** A caller that has events sent somewhere can read them, so the scope to read events is needed too. */
const readsEvents = 'listEvents';

export function webhookRoutes(app: App, product: Product): void {
  const { webhooks } = product;
  const described = (operationId: string, description: string) => ({ operationId, description, tags: webhookTags });

  app.post(
    '/webhooks',
    {
      schema: {
        ...described(
          'createWebhook',
          'Creates a webhook: every event from now on that passes the filter is sent to the URL. The answer contains the secret. A service also needs events:read',
        ),
        body: NewWebhook,
        response: { 201: ref(NewWebhookView), ...problems(409, 422) },
      },
    },
    async (request, reply) => {
      admitted(product, request, readsEvents);
      const { url, description = '', types = ['*'], walletId = null, ownerId } = request.body;
      refuseUnknownTypes(types);
      const createdBy = actorOf(callerOf(request).principal);
      const owner = ownerId?.toLowerCase() ?? null;
      const made = await webhooks.create({ url, description, types, wallet: walletId, owner, createdBy });
      if ('refusal' in made) return sendProblem(reply, webhookProblem(made));
      const { endpoint, secret } = made;
      return reply.code(201).send({ webhook: presentWebhook(endpoint), secret });
    },
  );

  app.get(
    '/webhooks',
    {
      schema: {
        ...described('listWebhooks', 'Lists the webhooks, newest first, without their secrets'),
        querystring: pageQuery(uuid),
        response: { 200: page(ref(WebhookView)), ...problems() },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query;
      const { items, next } = await webhooks.list(limit, cursor);
      return { items: items.map(presentWebhook), next };
    },
  );

  app.get(
    '/webhooks/:webhookId',
    {
      schema: {
        ...described('getWebhook', 'Returns a webhook and its health'),
        params,
        response: { 200: ref(WebhookView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const found = await webhooks.find(request.params.webhookId);
      return 'refusal' in found ? sendProblem(reply, webhookProblem(found)) : reply.send(presentWebhook(found));
    },
  );

  app.patch(
    '/webhooks/:webhookId',
    {
      schema: {
        ...described(
          'updateWebhook',
          'Changes, disables or enables a webhook. Once it is enabled again, pending deliveries are sent; events that occurred while it was disabled are not. A service also needs events:read',
        ),
        params,
        body: Changes,
        response: { 200: ref(WebhookView), ...problems(404, 422) },
      },
    },
    async (request, reply) => {
      admitted(product, request, readsEvents);
      const { walletId, ownerId, ...changes } = request.body;
      refuseUnknownTypes(changes.types);
      const owner = typeof ownerId === 'string' ? ownerId.toLowerCase() : ownerId;
      const changed = await webhooks.update(request.params.webhookId, {
        ...changes,
        ...(walletId !== undefined && { wallet: walletId }),
        ...(owner !== undefined && { owner }),
      });
      return 'refusal' in changed ? sendProblem(reply, webhookProblem(changed)) : reply.send(presentWebhook(changed));
    },
  );

  app.delete(
    '/webhooks/:webhookId',
    {
      schema: {
        ...described('deleteWebhook', 'Deletes a webhook, its pending deliveries and its log'),
        params,
        response: { 200: ref(WebhookView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const removed = await webhooks.remove(request.params.webhookId);
      return 'refusal' in removed ? sendProblem(reply, webhookProblem(removed)) : reply.send(presentWebhook(removed));
    },
  );

  app.post(
    '/webhooks/:webhookId/rotate',
    {
      schema: {
        ...described('rotateWebhookSecret', 'Gives a webhook a new secret; for 24 hours its calls are also signed with the previous one'),
        params,
        response: { 200: ref(NewWebhookView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const made = await webhooks.rotate(request.params.webhookId);
      if ('refusal' in made) return sendProblem(reply, webhookProblem(made));
      return reply.send({ webhook: presentWebhook(made.endpoint), secret: made.secret });
    },
  );

  app.post(
    '/webhooks/:webhookId/replay',
    {
      schema: {
        ...described('replayWebhook', `Sends failed (or delivered) deliveries since a time again; at most the oldest ${replayedMax}`),
        params,
        body: Since,
        response: { 202: Type.Object({ replayed: Type.Integer() }, strict), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { since, status = 'failed' } = request.body;
      const replayed = await webhooks.replaySince(request.params.webhookId, readMoment(since, 'since'), status);
      return typeof replayed === 'number' ? reply.code(202).send({ replayed }) : sendProblem(reply, webhookProblem(replayed));
    },
  );
}
