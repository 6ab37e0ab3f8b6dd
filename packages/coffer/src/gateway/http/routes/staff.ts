/** Users, for staff and services. */
import { nameLengthMax, roles, userStates } from '../../../identity/index.ts';
import { clearanceOf, DestinationName, oneOf, Reason, ref, strict, Timestamp, UserId, WalletId } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Request } from '../app.ts';
import { admitted, callerOf } from '../callers.ts';
import { foundPage, keysetQuery, presentFound } from '../found-views.ts';
import { problem, refusalProblem, sendProblem } from '../problem.ts';
import { readDestination } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { Email, LoginView, presentLogin, presentUser, UserView } from './users.ts';
import Type from 'typebox';

const params = Type.Object({ userId: UserId }, strict);
const usersQuery = Type.Object(
  {
    ...keysetQuery('[0-9]{1,15}'),
    email: Type.Optional(Email),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: nameLengthMax, description: 'words of the name, or their beginnings, in any order' }),
    ),
    state: Type.Optional(oneOf(...userStates)),
    role: Type.Optional(oneOf(...roles)),
  },
  strict,
);

export function staffRoutes(app: App, product: Product): void {
  const { users, sessions, access } = product;
  app.get(
    '/users',
    {
      schema: {
        operationId: 'listUsers',
        description: 'Finds users by e-mail address, words of the name, state and role, newest first. They are read as they are now',
        tags: ['Users'],
        querystring: usersQuery,
        response: { 200: foundPage(ref(UserView)), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit = 50, count, ...listing } = request.query;
      const found = await users.list({ ...listing, limit, count: count === 'estimate' });
      return 'refusal' in found
        ? sendProblem(reply, problem(found.refusal.code, found.refusal))
        : reply.send(presentFound({ ...found, asOf: null }, (items) => items.map(presentUser)));
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

  app.delete(
    '/users/:userId',
    {
      schema: {
        operationId: 'deleteUser',
        description:
          'Soft-deletes a user after closing all the wallets permanently, in one step. The wallets must be empty, or you name an account to sweep them to. Operators can delete users, admins also staff; an API key also needs the scope `controls:write`. If it was interrupted, send it again to finish',
        tags: ['Users'],
        params,
        // Not in a body: some proxies drop the body of a DELETE.
        querystring: Type.Object(
          { reason: Reason, sweepTo: Type.Optional(DestinationName), sweepToWalletId: Type.Optional(WalletId) },
          strict,
        ),
        response: { 200: Type.Object({ id: Type.String(), deletedAt: Timestamp }, strict), ...problems(404, 409, 422) },
      },
    },
    async (request, reply) => {
      admitted(product, request, 'closeWallets');
      const { reason, sweepTo, sweepToWalletId } = request.query;
      const destination = readDestination(sweepToWalletId, sweepTo);
      const decision = { ...deciding(request), reason };
      const closeWallets = async (owner: string) =>
        await product.commands.closeAllOf({
          owner,
          sweepTo: destination,
          reason: 'the user was deleted',
          actor: decision.actor,
          clearance: clearanceOf(callerOf(request).principal),
          maker: callerOf(request).principal,
        });
      const deleted = await users.deleteByStaff(request.params.userId, decision, closeWallets);
      access.forget();
      if ('obstacle' in deleted) return sendProblem(reply, refusalProblem(deleted.obstacle, product.assets));
      return 'refusal' in deleted
        ? sendProblem(reply, problem(deleted.refusal.code, deleted.refusal))
        : reply.send({ id: request.params.userId.toLowerCase(), deletedAt: deleted.deletedAt.toISOString() });
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

  app.delete(
    '/users/:userId/sessions',
    {
      schema: {
        operationId: 'endSessionsOfUser',
        description:
          'Ends every session of a user: all tokens stop working within a second, also those of another issuer that were issued before. The user can log in again. Operators can do it to users, admins also to staff',
        tags: ['Users'],
        params,
        querystring: Type.Object({ reason: Reason }, strict),
        response: { 200: ref(UserView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const changed = await users.endSessions(request.params.userId, { ...deciding(request), reason: request.query.reason });
      access.forget();
      return 'refusal' in changed ? sendProblem(reply, problem(changed.refusal.code, changed.refusal)) : reply.send(presentUser(changed));
    },
  );

  decide('reinstate', 'Ends the suspension of a user, who can log in again. Earlier tokens stay invalid');
}

function deciding(request: Request): { actor: string; byUser: string | null; aboutStaff: boolean } {
  const { principal } = callerOf(request);
  return { actor: actorOf(request), byUser: 'userId' in principal ? principal.userId : null, aboutStaff: principal.kind === 'admin' };
}
