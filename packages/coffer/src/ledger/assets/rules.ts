/** What an asset may be: its code, scale, name and kind. */
import { choiceOf } from '../../kernel/index.ts';

/** `virtual`: coins, points and vouchers of your own. */
export const assetKinds = ['currency', 'crypto', 'virtual', 'other'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** A new asset; only its name can be changed later. */
export type NewAsset = {
  readonly code: string;
  readonly name: string;
  /** Decimal places between the major unit and the minor units in which amounts are counted. */
  readonly scale: number;
  readonly kind: AssetKind;
};

/** What changes about an asset; absent: it stays. */
export type AssetChange = { readonly name?: string | undefined; readonly retired?: boolean | undefined };

export const assetScaleMax = 18;
export const assetNameLengthMax = 64;
/** Each process caches all of them, and GET /assets has no pages. */
export const assetsMax = 1_000;

const code = /^[A-Z][A-Z0-9_]{0,15}$/;
/** What every statement and bank file can print: letters with their marks, digits, punctuation, and signs of currencies and arithmetic. */
const name = /^[\p{L}\p{M}\p{N}\p{P}\p{Sc}\p{Sm} ]+$/u;

/** Why this is not an asset, as a sentence; null when it is one. */
export function assetMistake(asset: NewAsset): string | null {
  if (!Number.isInteger(asset.scale) || asset.scale < 0 || asset.scale > assetScaleMax)
    return `The scale is the number of decimal places: a whole number, 0 to ${assetScaleMax}.`;
  if (!assetKinds.includes(asset.kind)) return `The kind must be ${choiceOf(assetKinds)}.`;
  return assetCodeMistake(asset.code) ?? assetNameMistake(asset.name);
}

export function assetNameMistake(text: string): string | null {
  if (text === '' || text.length > assetNameLengthMax || text !== text.trim())
    return `The name must be 1 to ${assetNameLengthMax} characters, without spaces at its ends.`;
  if (!name.test(text) || text !== text.normalize('NFC'))
    return 'The name may have letters, digits, spaces, punctuation and currency signs, but no emoji and no invisible characters: statements and bank files print it.';
  return null;
}

export function assetCodeMistake(text: string): string | null {
  if (code.test(text)) return null;
  const rule = 'An asset code has 1 to 16 capital letters A to Z, digits and underscores, and begins with a letter.';
  const capitals = text.toUpperCase();
  return capitals !== text && code.test(capitals) ? `${rule} Did you mean ${capitals}?` : rule;
}
