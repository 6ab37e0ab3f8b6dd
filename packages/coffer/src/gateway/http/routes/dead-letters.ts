/** Events that were given up, for operators: look at them, deliver them once more, or drop them. */
import type { Static } from 'typebox';
import type { DeadLetter } from '../../../events/index.ts';
import { orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import Type from 'typebox';

const DeadLetterView = Type.Object(
  {
    id: Type.String({ description: 'of the dead letter, not of the event' }),
    eventId: orNull(Type.String({ examples: ['1-42-1'] })),
    eventType: orNull(Type.String({ examples: ['FundsDeposited'] })),
    walletId: orNull(Type.String()),
    reason: orNull(Type.String({ examples: ['failed 5 times'] })),
    deliveries: Type.Integer({ minimum: 0, description: 'how often it was delivered before it was given up' }),
    diedAt: orNull(Timestamp),
    body: Type.String({ description: 'what was delivered: a CloudEvent in JSON where it could be read, else its beginning' }),
  },
  { $id: 'DeadLetter', ...strict },
);
export const deadLetterSchemas = [DeadLetterView];

const idPattern = '^[0-9a-f]{1,64}$';
const params = Type.Object({ deadLetterId: Type.String({ pattern: idPattern, description: 'dead letter id' }) }, strict);
const Replayed = Type.Object({ replayed: Type.Integer({ minimum: 0, description: 'how many were delivered once more' }) }, strict);
const Dropped = Type.Object({ dropped: Type.Integer({ minimum: 0 }) }, strict);

export function deadLetterRoutes(app: App, { deadLetters }: Product): void {
  const tags = ['Events'];

  app.get(
    '/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        description: 'Events that no consumer could handle, oldest first. Looking changes nothing',
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
        description: 'One dead letter, with what was delivered',
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
        description: 'Delivers a dead letter once more, from its first delivery on; it is one no longer when it is safe in the queue',
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
        description: 'Delivers all dead letters once more',
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
        description: 'Drops a dead letter for good. The event itself stays in the log',
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
