import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { withAssets } from '../../compose/commands.ts';
import { explain } from '../../gateway/index.ts';
import { OperatorError } from '../../kernel/index.ts';
import { assetKinds, assetScaleMax } from '../../ledger/index.ts';
import type { Asset, AssetChange, AssetKind, AssetRefusal, Assets, NewAsset } from '../../ledger/index.ts';
import { currencyOf } from '../currencies.ts';
import { answer, runCommand, runWith } from '../run.ts';
import { inLine } from '../terminal.ts';

type Json = { readonly json?: boolean };
type Added = Asset & { readonly added: boolean };

export function assetsCommand(): Command {
  return new Command('assets')
    .summary('list, add, rename and retire assets')
    .description(
      'What wallets count in: currencies, points, coins. Every running process knows a new asset at once. Its code, scale and kind never change.',
    )
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(changeCommand('rename', 'change the name of an asset', (name) => ({ name })))
    .addCommand(changeCommand('retire', 'open no more wallets in an asset; those that exist go on', () => ({ retired: true })))
    .addCommand(changeCommand('reinstate', 'let wallets be opened in a retired asset again', () => ({ retired: false })));
}

function listCommand(): Command {
  return new Command('list')
    .summary('list the assets by number')
    .option('--json', 'print JSON')
    .action(async (options: Json) => {
      await runWith(options, withAssets, async ({ assets }) => {
        const items = await assets.list();
        answer(options, items.map(lineOf).join('\n'), { items });
      });
    });
}

function addCommand(): Command {
  return new Command('add')
    .summary('add an asset, or currencies of ISO 4217')
    .argument('<codes...>', 'code of the asset: capital letters, digits and underscores; with --iso one or more currency codes')
    .option('--iso', 'take scale and name of each code from ISO 4217')
    .option('--name <text>', 'name for people')
    .option('--scale <places>', `decimal places, 0 to ${assetScaleMax}: 2 means that amount 1050 is 10.50`, parseScale)
    .addOption(new Option('--kind <kind>', 'what it is; currency with --iso').choices(assetKinds))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  coffer assets add GEMS --name "Gems" --scale 0 --kind virtual\n  coffer assets add --iso JPY KWD NGN',
    )
    .action(async (codes: string[], options: Json & { iso?: boolean; name?: string; scale?: number; kind?: AssetKind }) => {
      await runCommand({ ...options, descriptor: 2 }, async (context) => {
        // Before a database is opened, and perhaps created, for it.
        const wanted = options.iso === true ? currencies(codes, options) : [definition(codes, options)];
        await withAssets(context, async ({ assets }) => {
          const items: Added[] = [];
          for (const one of wanted) items.push(await add(assets, one, options.iso ?? false));
          answer(options, items.map((one) => `${one.added ? 'Added' : 'Exists'}: ${lineOf(one)}`).join('\n'), { items });
        });
      });
    });
}

/** Throws OperatorError for what is refused. */
async function add(assets: Assets, wanted: NewAsset, isCurrency: boolean): Promise<Added> {
  const found = await assets.add(wanted);
  if (!('refusal' in found)) return { ...found.asset, added: found.added };
  // A currency that is there under another name is the currency that was asked for.
  const present = isCurrency ? sameCurrency(assets.find(wanted.code), wanted) : null;
  if (!present) throw refused(found);
  return { ...present, added: false };
}

function changeCommand(name: string, summary: string, change: (argument: string) => AssetChange): Command {
  const command = new Command(name).summary(summary).argument('<code>', 'code of the asset');
  if (name === 'rename') command.addArgument(new Argument('<name>', 'its new name'));
  return command.option('--json', 'print JSON').action(async (code: string, ...rest: [string, Json] | [Json]) => {
    const [argument, options] = typeof rest[0] === 'string' ? [rest[0], (rest as [string, Json])[1]] : ['', rest[0]];
    await runWith(options, withAssets, async ({ assets, defaultAsset }) => {
      const changed = await assets.change(code, change(argument), defaultAsset);
      if ('refusal' in changed) throw refused(changed);
      answer(options, lineOf(changed), changed);
    });
  });
}

function definition(codes: readonly string[], options: Partial<NewAsset>): NewAsset {
  const [code = '', another] = codes;
  const { name, scale, kind } = options;
  if (another !== undefined) throw new OperatorError('Without --iso, one asset is added at a time.', 'Give one code, or use --iso.');
  if (name === undefined || scale === undefined || kind === undefined)
    throw new OperatorError('An asset needs --name, --scale and --kind.', 'Give them, or use --iso for a currency of ISO 4217.');
  return { code, name, scale, kind };
}

function currencies(codes: readonly string[], { name, scale, kind }: Partial<NewAsset>): NewAsset[] {
  if (name !== undefined || scale !== undefined || kind !== undefined)
    throw new OperatorError('--iso brings name, scale and kind.', 'Omit --name, --scale and --kind.');
  return codes.map((code) => {
    const currency = currencyOf(code);
    if (currency) return currency;
    throw new OperatorError(
      `"${inLine(code)}" is not the code of a current currency in ISO 4217.`,
      'Give codes such as JPY, or define the asset yourself with --name, --scale and --kind.',
    );
  });
}

function sameCurrency(present: Asset | undefined, { scale, kind }: NewAsset): Asset | null {
  return present?.scale === scale && present.kind === kind ? present : null;
}

function refused({ refusal: { code, facts } }: AssetRefusal): OperatorError {
  return new OperatorError(explain(code, facts), 'See: coffer assets list');
}

function lineOf({ id, code, scale, name, kind, retired }: Asset): string {
  return `${code}  ${inLine(name)}, scale ${scale}, ${kind}, number ${id}${retired ? ', retired' : ''}`;
}

function parseScale(text: string): number {
  const scale = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (scale <= assetScaleMax) return scale;
  throw new InvalidArgumentError(`Give a whole number from 0 to ${assetScaleMax}.`);
}
