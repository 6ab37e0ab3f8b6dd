/**
 * Amounts in major units. A caller that sends `unit: major` writes an amount as a decimal of its asset; it is counted in minor units before
 * the operation reads it, exactly or not at all. Everything behind this counts in minor units.
 */
import { choiceOf, minorUnits, signedWrittenAmountPattern, writtenAmountPattern } from '../kernel/index.ts';
import type { Asset } from '../ledger/index.ts';
import { entryOfOperation } from '../wallets/index.ts';
import type { Context, Definition } from './definition.ts';
import { keyOrFresh } from './idempotency.ts';
import { assetIn, entryIdIn, refuse, walletIn } from './input.ts';
import type { Input } from './input.ts';
import type { OperationRefusal } from './outcome.ts';
import { units } from './terms.ts';
import type { Unit } from './terms.ts';

/** `refused`: the asset could not be found, so the definition refuses whatever it is given; it must be run, not stored. */
export type Counted = { readonly definition: Definition; readonly input: Input; readonly refused: boolean };

export function unitIn({ values, nameOf }: Pick<Input, 'values' | 'nameOf'>): Unit {
  const { unit = 'minor' } = values;
  return units.find((one) => one === unit) ?? refuse(`"${nameOf('unit')}" must be ${choiceOf(units)}.`);
}

/** The input in minor units. Looks up facts that never change: the asset of a wallet, a hold or an operation. Throws InvalidInput. */
export function countedInMinor(definition: Definition, input: Input, context: Context): Counted | Promise<Counted> {
  return unitIn(input) === 'minor' ? { definition, input, refused: false } : counted(definition, input, context);
}

async function counted(definition: Definition, input: Input, context: Context): Promise<Counted> {
  const amounts = amountFieldsOf(definition).filter((field) => input.values[field] !== undefined && input.values[field] !== null);
  if (amounts.length === 0) return { definition, input, refused: false };
  const asset = await assetOf(definition, input, context);
  if ('code' in asset && 'facts' in asset) return refusing(definition, input, amounts, asset);
  const values: Record<string, unknown> = { ...input.values };
  for (const field of amounts) values[field] = minorIn(input, field, asset);
  // An amount in another asset's units would be another amount, so the asset is part of the request; a retry finds the same one.
  if ('asset' in definition.fields) values['asset'] = asset.id;
  return { definition, input: { ...input, values }, refused: false };
}

/** The request names a wallet, a hold, an operation or an asset that does not exist: it is refused like the same one in minor units. */
function refusing(definition: Definition, input: Input, amounts: readonly string[], refusal: OperationRefusal): Counted {
  const any = Object.fromEntries(amounts.map((field) => [field, '1']));
  const prepare: Definition['prepare'] = ({ key }) => ({ key: keyOrFresh(key), refusal });
  return { definition: { ...definition, prepare }, input: { ...input, values: { ...input.values, ...any } }, refused: true };
}

async function assetOf(definition: Definition, input: Input, context: Context): Promise<Asset | OperationRefusal> {
  const { ledger, assets, holds } = context;
  const named = assetIn(input, 'asset_type_id' in definition.fields ? 'asset_type_id' : 'asset');
  if (named !== undefined) {
    await assets.learn([{ asset: named }]);
    return assets.find(named) ?? { code: 'asset_unknown', facts: { asset: String(named) } };
  }
  const { onlyOwner } = input.terms;
  if (definition.subject === 'operationId') {
    const id = entryIdIn(input, 'operationId');
    const entry = await entryOfOperation(ledger, id, onlyOwner);
    if (!entry || entry.asset === null) return { code: 'operation_not_found', facts: { reverses: id } };
    await ledger.assets.learnFrom([entry]);
    return ledger.assets.get(entry.asset);
  }
  if (definition.assetOf) return (await definition.assetOf(input, context)) ?? assets.default;
  if (definition.subject === undefined) return assets.default;
  const hold = definition.subject === 'holdId' ? entryIdIn(input, 'holdId') : null;
  const wallet = hold === null ? walletIn(input) : await holds.walletOf(hold);
  const balance = wallet === undefined ? null : await ledger.read.balance(wallet, onlyOwner);
  if (balance) {
    await ledger.assets.learnFrom([balance]);
    return ledger.assets.get(balance.asset);
  }
  if (hold !== null) return { code: 'hold_not_found', facts: { hold } };
  return definition.name === 'deposit' ? assets.default : { code: 'wallet_not_found', facts: { wallet: wallet ?? '' } };
}

/** Integers are whole major units. */
function minorIn({ values, nameOf }: Input, field: string, { code, scale }: Asset): string {
  const given = values[field];
  const isWritten = typeof given === 'string' || typeof given === 'bigint' || Number.isSafeInteger(given);
  const minor = isWritten ? minorUnits(String(given), scale) : null;
  if (minor !== null) return minor;
  const form =
    scale === 0
      ? 'a whole number'
      : `a decimal with at most ${scale} ${scale === 1 ? 'place' : 'places'}, such as "12.${'5'.padEnd(Math.min(scale, 2), '0')}"`;
  return refuse(`"${nameOf(field)}" must be an amount of ${code}: ${form}.`);
}

const patterns: ReadonlySet<unknown> = new Set([writtenAmountPattern, signedWrittenAmountPattern]);

/** Known by their pattern, so that a new field cannot be forgotten here. */
function amountFieldsOf({ fields }: Definition): string[] {
  return Object.entries(fields).flatMap(([name, schema]) => ('pattern' in schema && patterns.has(schema.pattern) ? [name] : []));
}
