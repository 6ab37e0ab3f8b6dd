/** What to find, as callers of both transports write it. */
import { holdStates, operationStates, operationTypes, walletSorts, walletStates, wordsIn } from '../find/index.ts';
import type { FoundPage, OperationFilter, Refused, WalletFilter } from '../find/index.ts';
import { parseAmountOrZero, parseSignedAmount, minorUnits } from '../kernel/index.ts';
import { refusalCodes } from '../ledger/index.ts';
import type { Asset, Assets } from '../ledger/index.ts';
import { isIdempotencyKey, refuse, requiredMomentIn, textIn, wordIn } from '../operations/index.ts';
import type { Values } from '../operations/index.ts';

const wordsMax = 8;
export const propertiesMax = 8;

/** The filters of operations and holds. `properties`: each as `path=value`. */
export async function operationFilterIn(input: Values, properties: readonly string[], assets: Assets): Promise<OperationFilter> {
  const asset = await namedAssetIn(input, assets);
  const text = textIn(input, 'text');
  const words = text === undefined ? undefined : [...new Set(wordsIn(text))];
  if (words && (words.length === 0 || words.length > wordsMax)) refuse(`"text" must have 1 to ${wordsMax} words of letters or digits.`);
  if (properties.length > propertiesMax) refuse(`The query asks for more than ${propertiesMax} properties of the metadata.`);
  for (const property of properties) if (!/^[^=]+=/.test(property)) refuse('"metadata" must be a property and its value: orderId=17.');
  return {
    type: wordIn(input, 'kind', operationTypes),
    wallet: textIn(input, 'walletId'),
    account: textIn(input, 'account'),
    counterparty: textIn(input, 'counterparty'),
    owner: textIn(input, 'ownerId')?.toLowerCase(),
    ...rangeIn(input, asset, 'amountMin', 'amountMax', parseAmountOrZero),
    status: wordIn(input, 'status', operationStates),
    refusal: wordIn(input, 'refusal', refusalCodes),
    asset: asset?.id,
    key: keyIn(input),
    properties: properties.length === 0 ? undefined : properties,
    words,
    since: momentIn(input, 'since'),
    until: momentIn(input, 'until'),
  };
}

/** Undefined if none is named. */
async function namedAssetIn(input: Values, assets: Assets): Promise<Asset | undefined> {
  const named = textIn(input, 'asset');
  if (named === undefined || named === '') return undefined;
  const reference = /^\d{1,9}$/.test(named) ? Number(named) : named;
  if (!assets.find(reference)) await assets.list();
  return assets.find(reference) ?? refuse(`There is no asset "${named}". GET /assets lists them.`);
}

type Range<Min extends string, Max extends string> = { readonly [name in Min | Max]?: bigint };

/** Amounts in minor units, or in major units of the asset that is asked for. */
function rangeIn<Min extends string, Max extends string>(
  input: Values,
  asset: Asset | undefined,
  min: Min,
  max: Max,
  parse: (text: string) => bigint | null,
): Range<Min, Max> {
  const isMajor = input.values['unit'] === 'major';
  const read = (name: string): bigint | undefined => {
    const text = textIn(input, name);
    if (text === undefined) return undefined;
    if (isMajor && !asset) return refuse(`"${name}" is in major units: name the asset, too.`);
    const minor = isMajor && asset ? minorUnits(text, asset.scale) : text;
    return (
      (minor === null ? null : parse(minor)) ?? refuse(`"${name}" must be a whole number of minor units, or with unit=major a decimal.`)
    );
  };
  const [least, most] = [read(min), read(max)];
  return { ...(least !== undefined && { [min]: least }), ...(most !== undefined && { [max]: most }) } as Range<Min, Max>;
}

/** The filters of wallets. Balances of different assets do not compare. */
export async function walletFilterIn(input: Values, assets: Assets): Promise<WalletFilter> {
  const asset = await namedAssetIn(input, assets);
  const sort = wordIn(input, 'sort', walletSorts) ?? 'activity';
  const balances = rangeIn(input, asset, 'balanceMin', 'balanceMax', parseSignedAmount);
  if (!asset && (sort === 'balance' || Object.keys(balances).length > 0))
    refuse('Balances of different assets do not compare: name the asset.');
  return {
    owner: textIn(input, 'ownerId')?.toLowerCase(),
    asset: asset?.id,
    state: wordIn(input, 'state', walletStates),
    ...balances,
    sort,
  };
}

export function holdStateIn(input: Values) {
  return wordIn(input, 'state', holdStates);
}

/** Undefined if there is none. */
export function keyIn(input: Values): string | undefined {
  const key = textIn(input, 'key');
  return key === undefined || isIdempotencyKey(key) ? key : refuse('"key" must have 1 to 128 characters of printable text.');
}

function momentIn(input: Values, name: string): Date | undefined {
  return textIn(input, name) === undefined ? undefined : requiredMomentIn(input, name);
}

/** The page; refuses a cursor of another list. */
export function accepted<T>(page: FoundPage<T> | Refused): FoundPage<T> {
  return 'refusal' in page
    ? refuse('The cursor is not of this list with these filters. Send the same query as for the page that it is from.')
    : page;
}
