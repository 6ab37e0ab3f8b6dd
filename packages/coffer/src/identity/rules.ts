/** Which values may be stored of a user. Each rule returns the refusal, or null. */
import { isCommonPassword } from './common-passwords.ts';
import { normalized } from './passwords.ts';
import type { IdentityRefusalCode } from './refusals.ts';

export const emailLengthMax = 254;
export const nameLengthMax = 200;
export const passwordLengthMin = 12;
/** Long enough for any passphrase; hashing time grows with the length, so there is a limit. */
export const passwordLengthMax = 512;

// One @, dot-separated words on both sides. ASCII only: two addresses that look alike are equal, and lower case is well defined.
const email =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

export function emailRefusal(text: string): IdentityRefusalCode | null {
  return text.length <= emailLengthMax && text.indexOf('@') <= 64 && email.test(text) ? null : 'email_invalid';
}

export function nameRefusal(text: string): IdentityRefusalCode | null {
  // At most two code units per character: longer text need not be counted.
  const length = text.length > nameLengthMax * 2 ? Infinity : characters(text);
  return length <= nameLengthMax && text.trim() !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text) ? null : 'name_invalid';
}

/** `owner`: whose password it is to be; their own address and name add nothing to it. */
export function passwordRefusal(
  text: string,
  owner: { readonly email?: string | null; readonly name?: string } = {},
): IdentityRefusalCode | null {
  if (text.length > passwordLengthMax) return 'password_too_long';
  const password = normalized(text);
  if (characters(password) < passwordLengthMin) return 'password_too_short';
  const isGuessable = isCommonPassword(password) || isRepetitive(Array.from(withoutKnownWords(password.toLowerCase(), owner)));
  return isGuessable ? 'password_common' : null;
}

/** Words that a guesser of this product's passwords tries first. */
const productWords = ['coffer', 'wallet'];
/** Shorter words are in every text. */
const wordLengthMin = 4;

function withoutKnownWords(password: string, { email, name = '' }: { readonly email?: string | null; readonly name?: string }): string {
  const words = [email ?? '', ...(email ?? '').split('@'), name, ...name.split(/\s+/), ...productWords];
  return words
    .map((word) => normalized(word).toLowerCase())
    .filter((word) => word.length >= wordLengthMin)
    .reduce((rest, word) => rest.replaceAll(word, ''), password);
}

const distinctMin = 5;

/** Few distinct characters or none, a unit that fills the text ("passwordpassword"), or a run ("abcdefghijkl"). */
function isRepetitive(text: readonly string[]): boolean {
  if (new Set(text).size < distinctMin) return true;
  const isFilledBy = (unit: number) => text.every((character, at) => character === text[at % unit]);
  for (let unit = 1; unit <= text.length / 2; unit++) if (isFilledBy(unit)) return true;
  const codes = text.map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => Math.abs(code - (codes[at] ?? 0)));
  return steps.filter((step) => step > 1).length < 2;
}

/** Counts code points: an emoji outside the basic plane counts once, not twice. */
function characters(text: string): number {
  return Array.from(text).length;
}
