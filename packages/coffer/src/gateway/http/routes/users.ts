/** Users: signing up, logging in, managing your own profile. */
import type { Static } from 'typebox';
import { emailLengthMax, nameLengthMax, passwordLengthMax, passwordLengthMin, roles } from '../../../identity/index.ts';
import type { Login, LoginAttempt, User } from '../../../identity/index.ts';
import { DestinationName, oneOf, orNull, ref, strict, Timestamp, WalletId } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { accountOf } from '../callers.ts';
import { deviceProofOf, rememberDevice } from '../device-cookie.ts';
import { LoginTries } from '../login-tries.ts';
import { networkKeyOf } from '../../network/index.ts';
import { problem, refusalProblem, sendProblem, tooMany } from '../problem.ts';
import { readDestination } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { callerIn, sessionOf } from './sessions.ts';
import { compileLenientValidator } from '../validation.ts';
import Type from 'typebox';

/** Lengths are documented here; identity checks them, and has a code for each. */
export const Email = Type.String({
  maxLength: emailLengthMax,
  description: `e-mail address, at most ${emailLengthMax} characters`,
  examples: ['jane@example.com'],
});
export const Name = Type.String({
  minLength: 1,
  maxLength: nameLengthMax,
  description: `name, 1 to ${nameLengthMax} characters`,
  examples: ['Jane Doe'],
});
const examples = ['correct horse battery staple'];
export const Password = Type.String({
  minLength: passwordLengthMin,
  maxLength: passwordLengthMax,
  description: `password, ${passwordLengthMin} to ${passwordLengthMax} characters`,
  examples,
});
/** One that is compared: any other length is only wrong. */
export const GivenPassword = Type.String({ maxLength: passwordLengthMax, description: 'password', examples });

export const UserView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    number: Type.Integer({ description: 'account number' }),
    email: orNull(Type.String()),
    emailProvedAt: orNull(Timestamp),
    pendingEmail: orNull(Type.String({ description: 'replaces `email` once it is proved' })),
    name: Type.String(),
    role: oneOf(...roles),
    suspendedAt: orNull(Timestamp),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: 'User', ...strict },
);
export const NewSessionView = Type.Object(
  { token: Type.String(), expiresAt: Timestamp, user: ref(UserView) },
  { $id: 'NewSession', ...strict },
);
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
export const userSchemas = [UserView, NewSessionView, LoginView];

const signUpsPerMinute = 60;
const mine = { tags: ['Users'] };

/** `tries`: shared by all routes that take a password or a second factor. */
export function userRoutes(app: App, product: Product, tries: LoginTries): void {
  const { users, proofs, sessions, access } = product;
  const signUps = access.rateLimiter('sign-ups', signUpsPerMinute);

  app.post(
    '/users/signup',
    {
      schema: {
        operationId: 'signUp',
        description:
          "Creates a user and the user's wallet in the default asset. Where e-mail addresses have to be proved, a link follows by e-mail, and the user logs in after using it",
        tags: ['Users'],
        body: Type.Object({ email: Email, name: Name, password: Password }, strict),
        response: { 201: ref(UserView), ...problems(403, 409, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      if (proofs.signUp !== 'open') return sendProblem(reply, problem('sign_up_closed'));
      const spent = await signUps.take(networkKeyOf(request.clientIp ?? ''));
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
        description:
          'Logs in with e-mail address and password, and returns a token. If the account has a second factor, the answer is 401 second_factor_required, with a ticket to continue: POST /users/login/second-factor. The cookie coffer_device (over https __Host-coffer_device) proves the login: sent with the next one, it keeps the wrong guesses of others from shutting the device out',
        tags: ['Users'],
        body: Type.Object({ email: Email, password: GivenPassword }, strict),
        response: { 200: ref(NewSessionView), ...problems(401, 403, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const proof = deviceProofOf(request);
      const device = proof === null ? null : await sessions.knownDevice(proof, request.body.email);
      const guess = device === null ? LoginTries.guess(request.clientIp ?? '', request.body.email) : LoginTries.ofDevice(device);
      const spent = await tries.take(guess);
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const session = await sessions.login({ ...request.body, ...callerIn(request) }).catch((outage: unknown) => {
        // The caller learnt nothing about the password.
        tries.giveBack(guess);
        throw outage;
      });
      // With the right password, but without the second factor, the try counts: tickets are limited like passwords.
      if ('refusal' in session) return sendProblem(reply, problem(session.refusal.code, session.refusal));
      tries.giveBack(guess);
      if (device === null) rememberDevice(request, reply, sessions.proveDevice(session.user));
      return reply.send(presentNewSession(session));
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
          'Changes name, e-mail or password. A new password revokes all tokens. Where e-mail addresses have to be proved, a new one is the `pendingEmail` until the link that is sent to it is used. Users with a password must send it as currentPassword to change the password or the e-mail',
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
      const { email, password } = request.body;
      if (sessionOf(request) === null && (email !== undefined || password !== undefined))
        return sendProblem(reply, problem('local_login_required'));
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
          // As the owner, with no right of staff: the sweep to the outside needs a payout decision like any user's.
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

export function presentNewSession({ token, expiresAt, user }: Login): Static<typeof NewSessionView> {
  return { token, expiresAt: expiresAt.toISOString(), user: presentUser(user) };
}

export function presentUser({ emailProvedAt, suspendedAt, createdAt, updatedAt, ...user }: User): Static<typeof UserView> {
  const { id, number, email, pendingEmail, name, role } = user;
  const times = {
    emailProvedAt: emailProvedAt?.toISOString() ?? null,
    suspendedAt: suspendedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
  return { id, number, email, pendingEmail, name, role, ...times };
}

export function presentLogin({ id, success, reason, clientIp, userAgent, at }: LoginAttempt): Static<typeof LoginView> {
  return { id, success, reason, clientIp, userAgent, createdAt: at.toISOString() };
}
