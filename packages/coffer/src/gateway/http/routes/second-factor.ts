/** Proving who you are beyond the password: the second step of a login, and the fresh proof within a session. */
import type { Login, Refused } from '../../../identity/index.ts';
import { ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { accountOf } from '../callers.ts';
import { deviceProofOf, rememberDevice } from '../device-cookie.ts';
import { LoginTries } from '../login-tries.ts';
import { malformed, problem, sendProblem, tooMany } from '../problem.ts';
import { problems } from '../schemas.ts';
import { Passcode, PasskeyOptionsView, PasskeyView } from './factors.ts';
import { callerIn, sessionOf } from './sessions.ts';
import { GivenPassword, NewSessionView, presentNewSession } from './users.ts';
import Type from 'typebox';

const challengesPerMinute = 30;

const Ticket = Type.String({ minLength: 1, maxLength: 128, description: 'the ticket of POST /users/login', examples: ['a-login-ticket'] });
const RecoveryCode = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'one of the recovery codes',
  examples: ['abcd-efgh-jkmn-pqrs-tuvw-xyz2'],
});

export function secondFactorRoutes(app: App, product: Product, tries: LoginTries): void {
  const { sessions, factors, access } = product;
  const challenges = access.rateLimiter('passkey challenges', challengesPerMinute);

  app.post(
    '/users/login/passkey-options',
    {
      schema: {
        operationId: 'startLoginPasskey',
        description: 'Returns options for navigator.credentials.get, to continue a login with a passkey; valid for five minutes',
        tags: ['Users'],
        body: Type.Object({ ticket: Ticket }, strict),
        response: { 200: ref(PasskeyOptionsView), ...problems(401, 409, 429) },
      },
    },
    async (request, reply) => {
      const userId = await sessions.userOfTicket(request.body.ticket);
      const spent = userId === null ? null : await challenges.take(userId);
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const options = await sessions.challengeOfTicket(request.body.ticket);
      if ('refusal' in options) return sendProblem(reply, problem(options.refusal.code, options.refusal));
      return reply.send(options);
    },
  );

  app.post(
    '/users/login/second-factor',
    {
      schema: {
        operationId: 'finishLogin',
        description:
          'Continues a login with a second factor: send the ticket with one of passcode, passkey and recoveryCode. A code works once. Wrong ones are limited to 5 a minute, 15 in ten minutes and 30 an hour, however often you log in',
        tags: ['Users'],
        body: Type.Object(
          {
            ticket: Ticket,
            passcode: Type.Optional(Passcode),
            recoveryCode: Type.Optional(RecoveryCode),
            passkey: Type.Optional(PasskeyView),
          },
          strict,
        ),
        response: { 200: ref(NewSessionView), ...problems(401, 403, 409, 429) },
      },
    },
    async (request, reply) => {
      const { ticket, ...given } = request.body;
      if (Object.keys(given).length !== 1) return sendProblem(reply, malformed('Send one of passcode, passkey and recoveryCode.'));
      const userId = await sessions.userOfTicket(ticket);
      if (userId === null) return sendProblem(reply, problem('ticket_invalid'));
      const finish = () => sessions.finishLogin({ ticket, ...given, ...callerIn(request) });
      const made = await tries.make(LoginTries.ofFactor(userId), finish, isWrongGuess);
      if ('spent' in made) return sendProblem(reply, tooMany(made.spent));
      const login = made.outcome;
      if ('refusal' in login) return sendProblem(reply, problem(login.refusal.code, login.refusal));
      if (deviceProofOf(request) === null) rememberDevice(request, reply, sessions.proveDevice(login.user));
      return reply.send(presentNewSession(login));
    },
  );

  app.post(
    '/auth/proof/passkey-options',
    {
      schema: {
        operationId: 'startMyProof',
        description: 'Returns options for navigator.credentials.get, for a fresh proof with a passkey; valid for five minutes',
        tags: ['Sessions'],
        response: { 200: ref(PasskeyOptionsView), ...problems(401, 409, 429) },
      },
    },
    async (request, reply) => {
      const userId = accountOf(request);
      const spent = await challenges.take(userId);
      if (spent !== null) return sendProblem(reply, tooMany(spent));
      const options = await factors.challenge(userId, 'passkey_proof');
      if ('refusal' in options) return sendProblem(reply, problem(options.refusal.code, options.refusal));
      return reply.send(options);
    },
  );

  app.post(
    '/auth/proof',
    {
      schema: {
        operationId: 'proveMe',
        description:
          'Proves again who you are, within the session in use: with passcode or passkey if you have a second factor, otherwise with currentPassword. Deleting your account, roles, API keys, linked subjects and second factors require a proof of the last ten minutes; a login is one',
        tags: ['Sessions'],
        body: Type.Object(
          {
            currentPassword: Type.Optional(GivenPassword),
            passcode: Type.Optional(Passcode),
            passkey: Type.Optional(PasskeyView),
          },
          strict,
        ),
        response: { 200: Type.Object({ provedAt: Timestamp }, strict), ...problems(401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const given = request.body;
      if (Object.keys(given).length !== 1) return sendProblem(reply, malformed('Send one of currentPassword, passcode and passkey.'));
      const sessionId = sessionOf(request);
      if (sessionId === null) return sendProblem(reply, problem('session_not_found'));
      const userId = accountOf(request);
      const guess = given.currentPassword === undefined ? LoginTries.ofFactor(userId) : LoginTries.ofOwn(userId);
      const made = await tries.make(guess, () => sessions.prove({ userId, sessionId }, given), isWrongGuess);
      if ('spent' in made) return sendProblem(reply, tooMany(made.spent));
      const refusal = made.outcome;
      access.forget();
      if (refusal) return sendProblem(reply, problem(refusal.refusal.code, refusal.refusal));
      return reply.send({ provedAt: new Date().toISOString() });
    },
  );
}

function isWrongGuess(outcome: Login | Refused | null): boolean {
  if (outcome === null || !('refusal' in outcome)) return false;
  return ['second_factor_wrong', 'current_password_wrong'].includes(outcome.refusal.code);
}
