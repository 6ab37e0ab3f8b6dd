import { Command, Option } from 'commander';
import { withFind } from '../../compose/find.ts';
import type { FindParts } from '../../compose/find.ts';
import { holdStates, operationStates, walletSorts, walletStates } from '../../find/index.ts';
import type { FoundPage, PageRequest } from '../../find/index.ts';
import {
  accepted as accept,
  holdStateIn,
  operationFilterIn,
  presentHold,
  presentOperation,
  presentRequest,
  presentUser,
  presentWallet,
  search,
  walletFilterIn,
} from '../../gateway/index.ts';
import type { Match } from '../../gateway/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { InvalidInput } from '../../operations/index.ts';
import { parseLimit } from '../options.ts';
import { answer, runWith } from '../run.ts';

type Json = { readonly json?: boolean };
type Paged = Json & { readonly limit: number; readonly cursor?: string; readonly order?: 'desc' | 'asc'; readonly count?: boolean };
type Asked = Paged & Readonly<Record<string, unknown>> & { readonly metadata?: readonly string[] };

/** An operator at the command line sees everything. */
const everyone = {};

export function findCommand(): Command {
  return new Command('find')
    .summary('find operations, holds, wallets and anything by its id, key or order number')
    .description(
      'Searches through the projection "find", which the worker fills: what was posted a moment ago may be missing, and "behind" says how much. Works while Coffer is running.',
    )
    .addCommand(anythingCommand(), { isDefault: true })
    .addCommand(operationsCommand())
    .addCommand(holdsCommand())
    .addCommand(walletsCommand());
}

function anythingCommand(): Command {
  return new Command('anything')
    .summary('find what an id, a key, an e-mail address, an order number or a name points to (default command)')
    .argument('<text>', 'what to look for')
    .option('--limit <number>', 'maximum number of results: 1 to 500', parseLimit, 20)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  coffer find 1-4711\n  coffer find ORD-17 --json')
    .action(async (text: string, options: Json & { limit: number }) => {
      await run(options, async (parts) => {
        const found = await search(parts, text.trim(), everyone, options.limit);
        const lines = found.map((match) => `${match.by.padEnd(8)}  ${lineOfMatch(match, parts)}`);
        answer(options, lines.length === 0 ? `Nothing was found for "${text}".` : lines.join('\n'), {
          items: found.map((match) => documentOf(match, parts)),
        });
      });
    });
}

function operationsCommand(): Command {
  const command = new Command('operations')
    .summary('find operations, newest first')
    .option('--kind <type>', 'of this type, such as transfer')
    .addOption(new Option('--status <status>', 'in this status').choices(operationStates))
    .option('--refusal <code>', 'refused with this code');
  return common(command)
    .addHelpText(
      'after',
      '\nExamples:\n  coffer find operations --metadata orderId=17\n  coffer find operations --kind withdrawal --status refused --since 2026-11-01T00:00:00Z',
    )
    .action(async (options: Asked) => {
      await run(options, async (parts) => {
        const filter = await operationFilterIn(valuesOf(options), options.metadata ?? [], parts.assets);
        const page = accept(await parts.find.operations(filter, everyone, pageOf(options)));
        const operations = await parts.queries.operationsOf(page.items.map(({ entry }) => entry));
        const views = operations.map((one) => presentOperation(one, parts.assets, everyone));
        print(options, page, views, lineOfOperation);
      });
    });
}

function holdsCommand(): Command {
  const command = new Command('holds')
    .summary('find holds, newest first')
    .addOption(new Option('--state <state>', 'in this state').choices(holdStates));
  return common(command)
    .addHelpText('after', '\nExample:\n  coffer find holds --state open --wallet w1')
    .action(async (options: Asked) => {
      await run(options, async (parts) => {
        const values = valuesOf(options);
        const filter = await operationFilterIn(values, options.metadata ?? [], parts.assets);
        const page = accept(await parts.find.holds({ ...filter, state: holdStateIn(values) }, everyone, pageOf(options)));
        print(options, page, (await parts.queries.holdsOf(page.items)).map(presentHold), lineOfHold);
      });
    });
}

function walletsCommand(): Command {
  const command = new Command('wallets')
    .summary('find wallets, those with the newest activity first')
    .option('--owner <id>', 'of this user')
    .option('--asset <code>', 'in this asset')
    .addOption(new Option('--state <state>', 'in this state').choices(walletStates))
    .option('--balance-min <amount>', 'with at least this balance, in minor units; needs --asset')
    .option('--balance-max <amount>', 'with at most this balance; needs --asset')
    .addOption(new Option('--sort <by>', 'by activity (the default), or by balance, which needs --asset').choices(walletSorts));
  return paged(command)
    .addHelpText('after', '\nExample:\n  coffer find wallets --asset EUR --sort balance --limit 10')
    .action(async (options: Asked) => {
      await run(options, async (parts) => {
        const filter = await walletFilterIn(valuesOf(options), parts.assets);
        const page = accept(await parts.find.wallets(filter, everyone, pageOf(options)));
        const wallets = await Promise.all(page.items.map(async (id) => await parts.queries.wallet(id)));
        print(
          options,
          page,
          wallets.flatMap((wallet) => (wallet ? [presentWallet(wallet)] : [])),
          lineOfWallet,
        );
      });
    });
}

