/** The chart of accounts. */
import Type from 'typebox';
import { AccountId, AssetReference, Moment, ref, strict } from '../../../operations/index.ts';
import {
  accountChangeProperties,
  AccountBalance,
  accountProperties,
  AccountView,
  builtInAccounts,
  presentAccount,
  presentAccountBalance,
} from '../account-views.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { readMoment } from '../request-content.ts';
import { problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';

export function accountRoutes(app: App, { assets, chart, reports, defaultAsset }: Product): void {
  const tags = ['Accounts'];
  app.get(
    '/accounts',
    {
      schema: {
        operationId: 'listAccounts',
        description: 'Lists the chart of accounts: the built-in accounts, and your own by id',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(AccountView)) }, strict), ...problems() },
      },
    },
    async (_request, reply) => {
      const own = await chart.list();
      return reply.send({ items: [...builtInAccounts, ...own.map((account) => presentAccount(account, assets))] });
    },
  );

  app.post(
    '/accounts',
    {
      schema: {
        operationId: 'addAccount',
        description:
          'Adds an account to the chart, which transfers can name at once. Its asset, type and floor never change. The same definition again answers 200 with the account as it is now',
        tags,
        body: Type.Object(accountProperties, strict),
        response: { 200: ref(AccountView), 201: ref(AccountView), ...problems(409, 422) },
      },
    },
    async (request, reply) => {
      const { floor = null, parent = null, ...rest } = request.body;
      const added = await chart.add({ ...rest, floor: floor === null ? null : BigInt(floor), parent });
      if ('refusal' in added) return sendProblem(reply, problem(added.refusal.code, added.refusal));
      return reply.code(added.added ? 201 : 200).send(presentAccount(added.account, assets));
    },
  );

  app.get(
    '/accounts/:id',
    {
      schema: {
        operationId: 'getAccount',
        description:
          'Returns an account with its balance over all books, now or as of a moment, by recorded date. A built-in account exists in every asset: name one, or the default asset is meant',
        tags,
        params: Type.Object({ id: AccountId }, strict),
        querystring: Type.Object({ at: Type.Optional(Moment), asset: Type.Optional(AssetReference), ...unitQuery }, strict),
        response: { 200: ref(AccountBalance), ...problems(404, 422) },
      },
    },
    async (request, reply) => {
      const { at: text, asset: reference, unit } = request.query;
      const at = text === undefined ? null : readMoment(text, 'at');
      const found = await reports.account(request.params.id, reference ?? defaultAsset, at);
      if ('refusal' in found) return sendProblem(reply, problem(found.refusal.code, found.refusal));
      return reply.send(inUnit(unit, presentAccountBalance(found, at, assets)));
    },
  );

  app.patch(
    '/accounts/:id',
    {
      schema: {
        operationId: 'changeAccount',
        description: 'Renames an account, or changes its parent; with parent null it has none any more',
        tags,
        params: Type.Object({ id: AccountId }, strict),
        body: Type.Object(accountChangeProperties, strict),
        response: { 200: ref(AccountView), ...problems(404, 422) },
      },
    },
    async (request, reply) => {
      const changed = await chart.change(request.params.id, request.body);
      if ('refusal' in changed) return sendProblem(reply, problem(changed.refusal.code, changed.refusal));
      return reply.send(presentAccount(changed, assets));
    },
  );
}
