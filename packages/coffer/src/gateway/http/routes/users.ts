/** Users: signing up, logging in, managing your own profile. */
import type { Static } from 'typebox';
import { emailLengthMax, nameLengthMax, passwordLengthMax, passwordLengthMin, roles } from '../../../identity/index.ts';
import type { LoginAttempt, User } from '../../../identity/index.ts';
import { DestinationName, oneOf, orNull, ref, strict, Timestamp, WalletId } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { accountOf } from '../callers.ts';
import { LoginTries } from '../login-tries.ts';
import { problem, refusalProblem, sendProblem, tooMany } from '../problem.ts';
import { readDestination } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { compileLenientValidator } from '../validation.ts';
import Type from 'typebox';

/** Lengths are documented here; identity checks them, and has a code for each. */
const Email = Type.String({
  maxLength: emailLengthMax,
  description: `e-mail address, at most ${emailLengthMax} characters`,
  examples: ['jane@example.com'],
});
const Name = Type.String({
  minLength: 1,
  maxLength: nameLengthMax,
  description: `name, 1 to ${nameLengthMax} characters`,
  examples: ['Jane Doe'],
});
const examples = ['correct horse battery staple'];
const Password = Type.String({
  minLength: passwordLengthMin,
  maxLength: passwordLengthMax,
  description: `password, ${passwordLengthMin} to ${passwordLengthMax} characters`,
  examples,
});
/** One that is compared: any other length is only wrong. */
const GivenPassword = Type.String({ maxLength: passwordLengthMax, description: 'password', examples });

export const UserView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    number: Type.Integer({ description: 'account number' }),
    email: orNull(Type.String()),
    name: Type.String(),
    role: oneOf(...roles),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'User', ...strict },
);
const SessionView = Type.Object({ token: Type.String(), expiresAt: Timestamp, user: ref(UserView) }, { $id: 'Session', ...strict });
export const LoginView = Type.Object(
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
const mine = { tags: ['Users'] };

export function userRoutes(app: App, product: Product): void {
  const { users, sessions, access } = product;
  const signUps = access.rateLimiter('sign-ups', signUpsPerMinute);
  const tries = new LoginTries(access);

  app.post(
    '/users/signup',
    {
      schema: {
        operationId: 'signUp',
        description: "Creates a user and the user's wallet in the default asset",
        tags: ['Users'],
        body: Type.Object({ email: Email, name: Name, password: Password }, strict),
        response: { 201: ref(UserView), ...problems(409, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const spent = await signUps.take(request.clientIp ?? '');
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const made = await users.signUp(request.body);
      return 'refusal' in made ? sendProblem(reply, problem(made.refusal.code, made.refusal)) : reply.code(201).send(presentUser(made));
    },
  );

  app.post(
    '/users/login',
    {
      schema: {
        operationId: 'logIn',
        description: 'Logs in with e-mail address and password, and returns a token',
        tags: ['Users'],
        body: Type.Object({ email: Email, password: GivenPassword }, strict),
        response: { 200: ref(SessionView), ...problems(401, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const guess = LoginTries.guess(request.clientIp ?? '', request.body.email);
      const spent = await tries.take(guess);
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const session = await sessions
        .login({ ...request.body, clientIp: request.clientIp ?? undefined, userAgent: request.headers['user-agent'] })
        .catch((outage: unknown) => {
          // The caller learnt nothing about the password.
          tries.giveBack(guess);
          throw outage;
        });
      if ('refusal' in session) return sendProblem(reply, problem(session.refusal.code, session.refusal));
      tries.giveBack(guess);
      const answered = reply.header('cache-control', 'no-store');
      return answered.send({ token: session.token, expiresAt: session.expiresAt.toISOString(), user: presentUser(session.user) });
    },
  );

  app.get(
    '/users/me',
    {
      schema: {
        operationId: 'getMe',
        description: "Returns the caller's profile",
        ...mine,
        response: { 200: ref(UserView), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const found = await users.get(accountOf(request));
      return 'refusal' in found ? sendProblem(reply, problem(found.refusal.code, found.refusal)) : reply.send(presentUser(found));
    },
  );

  app.patch(
    '/users/me',
    {
      schema: {
        operationId: 'updateMe',
        description:
          'Changes name, e-mail or password. A new password revokes all tokens. Users with a password must send it as currentPassword to change the password or the e-mail',
        ...mine,
        body: Type.Object(
          {
            email: Type.Optional(Email),
            name: Type.Optional(Name),
            password: Type.Optional(Password),
            currentPassword: Type.Optional(GivenPassword),
          },
          strict,
        ),
        response: { 200: ref(UserView), ...problems(401, 403, 404, 409, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const id = accountOf(request);
      // Otherwise a stolen token would allow unlimited password guesses.
      const guess = LoginTries.ofOwn(id);
      const spent = await tries.take(guess);
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const changed = await users.update({ id }, request.body).catch((outage: unknown) => {
        tries.giveBack(guess);
        throw outage;
      });
      if (!('refusal' in changed && changed.refusal.code === 'current_password_wrong')) tries.giveBack(guess);
      access.forget();
      return 'refusal' in changed ? sendProblem(reply, problem(changed.refusal.code, changed.refusal)) : reply.send(presentUser(changed));
    },
  );

  app.delete(
    '/users/me',
    {
      schema: {
        operationId: 'deleteMe',
        description:
          "Soft-deletes the caller's account after closing all its wallets permanently, in one step. The wallets must be empty, or you name an account to sweep them to. If it was interrupted, send it again to finish",
        ...mine,
        querystring: Type.Object({ sweepTo: Type.Optional(DestinationName), sweepToWalletId: Type.Optional(WalletId) }, strict),
        response: { 200: Type.Object({ id: Type.String(), deletedAt: Timestamp }, strict), ...problems(401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { sweepTo, sweepToWalletId } = request.query;
      const destination = readDestination(sweepToWalletId, sweepTo);
      const id = accountOf(request);
      const closeWallets = async (owner: string) =>
        await product.commands.closeAllOf({
          owner,
          sweepTo: destination,
          reason: 'the user was deleted',
          actor: actorOf(request),
        });
      const deleted = await users.softDelete({ id }, closeWallets);
      access.forget();
      if ('obstacle' in deleted) return sendProblem(reply, refusalProblem(deleted.obstacle, product.assets));
      return 'refusal' in deleted
        ? sendProblem(reply, problem(deleted.refusal.code, deleted.refusal))
        : reply.send({ id, deletedAt: deleted.deletedAt.toISOString() });
    },
  );

  app.get(
    '/users/me/logins',
    {
      schema: {
        operationId: 'listMyLogins',
        description: 'Lists the login attempts of the caller, newest first',
        ...mine,
        querystring: pageQuery('^[0-9]{1,15}$'),
        response: { 200: page(ref(LoginView)), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor } = request.query;
      const found = await sessions.attempts({ id: accountOf(request) }, { limit, cursor });
      return 'refusal' in found
        ? sendProblem(reply, problem(found.refusal.code, found.refusal))
        : reply.send({ items: found.items.map(presentLogin), next: found.next });
    },
  );
}

export function presentUser({ id, number, email, name, role, createdAt, updatedAt }: User): Static<typeof UserView> {
  return { id, number, email, name, role, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

export function presentLogin({ id, success, reason, clientIp, userAgent, at }: LoginAttempt): Static<typeof LoginView> {
  return { id, success, reason, clientIp, userAgent, createdAt: at.toISOString() };
}
