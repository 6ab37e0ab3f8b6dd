/** The demo login: in demo mode, the id of a seeded user is enough. */
import { strict } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { callerIn } from './sessions.ts';
import { forbidden, problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';
import Type from 'typebox';

export function demoLoginRoutes(app: App, { sessions, demo }: Product): void {
  app.post(
    '/auth/login',
    {
      schema: {
        operationId: 'demoLogIn',
        description: 'Issues a token for a demo user; demo mode only',
        tags: ['Closed loop'],
        body: Type.Object(
          {
            user_id: Type.String({ maxLength: 128, description: 'id of a demo user', examples: ['0f6d220d-61fa-4be7-b0a2-e05dbd9aee32'] }),
          },
          strict,
        ),
        response: { 200: Type.Object({ token: Type.String() }, strict), ...problems(403, 404) },
      },
    },
    async (request, reply) => {
      if (!demo)
        return sendProblem(
          reply,
          forbidden('Logging in with only an id works in demo mode only. Log in with e-mail and password: POST /users/login.'),
        );
      const session = await sessions.loginDemo(request.body.user_id, callerIn(request));
      return 'refusal' in session
        ? sendProblem(reply, problem(session.refusal.code, session.refusal))
        : reply.send({ token: session.token });
    },
  );
}
