/** Deposit, withdraw, transfer: money into a wallet, out of it, and between two. */
import Type from 'typebox';
import type { App, Product, Reply, Request } from '../app.ts';
import { callerOf } from '../callers.ts';
import { keyHeaders, Posting, presentPosting, sendOutcome } from '../postings.ts';
import { amountOf, readContent } from '../request-content.ts';
import type { MoneyBody } from '../request-content.ts';
import { Amount, AssetReference, keyProperties, Metadata, problems, ref, strict, Version, WalletId } from '../schemas.ts';
import type { WalletOutcome, WalletRequest } from '../../../wallets/index.ts';

const params = Type.Object({ id: WalletId }, strict);

const moneyProperties = {
  amount: Amount,
  asset: Type.Optional(AssetReference),
  ...keyProperties,
  expectedVersion: Type.Optional(Version),
  metadata: Type.Optional(Metadata),
};
const Money = Type.Object(moneyProperties, strict);
const Transfer = Type.Object({ toWalletId: WalletId, ...moneyProperties }, strict);

export function moneyRoutes(app: App, product: Product): void {
  const { commands } = product;
  const described = (operationId: string, description: string) => ({
    operationId,
    description,
    tags: ['Wallets'],
    params,
    headers: keyHeaders,
    response: { 201: ref(Posting), ...problems(401, 404, 409, 422) },
  });

  app.post(
    '/wallet/:id/deposit',
    { schema: { ...described('deposit', 'Money from outside into a wallet; the first deposit opens it'), body: Money } },
    async (request, reply) => {
      const { body, params } = request;
      return await answer(request, reply, body, (asked) =>
        commands.deposit({ ...asked, wallet: params.id, amount: amountOf(body), asset: body.asset }),
      );
    },
  );

  app.post(
    '/wallet/:id/withdraw',
    { schema: { ...described('withdraw', 'Money from a wallet to the outside'), body: Money } },
    async (request, reply) => {
      const { body, params } = request;
      return await answer(request, reply, body, (asked) =>
        commands.withdraw({ ...asked, wallet: params.id, amount: amountOf(body), asset: body.asset }),
      );
    },
  );

  app.post(
    '/wallet/:id/transfer',
    { schema: { ...described('transfer', 'Money from one wallet to another, at once or not at all'), body: Transfer } },
    async (request, reply) => {
      const { body, params } = request;
      return await answer(request, reply, body, (asked) =>
        commands.transfer({ ...asked, from: params.id, to: body.toWalletId, amount: amountOf(body), asset: body.asset }),
      );
    },
  );

  async function answer(
    request: Request,
    reply: Reply,
    body: MoneyBody,
    command: (asked: WalletRequest) => Promise<WalletOutcome>,
  ): Promise<Reply> {
    const asked = readContent(request, reply, body);
    const outcome = await command(asked);
    return sendOutcome(reply, outcome, 201, (entry) => presentPosting(entry, product.assets, callerOf(request)));
  }
}
