/** What follows the event log, how far it is, and what it could not apply: for operators. */
import { Reason, Timestamp, orNull, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import { setAsideCursorPattern } from '../../../projections/index.ts';
import type { ProjectionStatus, Retried, SetAside } from '../../../projections/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Request } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { readReason } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

const ProjectionView = Type.Object(
  {
    name: Type.String({ examples: ['stats'] }),
    generation: count('which making of it is read; a rebuild makes the next'),
    building: orNull(Type.Integer({ description: 'the one that a rebuild is making now' })),
    setAside: count('events that could not be taken in; the others flowed on'),
    books: Type.Array(
      Type.Object(
        {
          book: Type.Integer({ minimum: 1 }),
          seq: count('the last event that is in it, by its entry'),
          part: count('and by its place among the events of that entry'),
          events: count('how many are in it'),
          behindEntries: count('entries of the log that it has yet to take in'),
          behindSeconds: Type.Number({ description: 'since the oldest event was recorded that is not in it' }),
        },
        strict,
      ),
    ),
  },
  { $id: 'Projection', ...strict },
);
const SetAsideView = Type.Object(
  {
    eventId: Type.String({ examples: ['1-42-1'] }),
    eventType: orNull(Type.String({ examples: ['FundsDeposited'], description: 'null when the log has no such event' })),
    walletId: orNull(Type.String()),
    error: Type.String({ description: 'why it could not be applied when it was tried last' }),
    tries: Type.Integer({ minimum: 1, description: 'how often it was tried' }),
    since: Timestamp,
  },
  { $id: 'SetAsideEvent', ...strict },
);
export const projectionSchemas = [ProjectionView, SetAsideView];

const projection = Type.String({
  pattern: '^[a-z-]{1,40}$',
  description: 'a projection, as GET /projections names it',
  examples: ['stats'],
});
const eventId = Type.String({ pattern: '^[0-9]{1,9}-[0-9]{1,15}-[0-9]{1,5}$', description: 'event id', examples: ['1-42-1'] });
const ofProjection = Type.Object({ projection }, strict);
const ofEvent = Type.Object({ projection, eventId }, strict);
const Retrying = Type.Object({ reason: Reason }, strict);
const RetriedView = Type.Object(
  {
    applied: count('how many are in the projection now'),
    failed: Type.Array(ref(SetAsideView), { description: 'those that failed once more, and why; they stay set aside' }),
  },
  strict,
);

export function projectionRoutes(app: App, product: Product): void {
  const { projections } = product;
  app.get(
    '/projections',
    {
      schema: {
        operationId: 'listProjections',
        description: 'How far each projection of the event log is; empty before a worker has begun',
        tags: ['Events'],
        response: { 200: Type.Object({ items: Type.Array(ref(ProjectionView)) }, strict), ...problems() },
      },
    },
    async () => ({ items: (await projections()).map(present) }),
  );
  setAsideRoutes(app, product);
}

function setAsideRoutes(app: App, { setAsides, log }: Product): void {
  const tags = ['Events'];

  app.get(
    '/projections/:projection/set-aside',
    {
      schema: {
        operationId: 'listSetAside',
        description: 'Events that a projection could not apply while the others flowed on, newest first. Looking changes nothing',
        tags,
        params: ofProjection,
        querystring: pageQuery(setAsideCursorPattern),
        response: { 200: page(ref(SetAsideView)), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { projection: name } = request.params;
      const { limit = 50, cursor } = request.query;
      const found = await setAsides.list(name, { limit, cursor });
      return found ? reply.send({ items: found.items.map(presentSetAside), next: found.next }) : sendProblem(reply, unknown(name));
    },
  );

  const retry = async (request: Request, name: string, reason: string, ids?: readonly string[]): Promise<Retried | null> => {
    const retried = await setAsides.retry(name, ids);
    if (retried) {
      const { applied, failed } = retried;
      const actor = actorOf(request);
      log.info(
        { projection: name, ...(ids && { events: ids }), applied, failed: failed.length, actor, reason },
        'Tried what was set aside',
      );
    }
    return retried;
  };

  app.post(
    '/projections/:projection/set-aside/retry',
    {
      schema: {
        operationId: 'retryAllSetAside',
        description:
          'Tries each event that a projection could not apply once more, oldest first. However often it is asked for, each is applied once',
        tags,
        params: ofProjection,
        body: Retrying,
        response: { 200: RetriedView, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { projection: name } = request.params;
      const retried = await retry(request, name, readReason(request.body));
      return retried ? reply.send(presentRetried(retried)) : sendProblem(reply, unknown(name));
    },
  );

  app.post(
    '/projections/:projection/set-aside/:eventId/retry',
    {
      schema: {
        operationId: 'retrySetAside',
        description: 'Tries one event that a projection could not apply once more. However often it is asked for, it is applied once',
        tags,
        params: ofEvent,
        body: Retrying,
        response: { 200: RetriedView, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { projection: name, eventId: id } = request.params;
      const retried = await retry(request, name, readReason(request.body), [id]);
      if (!retried) return sendProblem(reply, unknown(name));
      return retried.notSetAside.length > 0 ? sendProblem(reply, notAside(name, id)) : reply.send(presentRetried(retried));
    },
  );
}

function unknown(projection: string): Problem {
  return problem('projection_not_found', { facts: { projection } });
}

function notAside(projection: string, event: string): Problem {
  return problem('event_not_set_aside', { facts: { projection, event } });
}

function presentSetAside({ id, type, wallet, since, ...rest }: SetAside): Static<typeof SetAsideView> {
  return { eventId: id, eventType: type, walletId: wallet, ...rest, since: since.toISOString() };
}

function presentRetried({ applied, failed }: Retried): Static<typeof RetriedView> {
  return { applied, failed: failed.map(presentSetAside) };
}

function present({ name, generation, building, setAside, books }: ProjectionStatus): Static<typeof ProjectionView> {
  return { name, generation, building, setAside, books: books.map(({ applied, ...book }) => ({ ...book, events: applied })) };
}
