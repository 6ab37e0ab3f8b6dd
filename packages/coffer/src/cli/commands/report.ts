import { Command, InvalidArgumentError } from 'commander';
import { withDefinitions } from '../../compose/commands.ts';
import { majorUnits, parseMoment } from '../../kernel/index.ts';
import { Reports } from '../../reports/index.ts';
import type { Report, TrialBalance } from '../../reports/index.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Past = { readonly at?: Date; readonly json?: boolean };
type Period = { readonly since?: Date; readonly until?: Date; readonly json?: boolean };

export function reportCommand(): Command {
  return new Command('report')
    .summary('print a trial balance, a balance sheet or an income statement')
    .description('Reports over all books, by asset, in its major unit. They add up the log, so a long one takes a while.')
    .addCommand(
      pastCommand('trial-balance', 'print the balance of every account; debits equal credits').action(async (options: Past) => {
        await runWith(options, withDefinitions, async (ledger) => {
          const assets = await new Reports(ledger).trialBalance(options.at ?? null);
          answer(options, assets.map(trialBalanceText).join('\n\n'), jsonOf({ at: options.at ?? null, assets }));
        });
      }),
    )
    .addCommand(
      pastCommand('balance-sheet', 'print assets, liabilities and equity, with the result so far').action(async (options: Past) => {
        await runWith(options, withDefinitions, async (ledger) => {
          const assets = await new Reports(ledger).balanceSheet(options.at ?? null);
          answer(options, textOf(assets), jsonOf({ at: options.at ?? null, assets }));
        });
      }),
    )
    .addCommand(
      new Command('income')
        .summary('print revenue and expenses of a period')
        .option('--since <time>', 'from this moment on', momentIn)
        .option('--until <time>', 'before this moment', momentIn)
        .option('--json', 'print JSON')
        .action(async ({ since, until, json = false }: Period) => {
          await runWith({ json }, withDefinitions, async (ledger) => {
            const assets = await new Reports(ledger).income({ since: since ?? null, until: until ?? null });
            answer({ json }, textOf(assets), jsonOf({ since: since ?? null, until: until ?? null, assets }));
          });
        }),
    );
}

function pastCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .option('--at <time>', 'as of this moment; now by default', momentIn)
    .option('--json', 'print JSON');
}

function trialBalanceText({ asset, lines, debit, credit }: TrialBalance): string {
  const amount = (value: bigint) => majorUnits(value.toString(), asset.scale);
  const rows = lines.map((line) => [`${line.account}  ${inLine(line.name)}`, line.type, amount(line.debit), amount(line.credit)]);
  return `${asset.code}\n${tableOf([['account', 'type', 'debit', 'credit'], ...rows, ['total', '', amount(debit), amount(credit)]])}`;
}

function textOf(report: Report): string {
  return report
    .map(({ asset, sections, result }) => {
      const amount = (value: bigint) => majorUnits(value.toString(), asset.scale);
      const rows = sections.flatMap(({ type, lines, total }) => [
        ...lines.map((line) => [`  ${line.account}  ${inLine(line.name)}`, amount(line.balance), amount(line.total)]),
        [type, amount(total), ''],
      ]);
      return `${asset.code}\n${tableOf([['account', 'balance', 'with those below'], ...rows, ['result', amount(result), '']])}`;
    })
    .join('\n\n');
}

/** The first column to the left, the others to the right. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Amounts in minor units, as texts. */
function jsonOf(report: object): object {
  return JSON.parse(JSON.stringify(report, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))) as object;
}

function momentIn(text: string): Date {
  const moment = parseMoment(text);
  if (moment) return moment;
  throw new InvalidArgumentError('Give a timestamp such as 2026-01-31T12:00:00Z.');
}
