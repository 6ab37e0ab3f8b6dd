/** Currencies of ISO 4217, for `coffer assets add --iso`. */
import * as list from 'dinero.js/currencies';
import type { NewAsset } from '../ledger/index.ts';

const currencies: Readonly<Record<string, { readonly base: number | readonly number[]; readonly exponent: number }>> = list;
const names = new Intl.DisplayNames('en', { type: 'currency', fallback: 'none' });
/** The library counts the two currencies without decimal units (ariary, ouguiya) in fifths; ISO gives them two decimal places. */
const scaleWithoutDecimals = 2;

/** The definition of a current currency by its code; null for anything else: metals, bond units and test codes have no scale. */
export function currencyOf(code: string): NewAsset | null {
  const currency = Object.hasOwn(currencies, code) ? currencies[code] : undefined;
  if (!currency) return null;
  return { code, name: names.of(code) ?? code, scale: currency.base === 10 ? currency.exponent : scaleWithoutDecimals, kind: 'currency' };
}
