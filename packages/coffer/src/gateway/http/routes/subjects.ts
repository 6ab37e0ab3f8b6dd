/** Subjects of another token issuer, linked to users by admins. */
import type { Static } from 'typebox';
import { subjectLengthMax } from '../../../identity/index.ts';
import type { Subject } from '../../../identity/index.ts';
import { ref, strict, Timestamp, UserId } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';
import Type from 'typebox';

export const SubjectView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    issuer: Type.String(),
    subject: Type.String(),
    createdAt: Timestamp,
    createdBy: Type.String(),
  },
  { $id: 'Subject', ...strict },
);
export const subjectSchemas = [SubjectView];

const tags = ['Users'];
const params = Type.Object({ userId: UserId }, strict);
const named = (what: string, example: string) =>
  Type.String({ minLength: 1, maxLength: subjectLengthMax, description: what, examples: [example] });

export function subjectRoutes(app: App, { subjects, access }: Product): void {
  app.get(
    '/users/:userId/subjects',
    {
      schema: {
        operationId: 'listSubjects',
        description: 'Lists the subjects of other token issuers that are linked to a user, oldest first',
        tags,
        params,
        response: { 200: Type.Object({ items: Type.Array(ref(SubjectView)) }, strict), ...problems() },
      },
    },
    async (request) => ({ items: (await subjects.ofUser(request.params.userId.toLowerCase())).map(presentSubject) }),
  );

  app.put(
    '/users/:userId/subjects',
    {
      schema: {
        operationId: 'linkSubject',
        description:
          'Links a subject of another token issuer to a user: tokens with this iss and sub are then the logins of that user. A subject belongs to one user',
        tags,
        params,
        body: Type.Object(
          {
            issuer: named('the iss of the tokens', 'https://login.example.com'),
            subject: named('the sub of the tokens', '00u1a2b3c4'),
          },
          strict,
        ),
        response: { 200: ref(SubjectView), ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const linked = await subjects.link(request.params.userId, request.body, actorOf(request));
      access.forget();
      return 'refusal' in linked ? sendProblem(reply, problem(linked.refusal.code, linked.refusal)) : reply.send(presentSubject(linked));
    },
  );

  app.delete(
    '/users/:userId/subjects/:subjectId',
    {
      schema: {
        operationId: 'unlinkSubject',
        description: 'Unlinks a subject of another token issuer from a user: its tokens stop working within a second',
        tags,
        params: Type.Object({ userId: UserId, subjectId: Type.String({ format: 'uuid', description: 'id of a linked subject' }) }, strict),
        response: { 200: Type.Object({ id: Type.String() }, strict), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { userId, subjectId } = request.params;
      const refusal = await subjects.unlink(userId, subjectId, actorOf(request));
      access.forget();
      return refusal ? sendProblem(reply, problem(refusal.refusal.code, refusal.refusal)) : reply.send({ id: subjectId });
    },
  );
}

export function presentSubject({ createdAt, ...subject }: Subject): Static<typeof SubjectView> {
  return { ...subject, createdAt: createdAt.toISOString() };
}
