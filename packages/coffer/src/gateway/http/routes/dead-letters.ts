/** Dead letters, for operators: events that could not be delivered. Inspect, replay or drop them. */
import type { Static } from 'typebox';
import type { DeadLetter } from '../../../events/index.ts';
import { orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import Type from 'typebox';

const DeadLetterView = Type.Object(
  {
    id: Type.String({ description: 'id of the dead letter, not of the event' }),
    eventId: orNull(Type.String({ examples: ['1-42-1'] })),
    eventType: orNull(Type.String({ examples: ['FundsDeposited'] })),
    walletId: orNull(Type.String()),
    reason: orNull(Type.String({ examples: ['failed 5 times'] })),
    deliveries: Type.Integer({ minimum: 0, description: 'number of deliveries before it became a dead letter' }),
    diedAt: orNull(Timestamp),
    body: Type.String({ description: 'the delivered message: a CloudEvent in JSON if it could be read, otherwise its beginning' }),
  },
  { $id: 'DeadLetter', ...strict },
);
export const deadLetterSchemas = [DeadLetterView];

const idPattern = '^[0-9a-f]{1,64}$';
const params = Type.Object({ deadLetterId: Type.String({ pattern: idPattern, description: 'dead letter id' }) }, strict);
const Replayed = Type.Object({ replayed: Type.Integer({ minimum: 0, description: 'number of dead letters replayed' }) }, strict);
const Dropped = Type.Object({ dropped: Type.Integer({ minimum: 0 }) }, strict);

export function deadLetterRoutes(app: App, { deadLetters }: Product): void {
  const tags = ['Events'];

  app.get(
    '/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        description: 'Lists events that no consumer could handle, oldest first. Reading changes nothing',
        tags,
        querystring: pageQuery(idPattern),
        response: { 200: page(ref(DeadLetterView)), ...problems() },
      },
    },
    async ({ query: { limit = 50, cursor } }) => {
      const found = await deadLetters.list({ limit: limit + 1, ...(cursor !== undefined && { after: cursor }) });
      const items = found.slice(0, limit).map(present);
      return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    '/dead-letters/:deadLetterId',
    {
      schema: {
        operationId: 'getDeadLetter',
        description: 'Returns a dead letter and the delivered message',
        tags,
        params,
        response: { 200: ref(DeadLetterView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const letter = await deadLetters.find(request.params.deadLetterId);
      return letter ? present(letter) : sendProblem(reply, gone);
    },
  );

  app.post(
    '/dead-letters/:deadLetterId/replay',
    {
      schema: {
        operationId: 'replayDeadLetter',
        description:
          'Delivers a dead letter again with a fresh delivery count; it is removed from the dead letters once it is safely queued',
        tags,
        params,
        response: { 200: Replayed, ...problems(404) },
      },
    },
    async (request, reply) => {
      const replayed = await deadLetters.replay([request.params.deadLetterId]);
      return replayed > 0 ? { replayed } : sendProblem(reply, gone);
    },
  );

  app.post(
    '/dead-letters/replay',
    {
      schema: {
        operationId: 'replayDeadLetters',
        description: 'Delivers all dead letters again',
        tags,
        response: { 200: Replayed, ...problems() },
      },
    },
    async () => ({ replayed: await deadLetters.replay('all') }),
  );

  app.delete(
    '/dead-letters/:deadLetterId',
    {
      schema: {
        operationId: 'dropDeadLetter',
        description: 'Deletes a dead letter permanently. The event itself stays in the log',
        tags,
        params,
        response: { 200: Dropped, ...problems(404) },
      },
    },
    async (request, reply) => {
      const dropped = await deadLetters.drop([request.params.deadLetterId]);
      return dropped > 0 ? { dropped } : sendProblem(reply, gone);
    },
  );
}

const gone = problem('dead_letter_not_found');

function present({ wallet, diedAt, ...letter }: DeadLetter): Static<typeof DeadLetterView> {
  return { ...letter, walletId: wallet, diedAt: diedAt?.toISOString() ?? null };
}
