/** Amounts as callers write them: whole numbers of an asset's minor units, exact or refused, never rounded. */

/** As many digits as the ledger keeps: numeric(38, 0). */
export const amountDigitsMax = 38;

/** An amount to be moved, written as text: ASCII digits only, no sign, point, exponent or leading zero. */
export const amountPattern = `^[1-9][0-9]{0,${amountDigitsMax - 1}}$`;
/** The same, or nothing: for limits. */
export const amountOrZeroPattern = `^(0|[1-9][0-9]{0,${amountDigitsMax - 1}})$`;
/** The same, or below nothing: for balances. */
export const signedAmountPattern = `^(0|-?[1-9][0-9]{0,${amountDigitsMax - 1}})$`;

const amountText = new RegExp(amountPattern);
const amountOrZeroText = new RegExp(amountOrZeroPattern);
const signedAmountText = new RegExp(signedAmountPattern);

/**
 * Reads an amount of at least 1: a string of digits, or a number that is a safe integer (a larger JSON number was rounded before
 * anybody saw it). Null for anything else.
 */
export function parseAmount(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) && given >= 1 ? BigInt(given) : null;
  return typeof given === 'string' && amountText.test(given) ? BigInt(given) : null;
}

/** Like `parseAmount`, with 0 allowed. */
export function parseAmountOrZero(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) && given >= 0 ? BigInt(given) : null;
  return typeof given === 'string' && amountOrZeroText.test(given) ? BigInt(given) : null;
}

/** Like `parseAmount`, with 0 and amounts below it allowed. */
export function parseSignedAmount(given: unknown): bigint | null {
  if (typeof given === 'number') return Number.isSafeInteger(given) ? BigInt(given) : null;
  return typeof given === 'string' && signedAmountText.test(given) ? BigInt(given) : null;
}
