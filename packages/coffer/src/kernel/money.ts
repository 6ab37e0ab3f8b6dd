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
