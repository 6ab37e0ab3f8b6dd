/** Projections of the event log, for operators: their progress, and the events they could not apply. */
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
    generation: count('the generation that is read; a rebuild creates the next one'),
    building: orNull(Type.Integer({ description: 'the generation that a rebuild is creating now' })),
    setAside: count('quarantined events: they could not be applied, and the projection continued without them'),
    books: Type.Array(
      Type.Object(
        {
          book: Type.Integer({ minimum: 1 }),
          seq: count('entry of the last applied event'),
          part: count('position of the last applied event among the events of its entry'),
          events: count('number of applied events'),
          behindEntries: count('log entries not yet applied'),
          behindSeconds: Type.Number({ description: 'age of the oldest event that is not yet applied' }),
          aheadEntries: count('entries beyond the end of the log, which must be 0: otherwise rebuild the projection'),
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
    eventType: orNull(Type.String({ examples: ['FundsDeposited'], description: 'null if the log has no such event' })),
    walletId: orNull(Type.String()),
    error: Type.String({ description: 'why the last attempt to apply it failed' }),
    tries: Type.Integer({ minimum: 1, description: 'number of attempts' }),
    since: Timestamp,
  },
  { $id: 'SetAsideEvent', ...strict },
);
export const projectionSchemas = [ProjectionView, SetAsideView];

const projection = Type.String({
  pattern: '^[a-z-]{1,40}$',
  description: 'name of a projection, from GET /projections',
  examples: ['stats'],
});
const eventId = Type.String({ pattern: '^[0-9]{1,9}-[0-9]{1,15}-[0-9]{1,5}$', description: 'event id', examples: ['1-42-1'] });
const ofProjection = Type.Object({ projection }, strict);
const ofEvent = Type.Object({ projection, eventId }, strict);
const Retrying = Type.Object({ reason: Reason }, strict);
const RetriedView = Type.Object(
  {
    applied: count('number of events that the projection now includes'),
    failed: Type.Array(ref(SetAsideView), { description: 'events that failed again, and why; they stay quarantined' }),
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
        description: 'Lists the progress of each projection; empty until a worker has run',
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
        description: 'Lists the quarantined events of a projection, newest first. Reading changes nothing',
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
        'Retried the quarantined events',
      );
    }
    return retried;
  };

  app.post(
    '/projections/:projection/set-aside/retry',
    {
      schema: {
        operationId: 'retryAllSetAside',
        description: 'Retries all quarantined events of a projection, oldest first. Each event is applied once, however often you retry',
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
        description: 'Retries one quarantined event of a projection. It is applied once, however often you retry',
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
