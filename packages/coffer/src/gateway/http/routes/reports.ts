/** Reports for finance. */
import Type from 'typebox';
import { Moment, ref, strict } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { BalanceSheetView, IncomeView, presentReport, presentTrialBalance, TrialBalanceView } from '../report-views.ts';
import { readMoment } from '../request-content.ts';
import { problems } from '../schemas.ts';
import { inUnit, unitQuery } from '../units.ts';

const pastQuery = Type.Object({ at: Type.Optional(Moment), ...unitQuery }, strict);
const periodQuery = Type.Object({ since: Type.Optional(Moment), until: Type.Optional(Moment), ...unitQuery }, strict);

export function reportRoutes(app: App, { reports }: Product): void {
  const described = (operationId: string, description: string) => ({ operationId, description, tags: ['Reports'] });

  app.get(
    '/reports/trial-balance',
    {
      schema: {
        ...described(
          'getTrialBalance',
          'Returns the balance of every account by asset, over all books, as of a moment; debits equal credits',
        ),
        querystring: pastQuery,
        response: { 200: ref(TrialBalanceView), ...problems() },
      },
    },
    async (request, reply) => {
      const at = momentIn(request.query.at, 'at');
      const assets = (await reports.trialBalance(at)).map(presentTrialBalance);
      return reply.send(inUnit(request.query.unit, { at: textOf(at), assets }));
    },
  );

  app.get(
    '/reports/balance-sheet',
    {
      schema: {
        ...described(
          'getBalanceSheet',
          'Returns assets, liabilities and equity by asset, over all books, as of a moment, with the result so far',
        ),
        querystring: pastQuery,
        response: { 200: ref(BalanceSheetView), ...problems() },
      },
    },
    async (request, reply) => {
      const at = momentIn(request.query.at, 'at');
      const assets = (await reports.balanceSheet(at)).map(presentReport);
      return reply.send(inUnit(request.query.unit, { at: textOf(at), assets }));
    },
  );

  app.get(
    '/reports/income',
    {
      schema: {
        ...described('getIncome', 'Returns revenue and expenses by asset, over all books, of a period'),
        querystring: periodQuery,
        response: { 200: ref(IncomeView), ...problems() },
      },
    },
    async (request, reply) => {
      const [since, until] = [momentIn(request.query.since, 'since'), momentIn(request.query.until, 'until')];
      const assets = (await reports.income({ since, until })).map(presentReport);
      return reply.send(inUnit(request.query.unit, { since: textOf(since), until: textOf(until), assets }));
    },
  );
}

function momentIn(text: string | undefined, name: string): Date | null {
  return text === undefined ? null : readMoment(text, name);
}

function textOf(moment: Date | null): string | null {
  return moment && moment.toISOString();
}
