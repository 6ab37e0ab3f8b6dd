/** Links: the proof of an e-mail address, a new password, and invitations. */
import Type from 'typebox';
import { linkTokenPattern } from '../../../identity/index.ts';
import { oneOf, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product, Reply } from '../app.ts';
import { LinkTries } from '../link-tries.ts';
import { problem, sendProblem, tooMany } from '../problem.ts';
import { problems } from '../schemas.ts';
import { compileLenientValidator } from '../validation.ts';
import { Email, Name, Password, presentUser, UserView } from './users.ts';

/** Of another form it is only not valid. */
const Token = Type.String({ maxLength: 200, description: `token of a link: ${linkTokenPattern}`, examples: [`cofl_${'x'.repeat(43)}`] });
const Asked = Type.Object(
  {
    delivery: oneOf('mail', 'operator'),
  },
  {
    ...strict,
    $id: 'LinkAsked',
    description: '`mail`: an e-mail follows, if the address gets one. `operator`: there is no mail server; ask the operator for a link',
  },
);
const Proved = Type.Object({ email: Type.String(), emailProvedAt: Timestamp }, { $id: 'ProvedEmail', ...strict });
export const accountLinkSchemas = [Asked, Proved];

const tags = ['Users'];

export function accountLinkRoutes(app: App, product: Product): void {
  const { users, proofs, access } = product;
  const tries = new LinkTries(access);

  const ask = (url: string, kind: 'proof' | 'reset', operationId: string, description: string) =>
    app.post(
      url,
      {
        schema: {
          operationId,
          description,
          tags,
          body: Type.Object({ email: Email }, strict),
          response: { 202: ref(Asked), ...problems(429) },
        },
        validatorCompiler: compileLenientValidator,
      },
      async (request, reply) => {
        const spent = await tries.ask(request, kind);
        if (spent !== null) return sendProblem(reply, tooMany(spent));
        const refusal = await proofs.askFor(kind, request.body.email);
        if (refusal) return sendProblem(reply, problem(refusal.refusal.code, refusal.refusal));
        return reply.code(202).send({ delivery: proofs.delivery });
      },
    );
  const sameAnswer = 'The answer is the same whether or not the address has an account';
  ask('/users/proofs', 'proof', 'askForProof', `Sends another link that proves the address of a new account. ${sameAnswer}`);
  ask('/users/password-resets', 'reset', 'askForPasswordReset', `Sends a link that sets a new password. ${sameAnswer}`);

  app.post(
    '/users/proofs/confirm',
    {
      schema: {
        operationId: 'confirmEmail',
        description: 'Proves an e-mail address with the token of a link. A changed address replaces the earlier one',
        tags,
        body: Type.Object({ token: Token }, strict),
        response: { 200: ref(Proved), ...problems(404, 409, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const user = await unlessSpent(reply, await tries.use(request, 'email'), async () => await proofs.confirmEmail(request.body.token));
      if (user === null) return reply;
      return reply.send({ email: user.email ?? '', emailProvedAt: user.emailProvedAt?.toISOString() ?? '' });
    },
  );

  app.post(
    '/users/password-resets/confirm',
    {
      schema: {
        operationId: 'resetPassword',
        description:
          'Sets a new password with the token of a link. All sessions and all other links of the account end; the address is proved',
        tags,
        body: Type.Object({ token: Token, password: Password }, strict),
        response: { 200: ref(Proved), ...problems(404, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const user = await unlessSpent(reply, await tries.use(request, 'reset'), async () => await proofs.resetPassword(request.body));
      if (user === null) return reply;
      access.forget();
      return reply.send({ email: user.email ?? '', emailProvedAt: user.emailProvedAt?.toISOString() ?? '' });
    },
  );

  app.post(
    '/users/invitations',
    {
      schema: {
        operationId: 'inviteUser',
        description: 'Sends an invitation to open an account, which is valid for a week',
        tags,
        body: Type.Object({ email: Email, name: Type.Optional(Name) }, strict),
        response: { 202: ref(Asked), ...problems(409) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      const refusal = await proofs.invite(request.body);
      if (refusal) return sendProblem(reply, problem(refusal.refusal.code, refusal.refusal));
      return reply.code(202).send({ delivery: proofs.delivery });
    },
  );

  app.post(
    '/users/invitations/accept',
    {
      schema: {
        operationId: 'acceptInvitation',
        description: "Creates the invited user, whose address is proved, and the user's wallet in the default asset",
        tags,
        body: Type.Object({ token: Token, name: Name, password: Password }, strict),
        response: { 201: ref(UserView), ...problems(403, 404, 409, 429) },
      },
      validatorCompiler: compileLenientValidator,
    },
    async (request, reply) => {
      if (proofs.signUp === 'off') return sendProblem(reply, problem('sign_up_closed'));
      const user = await unlessSpent(reply, await tries.use(request, 'invitation'), async () => await users.acceptInvitation(request.body));
      return user === null ? reply : reply.code(201).send(presentUser(user));
    },
  );
}

type Accepted = Awaited<ReturnType<Product['users']['acceptInvitation']>>;

/** Null: the refusal is sent. */
async function unlessSpent(reply: Reply, spent: number | null, work: () => Promise<Accepted>) {
  if (spent !== null) {
    sendProblem(reply, tooMany(spent));
    return null;
  }
  const outcome = await work();
  if (!('refusal' in outcome)) return outcome;
  sendProblem(reply, problem(outcome.refusal.code, outcome.refusal));
  return null;
}
