/** Deposit, withdraw, transfer: money into a wallet, out of it, and between two. */
import Type from 'typebox';
import type { App, Product, Reply, Request } from '../app.ts';
import { acceptLater, Async, asyncHeaders, isAsync } from '../async-requests.ts';
import { callerOf } from '../callers.ts';
import { keyHeaders, Posting, presentPosting, sendOutcome } from '../postings.ts';
import { readContent, readMoney } from '../request-content.ts';
import { RequestView } from '../request-views.ts';
import { amountProperties, EffectiveAt, problems, ref, strict, termProperties, TransferMode, WalletId } from '../schemas.ts';
import type { WalletOutcome } from '../../../wallets/index.ts';

const params = Type.Object({ id: WalletId }, strict);

const moneyProperties = { ...amountProperties, effectiveAt: Type.Optional(EffectiveAt), ...termProperties };
const Money = Type.Object(moneyProperties, strict);
const Withdrawal = Type.Object({ ...moneyProperties, async: Type.Optional(Async) }, strict);
const Transfer = Type.Object(
  { toWalletId: WalletId, ...moneyProperties, mode: Type.Optional(TransferMode), async: Type.Optional(Async) },
  strict,
);

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
  /** These can be left to a worker, too. */
  const orLater = (operationId: string, description: string) => {
    const atOnce = described(operationId, description);
    return { ...atOnce, headers: asyncHeaders, response: { ...atOnce.response, 202: ref(RequestView) } };
  };

  app.post(
    '/wallet/:id/deposit',
    { schema: { ...described('deposit', 'Money from outside into a wallet; the first deposit opens it'), body: Money } },
    async (request, reply) => {
      const { body, params } = request;
      const asked = { ...readContent(request, reply, body), ...readMoney(body), wallet: params.id };
      return await send(request, reply, await commands.deposit(asked));
    },
  );

  app.post(
    '/wallet/:id/withdraw',
    { schema: { ...orLater('withdraw', 'Money from a wallet to the outside'), body: Withdrawal } },
    async (request, reply) => {
      const { body, params } = request;
      const [terms, money] = [readContent(request, reply, body), readMoney(body)];
      const atOnce = async () => await send(request, reply, await commands.withdraw({ ...terms, ...money, wallet: params.id }));
      if (!isAsync(request, reply, body)) return await atOnce();
      return await acceptLater(product, request, reply, { type: 'withdraw', wallet: params.id, terms, money, atOnce });
    },
  );

  const toTransferOrLater = orLater(
    'transfer',
    'Money from one wallet to another: at once, or in steps between books. 202 when it is left to a worker, or has begun while a book is away: Location says where to look',
  );
  app.post(
    '/wallet/:id/transfer',
    {
      schema: {
        ...toTransferOrLater,
        body: Transfer,
        response: { ...toTransferOrLater.response, 202: Type.Union([ref(Posting), ref(RequestView)]) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const [terms, money] = [readContent(request, reply, body), readMoney(body)];
      const { toWalletId: to, mode } = body;
      const asked = { ...terms, ...money, from: params.id, to, mode };
      const atOnce = async () => await send(request, reply, await commands.transfer(asked));
      if (!isAsync(request, reply, body)) return await atOnce();
      return await acceptLater(product, request, reply, { type: 'transfer', wallet: params.id, to, mode, terms, money, atOnce });
    },
  );

  async function send(request: Request, reply: Reply, outcome: WalletOutcome): Promise<Reply> {
    return sendOutcome(reply, outcome, 201, (entry, saga) => presentPosting(entry, product.assets, callerOf(request), saga));
  }
}
