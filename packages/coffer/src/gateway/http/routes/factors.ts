/** The caller's second factors: enrolled, listed, removed. */
import type { Static } from 'typebox';
import { nameLengthMax } from '../../../identity/index.ts';
import type { Enrolled, Factor } from '../../../identity/index.ts';
import { oneOf, orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import { accountOf } from '../callers.ts';
import { LoginTries } from '../login-tries.ts';
import { problem, sendProblem, tooMany } from '../problem.ts';
import { problems } from '../schemas.ts';
import { sessionOf } from './sessions.ts';
import Type from 'typebox';

const idLengthMax = 1_400;
const open = { additionalProperties: true } as const;

export const Passcode = Type.String({
  minLength: 1,
  maxLength: 16,
  description: 'code that the authenticator app shows',
  examples: ['123456'],
});
export const PasskeyOptionsView = Type.Object(
  { challenge: Type.String() },
  { $id: 'PasskeyOptions', ...open, description: 'options for navigator.credentials, in the JSON form of WebAuthn' },
);
export const PasskeyView = Type.Object(
  {
    id: Type.String({ maxLength: idLengthMax, examples: ['AAAA'] }),
    rawId: Type.String({ maxLength: idLengthMax, examples: ['AAAA'] }),
    type: Type.String({ maxLength: 32, examples: ['public-key'] }),
    response: Type.Unsafe<Record<string, unknown>>({ type: 'object', ...open, description: 'the response of the authenticator' }),
  },
  { ...open, description: 'what navigator.credentials answered, as JSON (toJSON)' },
);
export const FactorView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    kind: oneOf('totp', 'passkey'),
    name: Type.String(),
    createdAt: Timestamp,
    lastUsedAt: orNull(Timestamp),
  },
  { $id: 'Factor', ...strict },
);
const EnrolledView = Type.Object(
  {
    factor: ref(FactorView),
    recoveryCodes: orNull(
      Type.Array(Type.String(), { description: 'with the first factor: codes that work once each, shown only this once; otherwise null' }),
    ),
  },
  { $id: 'EnrolledFactor', ...strict },
);
export const factorSchemas = [PasskeyOptionsView, FactorView, EnrolledView];

const Name = Type.String({ minLength: 1, maxLength: nameLengthMax, description: 'what you call it', examples: ['my phone'] });
const params = Type.Object({ factorId: Type.String({ format: 'uuid', description: 'id of a second factor' }) }, strict);
const tags = ['Second factors'];

