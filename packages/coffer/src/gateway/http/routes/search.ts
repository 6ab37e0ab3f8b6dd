/** One box that finds everything. */
import Type from 'typebox';
import { oneOf, ref, strict } from '../../../operations/index.ts';
import { idOf, matchKinds, search } from '../../searching.ts';
import type { Match } from '../../searching.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { HoldView, presentHold } from '../hold-views.ts';
import { OperationView, presentOperation } from '../operation-views.ts';
import { presentRequest, RequestView } from '../request-views.ts';
import { problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';
import { presentUser, UserView } from './users.ts';
import { presentWallet, WalletView } from '../wallet-views.ts';

const resultsMax = 50;

const FoundItem = Type.Object(
  {
    kind: oneOf('operation', 'hold', 'wallet', 'request', 'user'),
    id: Type.String(),
    by: Type.Unsafe<(typeof matchKinds)[number]>({
      ...oneOf(...matchKinds),
      description: 'what points to it; metadata: the whole value of a property',
    }),
    operation: Type.Optional(ref(OperationView)),
    hold: Type.Optional(ref(HoldView)),
    wallet: Type.Optional(ref(WalletView)),
    request: Type.Optional(ref(RequestView)),
    user: Type.Optional(ref(UserView)),
  },
  { $id: 'FoundItem', ...strict, description: 'with what was found, under the name of its kind' },
);
export const searchSchemas = [FoundItem];

const query = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'an id, an idempotency key, an e-mail address, an order number, a name, or words',
    }),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: resultsMax, default: 20, description: `maximum number of results: 1 to ${resultsMax}` }),
    ),
    ...unitQuery,
  },
  strict,
);

export function searchRoutes(app: App, product: Product): void {
  const { access, assets } = product;
  app.get(
    '/search',
    {
      schema: {
        operationId: 'search',
        description:
          'Finds what an id, an idempotency key, an e-mail address, an order number in the metadata or a name points to, the most certain first. Users are found by callers who may list them. By metadata and words, what was posted a moment ago may be missing',
        tags: ['Find'],
        querystring: query,
        response: { 200: Type.Object({ items: Type.Array(ref(FoundItem)) }, strict), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { q, limit = 20, unit } = request.query;
      const caller = callerOf(request);
      const mayFindUsers = !('denied' in access.authorize(caller.principal, 'listUsers'));
      const found = await search({ ...product, users: mayFindUsers ? product.users : undefined }, q.trim(), caller, limit);
      const view = (match: Match) => {
        switch (match.kind) {
          case 'operation':
            return { operation: inUnit(unit, presentOperation(match.operation, assets, caller)) };
          case 'hold':
            return { hold: inUnit(unit, presentHold(match.hold)) };
          case 'wallet':
            return { wallet: inUnit(unit, presentWallet(match.wallet)) };
          case 'request':
            return { request: presentRequest(match.request, assets, caller) };
          case 'user':
            return { user: presentUser(match.user) };
        }
      };
      return reply.send({ items: found.map((match) => ({ kind: match.kind, id: idOf(match), by: match.by, ...view(match) })) });
    },
  );
}
