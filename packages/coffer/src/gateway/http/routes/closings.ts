/** Closed periods: the date before which nothing new may be dated. */
import Type from 'typebox';
import type { Static } from 'typebox';
import type { Closing } from '../../../ledger/index.ts';
import { Moment, Reason, ref, strict, Timestamp } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { readMoment, readReason } from '../request-content.ts';
import { problems } from '../schemas.ts';

const ClosingView = Type.Object(
  {
    before: Type.Unsafe<string>({ ...Timestamp, description: 'what is recorded after closedAt may not be dated earlier' }),
    reason: Type.String(),
    actor: Type.String({ description: 'who closed it' }),
    closedAt: Timestamp,
  },
  { $id: 'Closing', ...strict },
);
export const closingSchemas = [ClosingView];

export function closingRoutes(app: App, { queries, commands }: Product): void {
  const tags = ['Periods'];

  app.get(
    '/closings',
    {
      schema: {
        operationId: 'listClosings',
        description: 'Lists the closings of periods, newest first: the first is in force',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(ClosingView)) }, strict), ...problems() },
      },
    },
    async (_request, reply) => reply.send({ items: (await queries.closings()).map(presentClosing) }),
  );

  app.post(
    '/closings',
    {
      schema: {
        operationId: 'closePeriod',
        description:
          'Closes the period before a date: from now on, no operation may have an earlier effective date. An earlier date than the one in force opens a period again',
        tags,
        body: Type.Object({ before: Moment, reason: Reason }, strict),
        response: { 201: ref(ClosingView), ...problems(422) },
      },
    },
    async (request, reply) => {
      const before = readMoment(request.body.before, 'before');
      const closing = await commands.closePeriod({ before, reason: readReason(request.body), actor: actorOf(request) });
      if (!closing) return sendProblem(reply, problem('closing_in_future', { facts: { before: before.toISOString() } }));
      return reply.code(201).send(presentClosing(closing));
    },
  );
}

function presentClosing({ before, closedAt, ...rest }: Closing): Static<typeof ClosingView> {
  return { ...rest, before: before.toISOString(), closedAt: closedAt.toISOString() };
}
