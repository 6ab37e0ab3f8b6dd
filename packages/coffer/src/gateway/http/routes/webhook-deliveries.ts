/** The deliveries of a webhook and their outcomes. */
import { oneOf, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import { deliveryStatuses } from '../../../webhooks/index.ts';
import type { App, Product } from '../app.ts';
import { admitted } from '../callers.ts';
import { sendProblem } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { DeliveryView, DeliveryWithAttempts, presentAttempt, presentDelivery, webhookProblem } from '../webhook-views.ts';
import { webhookTags } from './webhooks.ts';

const webhookId = Type.String({ minLength: 1, maxLength: 64, description: 'webhook id' });
const params = Type.Object({ webhookId }, strict);
const deliveryParams = Type.Object(
  { webhookId, deliveryId: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'delivery id' }) },
  strict,
);
const query = Type.Object({ ...pageQuery('^[1-9][0-9]{0,14}$').properties, status: Type.Optional(oneOf(...deliveryStatuses)) }, strict);

export function webhookDeliveryRoutes(app: App, product: Product): void {
  const { webhooks } = product;
  const described = (operationId: string, description: string) => ({ operationId, description, tags: webhookTags });

  app.post(
    '/webhooks/:webhookId/test',
    {
      schema: {
        ...described(
          'testWebhook',
          'Sends a webhook an event of type WebhookTest, regardless of its filter; read the delivery for the outcome',
        ),
        params,
        response: { 202: ref(DeliveryView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const sent = await webhooks.test(request.params.webhookId);
      return 'refusal' in sent ? sendProblem(reply, webhookProblem(sent)) : reply.code(202).send(presentDelivery(sent));
    },
  );

  app.get(
    '/webhooks/:webhookId/deliveries',
    {
      schema: {
        ...described('listWebhookDeliveries', 'Lists the deliveries of a webhook, newest first; finished ones are stored for 30 days'),
        params,
        querystring: query,
        response: { 200: page(ref(DeliveryView)), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor, status } = request.query;
      const found = await webhooks.deliveries(request.params.webhookId, { limit, cursor, status });
      if ('refusal' in found) return sendProblem(reply, webhookProblem(found));
      return reply.send({ items: found.items.map(presentDelivery), next: found.next });
    },
  );

  app.get(
    '/webhooks/:webhookId/deliveries/:deliveryId',
    {
      schema: {
        ...described(
          'getWebhookDelivery',
          'Returns a delivery with its body and each call: when it was made, and its answer or why there was none. A service also needs events:read',
        ),
        params: deliveryParams,
        response: { 200: ref(DeliveryWithAttempts), ...problems(404) },
      },
    },
    async (request, reply) => {
      // The body is the event.
      admitted(product, request, 'listEvents');
      const found = await webhooks.delivery(request.params.webhookId, Number(request.params.deliveryId));
      if ('refusal' in found) return sendProblem(reply, webhookProblem(found));
      const { delivery, body, attempts } = found;
      return reply.send({ delivery: presentDelivery(delivery), body, attempts: attempts.map(presentAttempt) });
    },
  );

  app.post(
    '/webhooks/:webhookId/deliveries/:deliveryId/replay',
    {
      schema: {
        ...described('replayWebhookDelivery', 'Sends a delivery again now, with the full schedule of retries'),
        params: deliveryParams,
        response: { 202: ref(DeliveryView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const replayed = await webhooks.replay(request.params.webhookId, Number(request.params.deliveryId));
      return 'refusal' in replayed ? sendProblem(reply, webhookProblem(replayed)) : reply.code(202).send(presentDelivery(replayed));
    },
  );
}
