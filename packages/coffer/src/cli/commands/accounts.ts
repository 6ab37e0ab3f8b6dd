import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { withDefinitions } from '../../compose/commands.ts';
import { explain } from '../../gateway/index.ts';
import { OperatorError, parseSignedAmount } from '../../kernel/index.ts';
import { accountTypes, systemAccounts } from '../../ledger/index.ts';
import type { AccountChange, AccountType, Assets, ChartAccount, ChartRefusal } from '../../ledger/index.ts';
import { answer, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };

export function accountsCommand(): Command {
  return new Command('accounts')
    .summary('list, add and change accounts of the chart')
    .description(
      'Accounts beside wallets, for finance: revenue, expenses, budgets. Every running process knows a new account at once. Its asset, type and floor never change.',
    )
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(changeCommand('rename', 'change the name of an account', new Argument('<name>', 'its new name'), (name) => ({ name })))
    .addCommand(
      changeCommand(
        'move',
        'put an account below another one of the same asset and type, or below none',
        new Argument('[parent]', 'id of the new parent; none when absent'),
        (parent) => ({ parent: parent === '' ? null : parent }),
      ),
    );
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the chart of accounts')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withDefinitions, async ({ assets, chart }) => {
        const own = await chart.list();
        const builtIn = systemAccounts.map(({ id, type, name }) => `${id}  ${name}, ${type}, built in`);
        const items = own.map((account) => viewOf(account, assets));
        answer(options, [...builtIn, ...items.map(lineOf)].join('\n'), { items });
      });
    });
}

function addCommand(): Command {
  return new Command('add')
    .summary('add an account')
    .argument('<id>', 'lower case words joined by colons, such as revenue:marketplace')
    .requiredOption('--asset <code>', 'code of its asset')
    .addOption(new Option('--type <type>', 'in which report it is shown').choices(accountTypes).makeOptionMandatory())
    .requiredOption('--name <text>', 'name for people')
    .option('--floor <amount>', 'the lowest balance that a debit may leave, 0 or less, in minor units; unbounded by default', parseFloor)
    .option('--parent <id>', 'an account of the same asset and type, under which reports show it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  coffer accounts add revenue:marketplace --asset USD --type revenue --name "Marketplace revenue"')
    .action(async (id: string, options: Json & { asset: string; type: AccountType; name: string; floor?: bigint; parent?: string }) => {
      await runWith(options, withDefinitions, async ({ assets, chart }) => {
        const { asset, type, name, floor = null, parent = null } = options;
        const added = await chart.add({ id, asset, type, name, floor, parent });
        if ('refusal' in added) throw refused(added);
        const view = viewOf(added.account, assets);
        answer(options, `${added.added ? 'Added' : 'Exists'}: ${lineOf(view)}`, { ...view, added: added.added });
      });
    });
}

function changeCommand(name: string, summary: string, argument: Argument, change: (given: string) => AccountChange): Command {
  return new Command(name)
    .summary(summary)
    .argument('<id>', 'id of the account')
    .addArgument(argument)
    .option('--json', 'print JSON')
    .action(async (id: string, given: string | undefined, options: Json) => {
      await runWith(options, withDefinitions, async ({ assets, chart }) => {
        const changed = await chart.change(id, change(given ?? ''));
        if ('refusal' in changed) throw refused(changed);
        const view = viewOf(changed, assets);
        answer(options, lineOf(view), view);
      });
    });
}

type View = Omit<ChartAccount, 'asset' | 'floor'> & { readonly asset: string; readonly floor: string | null };

function viewOf({ asset, floor, ...account }: ChartAccount, assets: Assets): View {
  return { ...account, asset: assets.get(asset).code, floor: floor === null ? null : floor.toString() };
}

function lineOf({ id, asset, type, name, floor, parent }: View): string {
  const below = parent === null ? '' : `, below ${parent}`;
  return `${id}  ${inLine(name)}, ${type}, ${asset}, ${floor === null ? 'no floor' : `floor ${floor}`}${below}`;
}

function refused({ refusal: { code, facts } }: ChartRefusal): OperatorError {
  return new OperatorError(explain(code, facts), 'See: coffer accounts list');
}

function parseFloor(text: string): bigint {
  const floor = parseSignedAmount(text);
  if (floor !== null && floor <= 0n) return floor;
  throw new InvalidArgumentError('Give a whole number of minor units, 0 or less.');
}
