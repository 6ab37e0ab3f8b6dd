/** Amounts as callers write them: whole numbers of an asset's minor units, exact or refused, never rounded. */

/** The ledger's precision: numeric(38, 0). */
export const amountDigitsMax = 38;

/** A positive amount as text: ASCII digits only, no sign, point, exponent or leading zero. */
export const amountPattern = `^[1-9][0-9]{0,${amountDigitsMax - 1}}$`;
/** Zero or a positive amount: for limits. */
export const amountOrZeroPattern = `^(0|[1-9][0-9]{0,${amountDigitsMax - 1}})$`;
/** Any amount, including negative ones: for balances. */
export const signedAmountPattern = `^(0|-?[1-9][0-9]{0,${amountDigitsMax - 1}})$`;

const amountText = new RegExp(amountPattern);
const amountOrZeroText = new RegExp(amountOrZeroPattern);
const signedAmountText = new RegExp(signedAmountPattern);

/**
 * Parses an amount of at least 1: a string of digits, or a safe integer (a larger JSON number may already be rounded). Null for anything
 * else.
 */
export function parseAmount(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) && given >= 1 ? BigInt(given) : null;
  return typeof given === 'string' && amountText.test(given) ? BigInt(given) : null;
}

/** Like `parseAmount`, but allows 0. */
export function parseAmountOrZero(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) && given >= 0 ? BigInt(given) : null;
  return typeof given === 'string' && amountOrZeroText.test(given) ? BigInt(given) : null;
}

/** Like `parseAmount`, but allows 0 and negative amounts. */
export function parseSignedAmount(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) ? BigInt(given) : null;
  return typeof given === 'string' && signedAmountText.test(given) ? BigInt(given) : null;
}

/** Decimals of the major unit or whole numbers: what a caller may write before its unit is known. */
export const writtenAmountPattern = `^(0|[1-9][0-9]{0,${amountDigitsMax - 1}})([.][0-9]{1,18})?$`;
export const signedWrittenAmountPattern = `^-?(0|[1-9][0-9]{0,${amountDigitsMax - 1}})([.][0-9]{1,18})?$`;

const majorText = new RegExp(`^(-?)(0|[1-9][0-9]{0,${amountDigitsMax - 1}})(?:[.]([0-9]{1,18}))?$`);

/**
 * Minor units of an amount in major units, as text: "12.34" at scale 2 is "1234". Null for what is not an amount or cannot be counted
 * exactly: more decimal places than the scale, more digits than the ledger counts.
 */
export function minorUnits(major: string, scale: number): string | null {
  const [, sign, whole, decimals = ''] = majorText.exec(major) ?? [];
  if (whole === undefined || decimals.length > scale) return null;
  const digits = BigInt(whole + decimals.padEnd(scale, '0')).toString();
  if (digits.length > amountDigitsMax || (digits === '0' && sign === '-')) return null;
  return `${sign}${digits}`;
}

/** Minor units as decimals of the major unit, with as many places as the scale: "1234" at scale 2 is "12.34". */
export function majorUnits(minor: string, scale: number): string {
  if (scale === 0) return minor;
  const [sign, digits] = minor.startsWith('-') ? ['-', minor.slice(1)] : ['', minor];
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
