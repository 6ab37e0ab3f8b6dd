/** Reading a wallet: balance, history, stats, and the outcome of its requests. */
import { keyspaceOf } from '../../../ledger/index.ts';
import { KeyspaceName, Moment, WalletId, isIdempotencyKey, oneOf, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { Wallet } from '../../../wallets/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { foundQuery } from '../found-views.ts';
import { HistoryItem, OperationView, presentHistoryItem, presentOperation } from '../operation-views.ts';
import { malformed, problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { readMoment } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';
import { PastBalance, presentPastBalance, presentStats, presentWallet, Stats, WalletView } from '../wallet-views.ts';

const params = Type.Object({ id: WalletId }, strict);
const unitOnly = Type.Object(unitQuery, strict);
const pastQuery = Type.Object({ at: Moment, by: Type.Optional(oneOf('recorded', 'effective')), ...unitQuery }, strict);
const historyQuery = Type.Object(
  {
    ...pageQuery('^[1-9][0-9]{0,14}$').properties,
    since: Type.Optional(Moment),
    until: Type.Optional(Moment),
    kind: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 40,
        description: 'the type of the lines, such as transfer, which is also that of transfers in steps',
      }),
    ),
    order: foundQuery.order,
    ...unitQuery,
  },
  strict,
);
const keyParams = Type.Object(
  { id: WalletId, key: Type.String({ minLength: 1, maxLength: 128, description: 'the idempotency key, percent-encoded' }) },
  strict,
);

export function walletReadRoutes(app: App, product: Product): void {
  const { queries, assets } = product;
  const described = (operationId: string, description: string) => ({
    operationId,
    description,
    tags: ['Wallets'],
  });

  app.get(
    '/wallet/:id',
    {
      schema: {
        ...described(
          'getWallet',
          "Returns a wallet's balance and details; the ETag is its version. With If-None-Match, 304 while it is still at that version",
        ),
        params,
        querystring: unitOnly,
        headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ description: 'the ETag of an earlier answer' })) }),
        response: {
          200: ref(WalletView),
          304: Type.Null({ description: 'The wallet is still at the version in If-None-Match' }),
          ...problems(401, 404),
        },
      },
    },
    async (request, reply) => {
      const wallet = await queries.wallet(request.params.id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(request.params.id));
      const etag = `"${wallet.version}"`;
      reply.header('etag', etag);
      // What is used of limits falls at midnight, without a new version.
      if (!wallet.controls.limits && isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      return reply.send(inUnit(request.query.unit, presentWallet(wallet)));
    },
  );

  app.get(
    '/wallet/:id/balance',
    {
      schema: {
        ...described('getBalanceAt', "Returns a wallet's balance at a past time: by recorded date (the default) or by effective date"),
        params,
        querystring: pastQuery,
        response: { 200: ref(PastBalance), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { at: text, by = 'recorded', unit } = request.query;
      const at = readMoment(text, 'at');
      const wallet = await queries.wallet(request.params.id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(request.params.id));
      const past = await queries.balanceAt(wallet, at, by);
      return past ? reply.send(inUnit(unit, presentPastBalance(wallet, past, at, by))) : sendProblem(reply, notOpenYet(wallet, at));
    },
  );

  app.get(
    '/wallet/:id/history',
    {
      schema: {
        ...described(
          'getHistory',
          "Lists a wallet's operations, newest first, including holds and controls, each with the balance after it: of a time, of a kind, or oldest first. With kind, a page may have few lines and still a next one",
        ),
        params,
        querystring: historyQuery,
        response: { 200: page(ref(HistoryItem)), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const wallet = await queries.wallet(request.params.id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(request.params.id));
      const { limit = 50, cursor, unit, since, until, kind, order } = request.query;
      const filter = {
        since: since === undefined ? undefined : readMoment(since, 'since'),
        until: until === undefined ? undefined : readMoment(until, 'until'),
        kind,
        order,
      };
      const { items, next } = await queries.history(wallet, limit, cursor, filter);
      const views = items.map((entry) => inUnit(unit, presentHistoryItem(entry, wallet, callerOf(request)), wallet.currency.scale));
      return reply.send({ items: views, next });
    },
  );

  app.get(
    '/wallet/:id/stats',
    {
      schema: {
        ...described('getStats', "Returns a wallet's totals since it was opened"),
        params,
        querystring: unitOnly,
        response: { 200: ref(Stats), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const stats = await queries.stats(request.params.id, callerOf(request));
      return stats ? reply.send(inUnit(request.query.unit, presentStats(stats))) : sendProblem(reply, noSuchWallet(request.params.id));
    },
  );

  app.get(
    '/wallet/:id/operations/:key',
    {
      schema: {
        ...described(
          'getOperationByKey',
          "Returns the operation under an idempotency key; use it when an answer was lost. Looks among the caller's own keys, or in the keyspace named",
        ),
        params: keyParams,
        querystring: Type.Object({ keyspace: Type.Optional(KeyspaceName), ...unitQuery }, strict),
        response: { 200: ref(OperationView), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { id, key } = request.params;
      if (!isIdempotencyKey(key))
        return sendProblem(
          reply,
          malformed('The idempotency key in the path is not valid. Send 1 to 128 characters of printable text, percent-encoded.'),
        );
      const wallet: Wallet | null = await queries.wallet(id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(id));
      const entry = await queries.operationByKey(wallet, key, request.query.keyspace ?? keyspaceOf(actorOf(request)));
      if (!entry) return sendProblem(reply, nothingUnderKey(key));
      return reply.send(inUnit(request.query.unit, presentOperation(entry, assets, callerOf(request))));
    },
  );
}

export function noSuchWallet(wallet: string): Problem {
  return problem('wallet_not_found', { facts: { wallet } });
}

/** Compares weakly, as RFC 9110 says for If-None-Match: a proxy may have made the ETag weak. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return (
    ifNoneMatch
      ?.split(',')
      .map((one) => one.trim())
      .some((one) => one === '*' || one.replace(/^W[/]/, '') === etag) ?? false
  );
}

function notOpenYet({ id, openedAt }: Wallet, at: Date): Problem {
  return problem('wallet_not_found', {
    facts: { wallet: id },
    said: `The wallet "${id}" was opened at ${openedAt.toISOString()}, after ${at.toISOString()}. Choose a later time.`,
  });
}

function nothingUnderKey(key: string): Problem {
  return problem('operation_not_found', { facts: { key } });
}