function common(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  return paged(
    command
      .option('--wallet <id>', 'of this wallet')
      .option('--account <name>', 'of this wallet, or of a system account such as cash_in')
      .option('--counterparty <name>', 'with this wallet or system account on the other side')
      .option('--owner <id>', 'of the wallets of this user')
      .option('--asset <code>', 'in this asset')
      .option('--amount-min <amount>', 'of at least this amount, in minor units')
      .option('--amount-max <amount>', 'of at most this amount')
      .option('--key <key>', 'under this idempotency key')
      .option('--metadata <property>', 'with this property of the metadata, such as orderId=17; can be repeated', collect)
      .option('--text <words>', 'with these words in the metadata or the reason')
      .option('--since <time>', 'from this time, such as 2026-01-31T12:00:00Z')
      .option('--until <time>', 'before this time'),
  );
}

function paged(command: Command): Command {
  return command
    .addOption(new Option('--order <order>', 'desc (the default) or asc').choices(['desc', 'asc']))
    .option('--limit <number>', 'maximum number of results: 1 to 500', parseLimit, 50)
    .option('--cursor <cursor>', 'continue where an earlier page ended, with the same filters')
    .option('--count', 'also say how many there are')
    .option('--json', 'print JSON');
}

/** Under the names that requests have. */
function valuesOf({ wallet, owner, json: _json, ...options }: Asked) {
  const named = { wallet: 'walletId', owner: 'ownerId' } as const;
  const option = (field: string) =>
    `--${Object.entries(named).find(([, name]) => name === field)?.[0] ?? field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return { values: { ...options, walletId: wallet, ownerId: owner }, nameOf: option };
}

function pageOf({ limit, cursor, order, count }: Paged): PageRequest {
  return { limit, cursor, order, count };
}

async function run(options: Json, work: (parts: FindParts) => Promise<void>): Promise<void> {
  await runWith(options, withFind, async (parts) => {
    try {
      await work(parts);
    } catch (failure) {
      throw failure instanceof InvalidInput ? new OperatorError(failure.message, 'Run the command with --help for its options.') : failure;
    }
  });
}

function print<View>(
  options: Json,
  { next, previous, count, asOf }: FoundPage<unknown>,
  views: readonly View[],
  lineOf: (view: View) => string,
): void {
  const lines = views.length === 0 ? ['Nothing was found.'] : views.map(lineOf);
  if (count) lines.push(`${count.exact ? '' : 'About '}${count.value} in all.`);
  if (asOf && asOf.behind > 0) lines.push(`${asOf.behind} newer entries of the log are not searched yet.`);
  if (next !== null) lines.push(`More: --cursor ${next}`);
  answer(options, lines.join('\n'), { items: views, next, previous, ...(count && { count }), ...(asOf && { asOf }) });
}

type OperationLine = ReturnType<typeof presentOperation>;

function lineOfOperation({ operationId, createdAt, type, status, amount, asset, debit, credit, requestId }: OperationLine): string {
  const side = (account: OperationLine['debit']) => account?.walletId ?? account?.kind;
  const sides = [side(debit), side(credit)].filter((one) => one !== undefined).join(' -> ');
  const parts = [
    operationId,
    createdAt,
    type,
    status,
    amount === null ? '' : `${amount} ${asset?.code ?? ''}`,
    sides,
    requestId === null ? '' : `key ${requestId}`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function lineOfHold({ holdId, createdAt, status, left, amount, asset, walletId }: ReturnType<typeof presentHold>): string {
  return `${holdId}  ${createdAt}  ${status}  ${left} of ${amount} ${asset.code}  ${walletId}`;
}

function lineOfWallet({ walletId, balance, asset, status, updatedAt }: ReturnType<typeof presentWallet>): string {
  return `${walletId}  ${balance} ${asset.code}  ${status}  ${updatedAt}`;
}

function lineOfMatch(match: Match, { assets }: FindParts): string {
  switch (match.kind) {
    case 'operation':
      return `operation  ${lineOfOperation(presentOperation(match.operation, assets, everyone))}`;
    case 'hold':
      return `hold  ${lineOfHold(presentHold(match.hold))}`;
    case 'wallet':
      return `wallet  ${lineOfWallet(presentWallet(match.wallet))}`;
    case 'request':
      return `request  ${match.request.id}  ${match.request.type} of ${match.request.wallet}  ${match.request.status}`;
    case 'user':
      return `user  ${match.user.id}  ${match.user.email ?? ''}  ${JSON.stringify(match.user.name)}`;
  }
}

function documentOf(match: Match, { assets }: FindParts): object {
  const { kind, by } = match;
  switch (match.kind) {
    case 'operation':
      return { kind, by, operation: presentOperation(match.operation, assets, everyone) };
    case 'hold':
      return { kind, by, hold: presentHold(match.hold) };
    case 'wallet':
      return { kind, by, wallet: presentWallet(match.wallet) };
    case 'request':
      return { kind, by, request: presentRequest(match.request, assets, everyone) };
    case 'user':
      return { kind, by, user: presentUser(match.user) };
  }
}