export function factorRoutes(app: App, product: Product, tries: LoginTries): void {
  const { factors, users, access } = product;

  /** The caller and the session to raise; sends the refusal and returns null for a token of another issuer. */
  async function enrolling(request: Request, reply: Reply) {
    const sessionId = sessionOf(request);
    const user = await users.get(accountOf(request));
    if ('refusal' in user) return void sendProblem(reply, problem(user.refusal.code, user.refusal));
    if (sessionId === null) return void sendProblem(reply, problem('local_login_required'));
    return { user, sessionId, actor: actorOf(request) };
  }

  app.get(
    '/users/me/factors',
    {
      schema: {
        operationId: 'listMyFactors',
        description: "Lists the caller's second factors, oldest first, and how many recovery codes are left",
        tags,
        response: {
          200: Type.Object({ items: Type.Array(ref(FactorView)), recoveryCodes: Type.Integer() }, strict),
          ...problems(401),
        },
      },
    },
    async (request) => {
      const { items, recoveryCodes } = await factors.list({ id: accountOf(request) });
      return { items: items.map(presentFactor), recoveryCodes };
    },
  );

  app.post(
    '/users/me/factors/totp',
    {
      schema: {
        operationId: 'enrolMyTotp',
        description:
          'Begins the enrolment of an authenticator app (TOTP): show the uri as a QR code, then confirm with a code within ten minutes. Requires a fresh proof',
        tags,
        body: Type.Object({ name: Name }, strict),
        response: {
          201: Type.Object(
            {
              id: Type.String({ format: 'uuid' }),
              secret: Type.String({ description: 'in base32; it is shown only this once' }),
              uri: Type.String({ description: 'otpauth: URI with the secret' }),
            },
            strict,
          ),
          ...problems(401, 404),
        },
      },
    },
    async (request, reply) => {
      const who = await enrolling(request, reply);
      if (!who) return reply;
      const begun = await factors.enrolTotp(who.user, request.body.name);
      if ('refusal' in begun) return sendProblem(reply, problem(begun.refusal.code, begun.refusal));
      return reply.code(201).send(begun);
    },
  );

  app.post(
    '/users/me/factors/totp/:factorId/confirm',
    {
      schema: {
        operationId: 'confirmMyTotp',
        description:
          "Confirms an authenticator app with its first code: logins require it from then on. The answer to the first factor has recovery codes, and ends the caller's other sessions. Requires a fresh proof",
        tags,
        params,
        body: Type.Object({ passcode: Passcode }, strict),
        response: { 201: ref(EnrolledView), ...problems(401, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const who = await enrolling(request, reply);
      if (!who) return reply;
      const guess = LoginTries.ofFactor(who.user.id);
      const confirm = () => factors.confirmTotp(who, request.params.factorId, request.body.passcode);
      const made = await tries.make(guess, confirm, (outcome) => 'refusal' in outcome && outcome.refusal.code === 'second_factor_wrong');
      if ('spent' in made) return sendProblem(reply, tooMany(made.spent));
      const enrolled = made.outcome;
      access.forget();
      return 'refusal' in enrolled
        ? sendProblem(reply, problem(enrolled.refusal.code, enrolled.refusal))
        : sendEnrolled(reply.code(201), enrolled);
    },
  );

  app.post(
    '/users/me/factors/passkey/options',
    {
      schema: {
        operationId: 'startMyPasskey',
        description: 'Returns options for navigator.credentials.create, valid for five minutes. Requires a fresh proof',
        tags,
        response: { 200: ref(PasskeyOptionsView), ...problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const who = await enrolling(request, reply);
      if (!who) return reply;
      const options = await factors.startPasskey(who.user);
      if ('refusal' in options) return sendProblem(reply, problem(options.refusal.code, options.refusal));
      return reply.send(options);
    },
  );

  app.post(
    '/users/me/factors/passkey',
    {
      schema: {
        operationId: 'addMyPasskey',
        description:
          "Adds the passkey that navigator.credentials.create answered. The answer to the first factor has recovery codes, and ends the caller's other sessions. Requires a fresh proof",
        tags,
        body: Type.Object({ name: Name, passkey: PasskeyView }, strict),
        response: { 201: ref(EnrolledView), ...problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const who = await enrolling(request, reply);
      if (!who) return reply;
      const { name, passkey } = request.body;
      const enrolled = await factors.addPasskey(who, name, passkey);
      access.forget();
      return 'refusal' in enrolled
        ? sendProblem(reply, problem(enrolled.refusal.code, enrolled.refusal))
        : sendEnrolled(reply.code(201), enrolled);
    },
  );

  app.delete(
    '/users/me/factors/:factorId',
    {
      schema: {
        operationId: 'removeMyFactor',
        description:
          'Removes a second factor; with the last one, also the recovery codes. Staff who must have one keep their last. Requires a fresh proof',
        tags,
        params,
        response: { 200: Type.Object({ id: Type.String() }, strict), ...problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const { factorId } = request.params;
      const refusal = await factors.remove(accountOf(request), factorId, actorOf(request));
      access.forget();
      return refusal ? sendProblem(reply, problem(refusal.refusal.code, refusal.refusal)) : reply.send({ id: factorId });
    },
  );

  app.post(
    '/users/me/recovery-codes',
    {
      schema: {
        operationId: 'renewMyRecoveryCodes',
        description: 'Replaces the recovery codes: ten new ones, which work once each and are shown only this once. Requires a fresh proof',
        tags,
        response: { 201: Type.Object({ recoveryCodes: Type.Array(Type.String()) }, strict), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const codes = await factors.renewRecoveryCodes(accountOf(request), actorOf(request));
      if ('refusal' in codes) return sendProblem(reply, problem(codes.refusal.code, codes.refusal));
      return reply.code(201).send({ recoveryCodes: [...codes] });
    },
  );
}

function sendEnrolled(reply: Reply, { factor, recoveryCodes }: Enrolled): Reply {
  const view: Static<typeof EnrolledView> = { factor: presentFactor(factor), recoveryCodes: recoveryCodes && [...recoveryCodes] };
  return reply.send(view);
}

export function presentFactor({ createdAt, lastUsedAt, ...factor }: Factor): Static<typeof FactorView> {
  return { ...factor, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null };
}
