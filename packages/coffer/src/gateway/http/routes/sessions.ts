/** Sessions: the logins of the caller that are still valid, and their end. */
import type { Static } from 'typebox';
import type { Session } from '../../../identity/index.ts';
import { orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product, Request } from '../app.ts';
import { accountOf, callerOf } from '../callers.ts';
import { problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';
import Type from 'typebox';

export const SessionView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    current: Type.Boolean({ description: 'whether this request uses it' }),
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    expiresAt: Timestamp,
    clientIp: orNull(Type.String()),
    userAgent: orNull(Type.String()),
  },
  { $id: 'Session', ...strict },
);
export const sessionSchemas = [SessionView];
const Ended = Type.Object({ ended: Type.Integer({ description: 'how many sessions ended' }) }, strict);

const tags = ['Sessions'];

export function sessionRoutes(app: App, { sessions, access }: Product): void {
  app.get(
    '/auth/sessions',
    {
      schema: {
        operationId: 'listMySessions',
        description: 'Lists the valid sessions of the caller, newest first',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(SessionView)) }, strict), ...problems(401) },
      },
    },
    async (request) => {
      const found = await sessions.list({ id: accountOf(request) });
      const current = sessionOf(request);
      return { items: found.map((session) => presentSession(session, current)) };
    },
  );

  app.delete(
    '/auth/sessions/:sessionId',
    {
      schema: {
        operationId: 'endMySession',
        description: 'Ends a session of the caller: its token stops working within a second, live streams included',
        tags,
        params: Type.Object({ sessionId: Type.String({ format: 'uuid', description: 'id of a session' }) }, strict),
        response: { 200: Ended, ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const refusal = await sessions.end({ id: accountOf(request) }, request.params.sessionId);
      access.forget();
      return refusal ? sendProblem(reply, problem(refusal.refusal.code, refusal.refusal)) : reply.send({ ended: 1 });
    },
  );

  app.delete(
    '/auth/sessions',
    {
      schema: {
        operationId: 'endMySessions',
        description: 'Ends the other sessions of the caller; with `current=true` also the one in use',
        tags,
        querystring: Type.Object(
          { current: Type.Optional(Type.Boolean({ description: 'whether to end the session in use, too; default false' })) },
          strict,
        ),
        response: { 200: Ended, ...problems(401) },
      },
    },
    async (request) => {
      const kept = request.query.current === true ? null : sessionOf(request);
      const ended = await sessions.endAll({ id: accountOf(request) }, kept);
      access.forget();
      return { ended };
    },
  );

  app.post(
    '/auth/logout',
    {
      schema: {
        operationId: 'logOut',
        description: 'Ends the session in use: its token stops working within a second, live streams included',
        tags,
        response: { 200: Ended, ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const refusal = await sessions.end({ id: accountOf(request) }, sessionOf(request) ?? '');
      access.forget();
      return refusal ? sendProblem(reply, problem(refusal.refusal.code, refusal.refusal)) : reply.send({ ended: 1 });
    },
  );
}

/** What a caller reports about itself at a login. */
export function callerIn({ clientIp, headers }: Request): { clientIp: string | undefined; userAgent: string | undefined } {
  return { clientIp: clientIp ?? undefined, userAgent: headers['user-agent'] };
}

/** Null for a token of another issuer. */
export function sessionOf(request: Request): string | null {
  const { principal } = callerOf(request);
  return 'sessionId' in principal ? principal.sessionId : null;
}

export function presentSession(
  { createdAt, lastUsedAt, expiresAt, ...session }: Session,
  current: string | null,
): Static<typeof SessionView> {
  const { id, clientIp, userAgent } = session;
  const times = { createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt.toISOString(), expiresAt: expiresAt.toISOString() };
  return { id, current: id === current, ...times, clientIp, userAgent };
}
