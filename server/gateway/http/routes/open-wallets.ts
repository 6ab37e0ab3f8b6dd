/** Opening wallets, and listing one's own. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert, parseAmountOrZero } from '../../../kernel/index.ts';
import { operationId } from '../../../ledger/index.ts';
import type { RecordedEntry } from '../../../ledger/index.ts';
import { isReservedForOwner } from '../../../wallets/index.ts';
import type { App, Product } from '../app.ts';
import { optionalLogin, requiredLogin, userOf } from '../callers.ts';
import { keyHeaders, presentAsset, sendOutcome } from '../postings.ts';
import { forbidden, malformed, sendProblem, unauthenticated } from '../problem.ts';
import { readKey } from '../request-content.ts';
import {
  AmountText,
  AssetBrief,
  AssetReference,
  CreditLimit,
  keyProperties,
  OperationId,
  orNull,
  page,
  pageQuery,
  problems,
  ref,
  Seq,
  strict,
  Timestamp,
  Version,
  WalletId,
} from '../schemas.ts';
import { presentWallet, WalletView } from '../wallet-views.ts';

const OpenWallet = Type.Object(
  { id: Type.Optional(WalletId), asset: Type.Optional(AssetReference), creditLimit: Type.Optional(CreditLimit), ...keyProperties },
  strict,
);

const OpenedWallet = Type.Object(
  {
    operationId: OperationId,
    seq: Seq,
    requestId: Type.String({ description: 'the idempotency key that the opening is remembered under' }),
    walletId: WalletId,
    ownerId: orNull(Type.String()),
    asset: ref(AssetBrief),
    balance: AmountText,
    creditLimit: Type.String({ description: 'how far below zero the wallet may go' }),
    version: Version,
    status: Type.Literal('active'),
    createdAt: Timestamp,
  },
  { $id: 'OpenedWallet', ...strict },
);
export const openWalletSchemas = [OpenedWallet];

export function openWalletRoutes(app: App, product: Product): void {
  const { commands, queries, assets } = product;

  app.post(
    '/wallet',
    {
      onRequest: optionalLogin(product),
      schema: {
        operationId: 'openWallet',
        description: "Opens the caller's wallet in an asset, or without a login a wallet of its own name that nobody owns",
        tags: ['Wallets'],
        security: [{}, { bearer: [] }],
        headers: keyHeaders,
        body: OpenWallet,
        response: { 201: ref(OpenedWallet), ...problems(401, 403, 409, 422) },
      },
    },
    async (request, reply) => {
      const { id, asset, creditLimit } = request.body;
      const key = readKey(request, reply, request.body);
      if (request.headers.authorization !== undefined) {
        const user = await userOf(product, request);
        if (id !== undefined)
          return sendProblem(
            reply,
            malformed("A user's wallet gets its id from the user and the asset. Leave id away, or send the request without a login."),
          );
        if (creditLimit !== undefined)
          return sendProblem(reply, forbidden("A user cannot grant the user's own wallet a credit limit. Leave creditLimit away."));
        return await answer({ owner: user.id, key, asset }, user.id, 0n);
      }
      if (id === undefined)
        return sendProblem(reply, unauthenticated('Log in and send the token to open a wallet of yours, or name the wallet: id.'));
      if (isReservedForOwner(id))
        return sendProblem(
          reply,
          forbidden(`Only its owner can open the wallet "${id}": ids that begin with a user's id are the users'. Choose another.`),
        );
      const limit = creditLimit === undefined ? 0n : parseAmountOrZero(creditLimit);
      assert(limit !== null, 'the schema lets only whole numbers through');
      return await answer({ wallet: id, key, asset, creditLimit: limit }, null, limit);

      async function answer(asked: Parameters<typeof commands.open>[0], ownerId: string | null, limit: bigint) {
        const outcome = await commands.open(asked);
        return sendOutcome(reply, outcome, 201, (entry) => presentOpened(entry, ownerId, limit));
      }
    },
  );

  app.get(
    '/wallet',
    {
      onRequest: requiredLogin(product),
      schema: {
        operationId: 'listMyWallets',
        description: "The caller's wallets, in the order of their assets",
        tags: ['Wallets'],
        security: [{ bearer: [] }],
        querystring: pageQuery('^[1-9][0-9]{0,8}$'),
        response: { 200: page(ref(WalletView)), ...problems(401) },
      },
    },
    async (request) => {
      const user = await userOf(product, request);
      const { limit = 50, cursor } = request.query;
      const { items, next } = await queries.walletsOf(user.id, limit, cursor);
      return { items: items.map(presentWallet), next };
    },
  );

  /** Owner and limit are the request's: a replay has the same, or it would be another request. */
  function presentOpened(entry: RecordedEntry, ownerId: string | null, creditLimit: bigint): Static<typeof OpenedWallet> {
    const { credit, asset, key } = entry;
    assert(credit && asset !== null && key !== null, 'an opening names its wallet and has a key');
    return {
      operationId: operationId(entry),
      seq: entry.seq,
      requestId: key,
      walletId: credit.id,
      ownerId,
      asset: presentAsset(assets.get(asset)),
      balance: credit.balance.toString(),
      creditLimit: creditLimit.toString(),
      version: credit.version,
      status: 'active',
      createdAt: entry.recordedAt.toISOString(),
    };
  }
}
