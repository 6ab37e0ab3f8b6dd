/** Users, for staff and services. */
import { roles } from '../../../identity/index.ts';
import { oneOf, Reason, ref, strict, UserId } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Request } from '../app.ts';
import { callerOf } from '../callers.ts';
import { problem, sendProblem } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { LoginView, presentLogin, presentUser, UserView } from './users.ts';
import Type from 'typebox';

const params = Type.Object({ userId: UserId }, strict);

export function staffRoutes(app: App, { users, sessions, access }: Product): void {
  app.get(
    '/users',
    {
      schema: {
        operationId: 'listUsers',
        description: 'Lists users, newest first',
        tags: ['Users'],
        querystring: pageQuery('^[0-9]{1,15}$'),
        response: { 200: page(ref(UserView)), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor } = request.query;
      const found = await users.list({ limit, cursor });
      return 'refusal' in found
        ? sendProblem(reply, problem(found.refusal.code, found.refusal))
        : reply.send({ items: found.items.map(presentUser), next: found.next });
    },
  );

  app.get(
    '/users/:userId',
    {
      schema: {
        operationId: 'getUser',
        description: 'A user',
        tags: ['Users'],
        params,
        response: { 200: ref(UserView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const id = request.params.userId.toLowerCase();
      const { onlyOwner } = callerOf(request);
      const found = await users.get(id);
      if ('refusal' in found) return sendProblem(reply, problem(found.refusal.code, found.refusal));
      if (onlyOwner !== undefined && onlyOwner !== id) return sendProblem(reply, problem('user_not_found'));
      return reply.send(presentUser(found));
    },
  );

  app.get(
    '/users/:userId/logins',
    {
      schema: {
        operationId: 'listLogins',
        description: 'Lists the login attempts of a user, newest first',
        tags: ['Users'],
        params,
        querystring: pageQuery('^[0-9]{1,15}$'),
        response: { 200: page(ref(LoginView)), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor } = request.query;
      const user = await users.get(request.params.userId.toLowerCase());
      if ('refusal' in user) return sendProblem(reply, problem(user.refusal.code, user.refusal));
      const found = await sessions.attempts(user, { limit, cursor });
      return 'refusal' in found
        ? sendProblem(reply, problem(found.refusal.code, found.refusal))
        : reply.send({ items: found.items.map(presentLogin), next: found.next });
    },
  );

  app.patch(
    '/users/:userId',
    {
      schema: {
        operationId: 'setUserRole',
        description:
          "Sets a user's role: `support` reads; `treasury` moves money; `risk` holds, freezes and limits; `admin` also manages roles and API keys; `operator` is the union of the first three",
        tags: ['Users'],
        params,
        body: Type.Object({ role: oneOf(...roles) }, strict),
        response: { 200: ref(UserView), ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const changed = await users.setRole(request.params.userId, request.body.role, actorOf(request));
      access.forget();
      return 'refusal' in changed ? sendProblem(reply, problem(changed.refusal.code, changed.refusal)) : reply.send(presentUser(changed));
    },
  );

  const decide = (name: 'suspend' | 'reinstate', description: string) =>
    app.post(
      `/users/:userId/${name}`,
      {
        schema: {
          operationId: `${name}User`,
          description,
          tags: ['Users'],
          params,
          body: Type.Object({ reason: Reason }, strict),
          response: { 200: ref(UserView), ...problems(404, 409) },
        },
      },
      async (request, reply) => {
        const changed = await users[name](request.params.userId, { ...deciding(request), reason: request.body.reason });
        access.forget();
        return 'refusal' in changed ? sendProblem(reply, problem(changed.refusal.code, changed.refusal)) : reply.send(presentUser(changed));
      },
    );
  decide(
    'suspend',
    'Suspends a user: the user can no longer log in, and every token stops working within a second, live streams included. Wallets stay as they are. Risk and operators can suspend users, admins also staff',
  );
  decide('reinstate', 'Ends the suspension of a user, who can log in again. Earlier tokens stay invalid');
}

function deciding(request: Request): { actor: string; byUser: string | null; aboutStaff: boolean } {
  const { principal } = callerOf(request);
  return { actor: actorOf(request), byUser: 'userId' in principal ? principal.userId : null, aboutStaff: principal.kind === 'admin' };
}
