/** The export of everything that Coffer has about a user, as one JSON document that is streamed. */
import { Readable } from 'node:stream';
import Type from 'typebox';
import { ref, strict, Timestamp, UserId } from '../../../operations/index.ts';
import type { RateLimiter } from '../../access/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Reply } from '../app.ts';
import { accountOf, admitted } from '../callers.ts';
import { HoldView } from '../hold-views.ts';
import { HistoryItem } from '../operation-views.ts';
import { problem, sendProblem, tooMany } from '../problem.ts';
import { RequestView } from '../request-views.ts';
import { problems } from '../schemas.ts';
import { exportedParts } from '../user-export.ts';
import { WalletView } from '../wallet-views.ts';
import { FactorView } from './factors.ts';
import { NotificationView } from './notifications.ts';
import { SessionView } from './sessions.ts';
import { SubjectView } from './subjects.ts';
import { LoginView, UserView } from './users.ts';

const ExportView = Type.Object(
  {
    exportedAt: Timestamp,
    user: ref(UserView),
    sessions: Type.Array(ref(SessionView), { description: 'valid ones' }),
    factors: Type.Array(ref(FactorView), { description: 'second factors, without their secrets' }),
    subjects: Type.Array(ref(SubjectView), { description: 'subjects of another token issuer that log in as the user' }),
    logins: Type.Array(ref(LoginView)),
    notifications: Type.Array(ref(NotificationView)),
    requests: Type.Array(ref(RequestView)),
    wallets: Type.Array(
      Type.Object({ wallet: ref(WalletView), holds: Type.Array(ref(HoldView)), history: Type.Array(ref(HistoryItem)) }, strict),
    ),
  },
  { $id: 'UserExport', ...strict },
);
export const exportSchemas = [ExportView];

/** An export may read a whole history. */
const exportsPerHour = 6;
const hourMs = 3_600_000;

export function exportRoutes(app: App, product: Product): void {
  const limiter = product.access.rateLimiter('exports', exportsPerHour, hourMs);
  const about =
    'profile, valid sessions, second factors, linked subjects, logins, notifications, requests, and the wallets with their holds and histories';

  app.get(
    '/users/me/export',
    {
      schema: {
        operationId: 'exportMe',
        description: `Returns everything stored about the caller: ${about}. At most ${exportsPerHour} an hour`,
        tags: ['Users'],
        response: { 200: ref(ExportView), ...problems(401, 404, 429) },
      },
    },
    async (request, reply) => await sendExport(product, limiter, actorOf(request), accountOf(request), reply),
  );

  app.get(
    '/users/:userId/export',
    {
      schema: {
        operationId: 'exportUser',
        description: `Returns everything stored about a user, as the user may see it: ${about}. At most ${exportsPerHour} an hour for each user and caller. A service also needs wallets:read`,
        tags: ['Users'],
        params: Type.Object({ userId: UserId }, strict),
        response: { 200: ref(ExportView), ...problems(404, 429) },
      },
    },
    async (request, reply) => {
      admitted(product, request, 'getHistory');
      return await sendExport(product, limiter, actorOf(request), request.params.userId.toLowerCase(), reply);
    },
  );
}

/** Counted for each caller: staff cannot use up what is the user's own. */
async function sendExport(product: Product, limiter: RateLimiter, actor: string, userId: string, reply: Reply): Promise<Reply> {
  const user = await product.users.get(userId);
  if ('refusal' in user) return sendProblem(reply, problem(user.refusal.code, user.refusal));
  const spent = await limiter.take(`${actor} ${user.id}`);
  if (spent !== null) return sendProblem(reply, tooMany(spent));
  // Read as fast as the caller takes it. A failure in the middle breaks the connection, so that no part passes for the whole.
  const body = Readable.from(exportedParts(product, user), { objectMode: false, highWaterMark: 65_536 });
  return reply
    .header('content-disposition', `attachment; filename="coffer-${user.id}.json"`)
    .type('application/json; charset=utf-8')
    .send(body);
}
