/** Opening wallets, and listing one's own. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert, parseAmountOrZero } from '../../../kernel/index.ts';
import { operationId } from '../../../ledger/index.ts';
import type { RecordedEntry } from '../../../ledger/index.ts';
import { isReservedForOwner } from '../../../wallets/index.ts';
import type { App, Product, Request } from '../app.ts';
import { callerOf, ownerOf } from '../callers.ts';
import { keyHeaders, presentAsset, sendOutcome } from '../postings.ts';
import { identityProblem } from '../identity-refusals.ts';
import { forbidden, malformed, sendProblem, unauthenticated } from '../problem.ts';
import type { Problem } from '../problem.ts';
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
  UserId,
  Version,
  WalletId,
} from '../schemas.ts';
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

type Opening =
  | { readonly id: string; readonly owner: null; readonly creditLimit: bigint }
  | { readonly id?: never; readonly owner: string; readonly creditLimit: bigint };

/** A wallet of a user is named after the user and the asset; any other has a name of its own, and nobody owns it. */
function whatToOpen(request: Request, { id, ownerId, creditLimit }: Static<typeof OpenWallet>): Opening | Problem {
  const { principal } = callerOf(request);
  const limit = creditLimit === undefined ? 0n : parseAmountOrZero(creditLimit);
  assert(limit !== null, 'the schema lets only whole numbers through');
  if (principal.kind === 'user') {
    if (id !== undefined)
      return malformed("A user's wallet gets its id from the user and the asset. Leave id away, or send the request without a login.");
    if (creditLimit !== undefined) return forbidden("A user cannot grant the user's own wallet a credit limit. Leave creditLimit away.");
    if (ownerId !== undefined && ownerId.toLowerCase() !== principal.userId)
      return forbidden('Users open wallets of their own only. Leave ownerId away.');
    return { owner: principal.userId, creditLimit: 0n };
  }
  if (id === undefined) {
    if (principal.kind === 'anonymous')
      return unauthenticated('Log in and send the token to open a wallet of yours, or name the wallet: id.');
    return { owner: ownerOf(request, ownerId, 'ownerId'), creditLimit: limit };
  }
  if (ownerId !== undefined) return malformed("A user's wallet gets its id from the user and the asset. Send id or ownerId, not both.");
  if (isReservedForOwner(id))
    return forbidden(`Only its owner can open the wallet "${id}": ids that begin with a user's id are the users'. Choose another.`);
  return { id, owner: null, creditLimit: limit };
}

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
      const asked = whatToOpen(request, request.body);
      if ('status' in asked) return sendProblem(reply, asked);
      const { id, owner, creditLimit } = asked;
      const found = request.body.ownerId === undefined ? null : await product.users.get(request.body.ownerId);
      if (found && 'refusal' in found) return sendProblem(reply, identityProblem(found.refusal));
      const key = readKey(request, reply, request.body);
      const named = owner === null ? { wallet: id } : { owner };
      const outcome = await commands.open({ ...named, key, asset: request.body.asset, creditLimit });
      return sendOutcome(reply, outcome, 201, (entry) => presentOpened(entry, owner, creditLimit));
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
