/** Users: signing up, logging in, one's own profile. */
import Type from 'typebox';
import type { Static } from 'typebox';
import type { LoginAttempt, User } from '../../../identity/index.ts';
import type { App, Product } from '../app.ts';
import { Attempts } from '../attempts.ts';
import { requiredLogin, userOf } from '../callers.ts';
import { identityProblem } from '../identity-refusals.ts';
import { sendProblem } from '../problem.ts';
import { limitMax, orNull, page, pageQuery, problems, ref, strict, Timestamp } from '../schemas.ts';

/** Rules about what may be stored are identity's; here only the kind is checked. */
const Email = Type.String({ maxLength: 1024, description: 'e-mail address', examples: ['jane@example.com'] });
const Name = Type.String({ maxLength: 1024, description: 'name', examples: ['Jane Doe'] });
const Password = Type.String({
  maxLength: 4096,
  description: 'password, at least 8 characters',
  examples: ['correct horse battery staple'],
});

const UserView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    number: Type.Integer({ description: 'account number' }),
    email: orNull(Type.String()),
    name: Type.String(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'User', ...strict },
);
const SessionView = Type.Object({ token: Type.String(), expiresAt: Timestamp, user: ref(UserView) }, { $id: 'Session', ...strict });
const LoginView = Type.Object(
  {
    id: Type.String(),
    success: Type.Boolean(),
    reason: orNull(Type.String()),
    clientIp: orNull(Type.String()),
    userAgent: orNull(Type.String()),
    createdAt: Timestamp,
  },
  { $id: 'Login', ...strict },
);
export const userSchemas = [UserView, SessionView, LoginView];

const signUpsPerMinute = 60;
const failedLoginsPerMinute = 10;
const mine = { tags: ['Users'], security: [{ bearer: [] }] };

export function userRoutes(app: App, product: Product): void {
  const { users, sessions, queries } = product;
  const onRequest = requiredLogin(product);
  const signUps = new Attempts(signUpsPerMinute);
  const failedLogins = new Attempts(failedLoginsPerMinute);

  app.post(
    '/users/signup',
    {
      schema: {
        operationId: 'signUp',
        description: "Makes a user, and the user's wallet in the default asset",
        tags: ['Users'],
        body: Type.Object({ email: Email, name: Name, password: Password }, strict),
        response: { 201: ref(UserView), ...problems(409, 429) },
      },
    },
    async (request, reply) => {
      const tooMany = signUps.take(request.ip);
      if (tooMany) return sendProblem(reply, tooMany);
      const made = await users.signUp(request.body);
      return 'refusal' in made ? sendProblem(reply, identityProblem(made.refusal)) : reply.code(201).send(presentUser(made));
    },
  );

  app.post(
    '/users/login',
    {
      schema: {
        operationId: 'logIn',
        description: 'A token for an e-mail address and its password',
        tags: ['Users'],
        body: Type.Object({ email: Email, password: Password }, strict),
        response: { 200: ref(SessionView), ...problems(401, 429) },
      },
    },
    async (request, reply) => {
      const guess = `${request.ip} ${request.body.email.toLowerCase()}`;
      const tooMany = failedLogins.take(guess);
      if (tooMany) return sendProblem(reply, tooMany);
      const session = await sessions
        .login({ ...request.body, clientIp: request.ip, userAgent: request.headers['user-agent'] })
        .catch((outage: unknown) => {
          // Nobody learnt anything about the password.
          failedLogins.giveBack(guess);
          throw outage;
        });
      if ('refusal' in session) return sendProblem(reply, identityProblem(session.refusal));
      failedLogins.giveBack(guess);
      return reply.send({ token: session.token, expiresAt: session.expiresAt.toISOString(), user: presentUser(session.user) });
    },
  );

  app.get(
    '/users/me',
    {
      onRequest,
      schema: { operationId: 'getMe', description: "The caller's profile", ...mine, response: { 200: ref(UserView), ...problems(401) } },
    },
    async (request) => presentUser(await userOf(product, request)),
  );

  app.patch(
    '/users/me',
    {
      onRequest,
      schema: {
        operationId: 'updateMe',
        description: 'Changes name, e-mail or password; a new password withdraws every token',
        ...mine,
        body: Type.Object({ email: Type.Optional(Email), name: Type.Optional(Name), password: Type.Optional(Password) }, strict),
        response: { 200: ref(UserView), ...problems(401, 409) },
      },
    },
    async (request, reply) => {
      const changed = await users.update(await userOf(product, request), request.body);
      return 'refusal' in changed ? sendProblem(reply, identityProblem(changed.refusal)) : reply.send(presentUser(changed));
    },
  );

  app.delete(
    '/users/me',
    {
      onRequest,
      schema: {
        operationId: 'deleteMe',
        description:
          "Deletes the caller's account softly. Its wallets must hold nothing at that moment, or it is refused; they stay open until wallets can be closed, and what is paid into them afterwards stays there",
        ...mine,
        response: { 200: Type.Object({ id: Type.String(), deletedAt: Timestamp }, strict), ...problems(401, 409) },
      },
    },
    async (request, reply) => {
      const user = await userOf(product, request);
      const deleted = await users.softDelete(user, holdsBalance);
      return 'refusal' in deleted
        ? sendProblem(reply, identityProblem(deleted.refusal))
        : reply.send({ id: user.id, deletedAt: deleted.deletedAt.toISOString() });
    },
  );

  app.get(
    '/users/me/logins',
    {
      onRequest,
      schema: {
        operationId: 'listMyLogins',
        description: 'Attempts to log in as the caller, newest first',
        ...mine,
        querystring: pageQuery('^[0-9]{1,15}$'),
        response: { 200: page(ref(LoginView)), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor } = request.query;
      const found = await sessions.attempts(await userOf(product, request), { limit, cursor });
      return 'refusal' in found
        ? sendProblem(reply, identityProblem(found.refusal))
        : reply.send({ items: found.items.map(presentLogin), next: found.next });
    },
  );

  /** There are fewer assets than a page holds, and one wallet per user and asset. */
  async function holdsBalance(userId: string): Promise<boolean> {
    const { items } = await queries.walletsOf(userId, limitMax);
    return items.some((wallet) => wallet.balance !== 0n);
  }
}

function presentUser({ id, number, email, name, createdAt, updatedAt }: User): Static<typeof UserView> {
  return { id, number, email, name, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

function presentLogin({ id, success, reason, clientIp, userAgent, at }: LoginAttempt): Static<typeof LoginView> {
  return { id, success, reason, clientIp, userAgent, createdAt: at.toISOString() };
}
