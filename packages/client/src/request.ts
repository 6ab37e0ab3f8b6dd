/** Makes a request of a call: places its parameters where the API expects them, and gives each operation an idempotency key. */
import { newKey } from './keys.ts';

/** The generator's description of an operation. */
export type Described = {
  readonly method: string;
  /** With the input's names in braces. */
  readonly path: string;
  readonly query: readonly string[];
  readonly hasBody: boolean;
  /** Where the idempotency key goes. */
  readonly key: 'body' | 'header' | 'none';
  /** Returns plain text instead of JSON. */
  readonly isText?: boolean;
  /** A property that lists operations with their own keys. */
  readonly keyedItems?: string;
  /** The parameter that names the wallet under which the key is remembered. */
  readonly rememberedBy?: string;
};

/** The API's names for an idempotency key. */
const keyNames = ['requestId', 'txId', 'payment_id'];

export type Input = Readonly<Record<string, unknown>>;

export function requestOf(described: Described, given: Input): { path: string; body: string | null; key: string | undefined } {
  const { key, input } = described.key === 'none' ? { key: undefined, input: given } : takeKey(given);
  const inPath = new Set<string>();
  const path = described.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    inPath.add(name);
    return pathPart(name, input[name]);
  });
  const query = described.query.flatMap((name) =>
    input[name] === undefined || input[name] === null ? [] : [`${name}=${encodeURIComponent(textOf(input[name]))}`],
  );
  const rest = Object.entries(input).filter(([name]) => !inPath.has(name) && !described.query.includes(name));
  const content = { ...Object.fromEntries(rest), ...(described.key === 'body' && { requestId: key }) };
  return {
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    body: described.hasBody ? jsonOf(withKeys(content, described.keyedItems)) : null,
    key,
  };
}

/** Null is no key, as undefined is: as text it would be the same key for every operation. */
function takeKey({ key, ...input }: Input): { key: string; input: Input } {
  return { key: textOf(key ?? newKey()), input };
}

/** URL parsers resolve one or two dots as path segments, however they are encoded. */
function pathPart(name: string, value: unknown): string {
  const text = textOf(value);
  if (value === undefined || /^\.{0,2}$/.test(text)) throw new TypeError(`${name} must be given, and must not be only dots.`);
  return encodeURIComponent(text);
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function withKeys(content: Input, list: string | undefined): Input {
  const items = list === undefined ? undefined : content[list];
  if (list === undefined || !Array.isArray(items)) return content;
  const isKeyed = (item: Input) => keyNames.some((name) => item[name] !== undefined);
  return { ...content, [list]: items.map((item: Input) => (isKeyed(item) ? item : { ...item, requestId: newKey() })) };
}

/** Amounts are sent exactly: a bigint as its digits; a number that JSON would change is refused. */
function jsonOf(content: unknown): string {
  return JSON.stringify(content, (name, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'number' && (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))) {
      throw new RangeError(`${name} is ${value}, which JSON cannot represent exactly. Use a bigint or a string of digits.`);
    }
    return value;
  });
}
