/** The calls of ledger.LedgerService for finance: reports, and the balance of an account. */
import type { Server } from '@grpc/grpc-js';
import { requiredMomentIn } from '../../operations/index.ts';
import type { Report, Reports, TrialBalance } from '../../reports/index.ts';
import { ledgerService } from './generated/ledger.ts';
import type { Report as ReportMessage, TrialBalance as TrialBalanceMessage } from './generated/ledger.ts';
import { orFailure } from './request-failures.ts';
import { serve } from './unary.ts';
import type { ServeOptions } from './unary.ts';

export type ReportOptions = { readonly reports: Reports };

export function serveReports(server: Server, options: ReportOptions & ServeOptions): void {
  const { reports } = options;
  serve(
    server,
    'getTrialBalance',
    ledgerService.getTrialBalance,
    orFailure(async ({ at }) => ({ message: trialBalanceMessage(await reports.trialBalance(momentIn(at, 'at'))) })),
    options,
  );
  serve(
    server,
    'getBalanceSheet',
    ledgerService.getBalanceSheet,
    orFailure(async ({ at }) => ({ message: reportMessage(await reports.balanceSheet(momentIn(at, 'at'))) })),
    options,
  );
  serve(
    server,
    'getIncome',
    ledgerService.getIncome,
    orFailure(async ({ since, until }) => ({
      message: reportMessage(await reports.income({ since: momentIn(since, 'since'), until: momentIn(until, 'until') })),
    })),
    options,
  );
}

/** Null: it was not sent. */
export function momentIn(text: string, field: string): Date | null {
  return text === '' ? null : requiredMomentIn({ values: { [field]: text }, nameOf: (name) => name }, field);
}

function trialBalanceMessage(assets: readonly TrialBalance[]): TrialBalanceMessage {
  return {
    assets: assets.map(({ asset, lines, debit, credit }) => ({
      asset: asset.code,
      lines: lines.map(({ parent, ...line }) => ({
        ...line,
        parent: parent ?? '',
        debit: line.debit.toString(),
        credit: line.credit.toString(),
      })),
      debit: debit.toString(),
      credit: credit.toString(),
    })),
  };
}

function reportMessage(report: Report): ReportMessage {
  return {
    assets: report.map(({ asset, sections, result }) => ({
      asset: asset.code,
      sections: sections.map(({ type, lines, total }) => ({
        type,
        lines: lines.map(({ account, name, parent, balance, total: below }) => ({
          account,
          name,
          parent: parent ?? '',
          balance: balance.toString(),
          total: below.toString(),
        })),
        total: total.toString(),
      })),
      result: result.toString(),
    })),
  };
}
