/** The calls of ledger.LedgerService about the chart of accounts. */
import type { Server } from '@grpc/grpc-js';
import { parseSignedAmount } from '../../kernel/index.ts';
import { systemAccounts } from '../../ledger/index.ts';
import type { Assets, Chart, ChartAccount, ChartRefusal, WantedAccount } from '../../ledger/index.ts';
import { ledgerService } from './generated/ledger.ts';
import type { ChartAccount as AccountMessage } from './generated/ledger.ts';
import { momentIn } from './report-calls.ts';
import type { ReportOptions } from './report-calls.ts';
import { orFailure } from './request-failures.ts';
import { failureOf } from './statuses.ts';
import { serve } from './unary.ts';
import type { Answer, ServeOptions } from './unary.ts';

export type AccountOptions = {
  readonly assets: Assets;
  readonly chart: Chart;
  /** Code of the asset that is meant where none is named. */
  readonly defaultAsset: string;
} & ReportOptions;

export function serveAccounts(server: Server, options: AccountOptions & ServeOptions): void {
  const { assets, chart, reports, defaultAsset } = options;
  const messageOf = ({ id, asset, type, name, floor, parent }: ChartAccount): AccountMessage => ({
    id,
    asset: assets.get(asset).code,
    type,
    name,
    floor: floor === null ? '' : floor.toString(),
    parent: parent ?? '',
    builtIn: false,
  });
  const answerOf = (found: ChartAccount | { readonly account: ChartAccount } | ChartRefusal): Answer<AccountMessage> => {
    if ('refusal' in found) return { failure: failureOf(found.refusal.code, found.refusal) };
    return { message: messageOf('account' in found ? found.account : found) };
  };

  serve(
    server,
    'listAccounts',
    ledgerService.listAccounts,
    async () => ({ message: { accounts: [...builtIn, ...(await chart.list()).map(messageOf)] } }),
    options,
  );
  serve(
    server,
    'addAccount',
    ledgerService.addAccount,
    async ({ floor: text, parent, type, ...rest }) => {
      const floor = text === '' ? null : parseSignedAmount(text);
      if (text !== '' && floor === null)
        return {
          failure: failureOf('account_invalid', { facts: { said: 'The floor must be a whole number of minor units, 0 or less.' } }),
        };
      // The type may be any text; it is checked with the rest.
      return answerOf(await chart.add({ ...rest, type: type as WantedAccount['type'], floor, parent: parent === '' ? null : parent }));
    },
    options,
  );
  serve(
    server,
    'changeAccount',
    ledgerService.changeAccount,
    async ({ id, name, parent }) =>
      answerOf(await chart.change(id, { name: name ?? undefined, parent: parent === null ? undefined : parent === '' ? null : parent })),
    options,
  );
  serve(
    server,
    'getAccount',
    ledgerService.getAccount,
    orFailure(async ({ id, asset: named, at }) => {
      const found = await reports.account(id, named === '' ? defaultAsset : named, momentIn(at, 'at'));
      if ('refusal' in found) return { failure: failureOf(found.refusal.code, found.refusal) };
      const { account, asset, balance } = found;
      const described = account ? messageOf(account) : (builtIn.find((one) => one.id === id) ?? null);
      return { message: { account: described, asset: asset.code, balance: balance.toString() } };
    }),
    options,
  );
}

const builtIn: readonly AccountMessage[] = systemAccounts.map(({ id, type, name, floor }) => ({
  id,
  asset: '',
  type,
  name,
  floor: floor === null ? '' : floor.toString(),
  parent: '',
  builtIn: true,
}));
