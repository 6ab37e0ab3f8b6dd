/**
 * Reads JSON strictly: anything that two readers could understand differently is refused instead of guessed.
 *
 * Refused: invalid UTF-8, an object that names a key twice, `__proto__`, deep nesting, NUL and lone surrogates (PostgreSQL cannot
 * store them), and numbers that parsing would change. One pass over the text decides what needs a closer look; a typical body
 * needs none.
 */
import { isUtf8 } from 'node:buffer';

/** The deepest documented body has five levels of metadata below the body itself. */
const depthMax = 32;

/** `mistake`: a sentence for the sender. */
export type StrictJson = { readonly value: unknown } | { readonly mistake: string };

/** No bytes: the value is undefined. `what` names the text in sentences: "body". */
export function readStrictJson(bytes: Buffer, what: string): StrictJson {
  try {
    return { value: read(bytes) };
  } catch (failure) {
    if (failure instanceof Mistake) return { mistake: failure.sentenceAbout(what) };
    throw failure;
  }
}

class Mistake extends Error {
  readonly sentenceAbout: (what: string) => string;

  constructor(sentenceAbout: (what: string) => string) {
    super(sentenceAbout('text'));
    this.sentenceAbout = sentenceAbout;
  }
}

function refuse(sentenceAbout: (what: string) => string): never {
  throw new Mistake(sentenceAbout);
}

function read(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) refuse((what) => `The ${what} is not valid UTF-8.`);
  const text = bytes.toString('utf8');
  const shape = scan(text);
  if (shape.depth > depthMax) refuse((what) => `The ${what} is nested deeper than ${depthMax} levels.`);
  const value = parse(text, shape.hasPointOrExponent);
  const closer: Inspection = { keys: 0, escapes: text.includes('\\u') };
  inspect(value, closer);
  // The parser keeps the last of two equal keys, so it returns fewer keys than the text has colons.
  if (closer.keys !== shape.colons) refuse((what) => `An object in the ${what} names the same key twice.`);
  return value;
}

function parse(text: string, exactly: boolean): unknown {
  try {
    return exactly ? JSON.parse(text, keepExactNumbers) : JSON.parse(text);
  } catch {
    return refuse((what) => `The ${what} is not valid JSON.`);
  }
}

type Shape = { depth: number; colons: number; hasPointOrExponent: boolean };

/** The text need not be valid JSON. */
function scan(text: string): Shape {
  let depth = 0;
  let deepest = 0;
  let colons = 0;
  let hasPointOrExponent = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        colons++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > deepest) deepest = depth;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2e: // .
      case 0x45: // E
        hasPointOrExponent = true;
        break;
      case 0x65: // e, also in true and false
        if (isDigit(text.charCodeAt(at - 1))) hasPointOrExponent = true;
        break;
    }
  }
  return { depth: deepest, colons, hasPointOrExponent };
}

/** The end of the string that begins at `start`; the end of the text if it is not closed. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

type Inspection = { keys: number; readonly escapes: boolean };

/** Recursion is bounded by `depthMax`. */
function inspect(value: unknown, seen: Inspection): void {
  if (typeof value === 'string') {
    if (seen.escapes) inspectText(value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) inspect(item, seen);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    seen.keys++;
    if (key === '__proto__') refuse((what) => `The ${what} has a key "__proto__", which is not allowed.`);
    if (seen.escapes) inspectText(key);
    inspect(item, seen);
  }
}

/** Only escapes can produce these: the raw bytes are valid UTF-8, and raw control characters are not valid JSON. */
function inspectText(text: string): void {
  if (!text.isWellFormed()) refuse((what) => `A string in the ${what} contains a lone surrogate.`);
  if (text.includes('\0')) refuse((what) => `A string in the ${what} contains a NUL character.`);
}

/**
 * 1.0 and 1e2 are other spellings of 1 and 100. But 1.0000000000000000001 and 0.1234567890123456789 would become other numbers:
 * those become NaN, which no schema accepts. A body of plain integers skips this check: every field refuses unsafe integers.
 */
function keepExactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  const kept = JSON.stringify(value);
  return context.source === kept || decimalOf(context.source) === decimalOf(kept) ? value : Number.NaN;
}

/** The canonical form of a number: its digits without leading or trailing zeros, and the power of ten of the last digit. */
function decimalOf(literal: string): string | null {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (!parts) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = withoutTrailingZeros(digits);
  return significant === '' ? '0' : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** A pattern (/0+$/) would search each run of zeros again from each of its zeros: a literal of 80 KB kept the process busy for 20 seconds. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}
