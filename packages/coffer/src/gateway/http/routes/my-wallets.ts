/** The wallets of an owner. */
import { ownerIn, UserId, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';
import { presentWallet, WalletView } from '../wallet-views.ts';

export function myWalletRoutes(app: App, product: Product): void {
  const { queries } = product;

  app.get(
    '/wallet',
    {
      schema: {
        operationId: 'listMyWallets',
        description: 'Lists the wallets of the caller, or of ownerId, ordered by asset',
        tags: ['Wallets'],
        querystring: Type.Object({ ...pageQuery('^[1-9][0-9]{0,8}$').properties, ownerId: Type.Optional(UserId), ...unitQuery }, strict),
        response: { 200: page(ref(WalletView)), ...problems(401) },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ownerId, unit } = request.query;
      const owner = ownerIn({ values: { ownerId }, nameOf: (field) => field, caller: callerOf(request) }, 'ownerId');
      const { items, next } = await queries.walletsOf(owner, limit, cursor);
      return { items: items.map((wallet) => inUnit(unit, presentWallet(wallet))), next };
    },
  );
}
