/** Finding operations, holds and wallets by what is known of them. */
import Type from 'typebox';
import { holdStates, operationStates, walletSorts, walletStates } from '../../../find/index.ts';
import type { PageRequest } from '../../../find/index.ts';
import { ruleIdLengthMax, ruleIdPattern } from '../../../insights/index.ts';
import { AssetReference, Moment, UserId, WalletId, oneOf, ref, strict } from '../../../operations/index.ts';
import type { Values } from '../../../operations/index.ts';
import { accepted, holdStateIn, operationFilterIn, propertiesMax, walletFilterIn } from '../../finding.ts';
import type { App, Product, Request } from '../app.ts';
import { admitted, callerOf } from '../callers.ts';
import { foundPage, foundQuery, presentFound } from '../found-views.ts';
import { HoldView, presentHold } from '../hold-views.ts';
import { OperationView, presentOperation } from '../operation-views.ts';
import { problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';
import { presentWallet, WalletView } from '../wallet-views.ts';

const text = (description: string, maxLength = 256) => Type.Optional(Type.String({ minLength: 1, maxLength, description }));
const amount = (description: string) => text(`${description}, in minor units; with unit=major a decimal of the asset`, 64);

const common = {
  walletId: Type.Optional(WalletId),
  ownerId: Type.Optional(UserId),
  account: text('a wallet id, or the kind of a system account such as cash_in'),
  counterparty: text('the account on the other side: a wallet id, or the kind of a system account'),
  asset: Type.Optional(Type.Unsafe<string>({ ...AssetReference, type: 'string' })),
  amountMin: amount('the least amount'),
  amountMax: amount('the greatest amount'),
  key: text('the idempotency key, of any wallet', 128),
  since: Type.Optional(Moment),
  until: Type.Optional(Moment),
  text: text('words of the metadata or of the reason: all of them, in any order and case'),
  metadata: text(
    `a property of the metadata and its value, such as orderId=17; nested ones with dots. Also as metadata.orderId=17, up to ${propertiesMax} of them`,
    400,
  ),
  ...foundQuery,
  ...unitQuery,
};

const operationsQuery = Type.Object(
  {
    kind: text('the type of the operation, such as transfer', 40),
    status: Type.Optional(oneOf(...operationStates)),
    refusal: text('the code of the refusal, such as insufficient_funds', 64),
    ...common,
  },
  strict,
);
const holdsQuery = Type.Object({ state: Type.Optional(oneOf(...holdStates)), ...common }, strict);
const walletsQuery = Type.Object(
  {
    ownerId: common.ownerId,
    asset: common.asset,
    state: Type.Optional(oneOf(...walletStates)),
    flag: Type.Optional(
      Type.String({
        pattern: ruleIdPattern,
        maxLength: ruleIdLengthMax,
        description: 'the id of a fraud rule: only wallets that it flagged. Also needs the right to read findings',
      }),
    ),
    balanceMin: amount('the least balance; needs asset'),
    balanceMax: amount('the greatest balance; needs asset'),
    sort: Type.Optional(
      Type.Unsafe<(typeof walletSorts)[number]>({
        ...oneOf(...walletSorts),
        description: 'activity (the default), or balance, which needs asset',
      }),
    ),
    ...foundQuery,
    ...unitQuery,
  },
  strict,
);

export function findRoutes(app: App, product: Product): void {
  const { find, queries, assets } = product;
  const tags = ['Find'];
  const lag = 'What was posted a moment ago may be missing: asOf says how far the search is';

  app.get(
    '/operations',
    {
      preValidation: takeProperties,
      schema: {
        operationId: 'findOperations',
        description: `Finds operations by time, kind, account, amount, outcome, key, metadata or text, newest first. ${lag}`,
        tags,
        querystring: operationsQuery,
        response: { 200: foundPage(ref(OperationView)), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const filter = await operationFilterIn(valuesOf(query), propertiesOf(request, query.metadata), assets);
      const caller = callerOf(request);
      const page = accepted(await find.operations(filter, caller, pageIn(query)));
      const operations = await queries.operationsOf(page.items.map(({ entry }) => entry));
      return reply.send(presentFound(page, () => operations.map((one) => inUnit(query.unit, presentOperation(one, assets, caller)))));
    },
  );

  app.get(
    '/holds',
    {
      preValidation: takeProperties,
      schema: {
        operationId: 'findHolds',
        description: `Finds holds of all wallets by state, owner, amount, time, metadata or text, newest first. ${lag}`,
        tags,
        querystring: holdsQuery,
        response: { 200: foundPage(ref(HoldView)), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const filter = await operationFilterIn(valuesOf(query), propertiesOf(request, query.metadata), assets);
      const page = accepted(await find.holds({ ...filter, state: holdStateIn(valuesOf(query)) }, callerOf(request), pageIn(query)));
      const holds = await queries.holdsOf(page.items);
      return reply.send(presentFound(page, () => holds.map((hold) => inUnit(query.unit, presentHold(hold)))));
    },
  );

  app.get(
    '/wallets',
    {
      schema: {
        operationId: 'findWallets',
        description: `Finds wallets by owner, asset, state, flag or balance, those with the newest activity or the greatest balance first. The wallets are as they are now. ${lag}`,
        tags,
        querystring: walletsQuery,
        response: { 200: foundPage(ref(WalletView)), ...problems(401) },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const { flag, unit } = query;
      if (flag !== undefined) admitted(product, request, 'listFraudFindings');
      const flagged = flag === undefined ? undefined : { by: flag, wallets: await product.insights.findings.walletsFlaggedBy(flag) };
      const filter = { ...(await walletFilterIn(valuesOf(query), assets)), flagged };
      const page = accepted(await find.wallets(filter, callerOf(request), pageIn(query)));
      const wallets = await Promise.all(page.items.map(async (id) => await queries.wallet(id, callerOf(request))));
      return reply.send(presentFound(page, () => wallets.flatMap((wallet) => (wallet ? [inUnit(unit, presentWallet(wallet))] : []))));
    },
  );
}

export function pageIn(query: { limit?: number; cursor?: string; order?: 'desc' | 'asc'; count?: 'estimate' }): PageRequest {
  const { limit = 50, cursor, order, count } = query;
  return { limit, cursor, order, count: count === 'estimate' };
}

function valuesOf(values: Readonly<Record<string, unknown>>): Values {
  return { values, nameOf: (field) => field };
}

/** Parameters whose names begin so are properties of the metadata; no schema can list them. */
const prefix = 'metadata.';
const taken = new WeakMap<Request, readonly string[]>();

function takeProperties(request: Request, _reply: unknown, done: () => void): void {
  const query = request.query as Record<string, unknown>;
  const named = Object.entries(query).filter(([name]) => name.startsWith(prefix));
  taken.set(
    request,
    named.flatMap(([name, values]) => [values].flat().map((value) => `${name.slice(prefix.length)}=${String(value)}`)),
  );
  for (const [name] of named) delete query[name];
  done();
}

function propertiesOf(request: Request, property: string | undefined): string[] {
  return [...(taken.get(request) ?? []), ...(property === undefined ? [] : [property])];
}
