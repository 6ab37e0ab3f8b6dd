/** Reading holds. */
import { HoldId, ref, strict, WalletId } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { HoldView, HoldWithParts, presentHold, presentHoldPart } from '../hold-views.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';
import { noSuchWallet } from './wallet-reads.ts';
import Type from 'typebox';

const walletParams = Type.Object({ id: WalletId }, strict);
const holdParams = Type.Object({ holdId: HoldId }, strict);

const holdsPage = pageQuery('^[1-9][0-9]{0,8}-[1-9][0-9]{0,14}$');
const holdsQuery = Type.Object(
  {
    ...holdsPage.properties,
    ...unitQuery,
    open: Type.Optional(Type.Boolean({ description: 'true: only holds with an amount left to capture' })),
  },
  strict,
);

export function holdRoutes(app: App, product: Product): void {
  const { queries } = product;
  const described = (operationId: string, description: string) => ({
    operationId,
    description,
    tags: ['Holds'],
  });

  app.get(
    '/wallet/:id/holds',
    {
      schema: {
        ...described('listHolds', "Lists a wallet's holds, newest first"),
        params: walletParams,
        querystring: holdsQuery,
        response: { 200: page(ref(HoldView)), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const wallet = await queries.wallet(request.params.id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(request.params.id));
      const { limit = 50, cursor, open = false, unit } = request.query;
      const { items, next } = await queries.holds(wallet, { limit, cursor, open });
      return reply.send({ items: items.map((hold) => inUnit(unit, presentHold(hold))), next });
    },
  );

  app.get(
    '/holds/:holdId',
    {
      schema: {
        ...described('getHold', 'Returns a hold, with its captures and releases'),
        params: holdParams,
        querystring: Type.Object(unitQuery, strict),
        response: { 200: ref(HoldWithParts), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const hold = await queries.hold(request.params.holdId, callerOf(request));
      if (!hold) return sendProblem(reply, noSuchHold(request.params.holdId));
      return reply.send(inUnit(request.query.unit, { ...presentHold(hold), parts: hold.entries.map(presentHoldPart) }));
    },
  );
}

function noSuchHold(hold: string): Problem {
  return problem('hold_not_found', { facts: { hold } });
}
