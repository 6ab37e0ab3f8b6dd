/** Opening wallets, and listing one's own. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { admitted, callerOf, ownerOf } from '../callers.ts';
import { OpenedWallet, presentOpened, readOpening } from '../openings.ts';
import { keyHeaders, sendOutcome } from '../postings.ts';
import { problem, sendProblem } from '../problem.ts';
import { readKey } from '../request-content.ts';
import { AssetReference, CreditLimit, keyProperties, page, pageQuery, problems, ref, strict, UserId, WalletId } from '../schemas.ts';
import { presentWallet, WalletView } from '../wallet-views.ts';

const OpenWallet = Type.Object(
  {
    id: Type.Optional(WalletId),
    ownerId: Type.Optional(UserId),
    asset: Type.Optional(AssetReference),
    creditLimit: Type.Optional(CreditLimit),
    ...keyProperties,
  },
  strict,
);

export function openWalletRoutes(app: App, product: Product): void {
  const { commands, queries, assets } = product;

  app.post(
    '/wallet',
    {
      schema: {
        operationId: 'openWallet',
        description:
          "Opens a user's own wallet in an asset. Services and staff open that of ownerId, or one of its own name (id) that nobody owns; so does anybody in open mode without a login",
        tags: ['Wallets'],
        headers: keyHeaders,
        body: OpenWallet,
        response: { 201: ref(OpenedWallet), ...problems(401, 403, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const opening = readOpening(request.body, callerOf(request), (operation) => admitted(product, request, operation));
      const found = request.body.ownerId === undefined ? null : await product.users.get(request.body.ownerId);
      if (found && 'refusal' in found) return sendProblem(reply, problem(found.refusal.code, found.refusal));
      const key = readKey(request, reply, request.body);
      const outcome = await commands.open({ ...opening, key });
      return sendOutcome(reply, outcome, 201, (entry) => presentOpened(entry, 'owner' in opening ? opening.owner : null, assets));
    },
  );

  app.get(
    '/wallet',
    {
      schema: {
        operationId: 'listMyWallets',
        description: "The caller's wallets, or those of ownerId, in the order of their assets",
        tags: ['Wallets'],
        querystring: Type.Object({ ...pageQuery('^[1-9][0-9]{0,8}$').properties, ownerId: Type.Optional(UserId) }, strict),
        response: { 200: page(ref(WalletView)), ...problems(401) },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ownerId } = request.query;
      const { items, next } = await queries.walletsOf(ownerOf(request, ownerId, 'ownerId'), limit, cursor);
      return { items: items.map(presentWallet), next };
    },
  );
}
