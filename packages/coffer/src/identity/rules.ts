/** Which values may be stored of a user. Each rule returns the refusal, or null. */
import type { IdentityRefusalCode } from './refusals.ts';

export const emailLengthMax = 254;
export const nameLengthMax = 200;
export const passwordLengthMin = 8;
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

export function passwordRefusal(text: string): IdentityRefusalCode | null {
  if (text.length > passwordLengthMax) return 'password_too_long';
  return characters(text) < passwordLengthMin ? 'password_too_short' : null;
}

/** Counts code points: an emoji outside the basic plane counts once, not twice. */
function characters(text: string): number {
  return Array.from(text).length;
}
