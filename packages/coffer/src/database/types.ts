/** How values come back from PostgreSQL. */
import pg from 'pg';
import { assert } from '../kernel/index.ts';

type TypeParser = (text: string) => unknown;

/** PostgreSQL's type numbers for what Coffer reads; they never change. */
const oid = {
  int8: 20,
  date: 1082,
  timestamp: 1114,
  int8Array: 1016,
  numeric: 1700,
  numericArray: 1231,
  timestamptz: 1184,
} as const;

/** A bigint column as a number. Every such column counts something, and a count above 2^53 is a bug, not to be rounded. */
function parseInt8(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `int8 ${text} does not fit a safe integer: select it as numeric`);
  return value;
}

/** A numeric of scale 0 as an exact bigint; one with decimals keeps PostgreSQL's text, never a float. */
function parseNumeric(text: string): bigint | string {
  return /^-?\d+$/.test(text) ? BigInt(text) : text;
}

const asText: TypeParser = (text) => text;

function arrayOf(parse: TypeParser): TypeParser {
  // Numbers only need the plain one-dimensional form {1,2,NULL}.
  return (text) => {
    const body = text.slice(text.indexOf('{') + 1, -1);
    return body === '' ? [] : body.split(',').map((item) => (item === 'NULL' ? null : parse(item)));
  };
}

const readTimestamptz = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ) as TypeParser;
let lastTimestamptz = { text: '', ms: 0 };

/** Rows of one batch share one time, so the same text is parsed repeatedly. A `Date` is mutable: each row gets its own. */
function parseTimestamptz(text: string): unknown {
  if (lastTimestamptz.text === text) return new Date(lastTimestamptz.ms);
  const moment = readTimestamptz(text);
  if (moment instanceof Date) lastTimestamptz = { text, ms: moment.getTime() };
  return moment;
}

const parsers: ReadonlyMap<number, TypeParser> = new Map<number, TypeParser>([
  [oid.int8, parseInt8],
  [oid.int8Array, arrayOf(parseInt8)],
  [oid.numeric, parseNumeric],
  [oid.numericArray, arrayOf(parseNumeric)],
  [oid.timestamptz, parseTimestamptz],
  // Dates without a time zone stay text: converting them to a Date would shift them by the machine's zone.
  [oid.date, asText],
  [oid.timestamp, asText],
]);

/**
 * How values come back from PostgreSQL: int8 as a safe number, numeric as bigint, timestamptz as Date. Passed to each pool or client
 * (`types`), so that nothing global changes.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(id, format): TypeParser {
    const ours = format === 'binary' ? undefined : parsers.get(id);
    return ours ?? (pg.types.getTypeParser(id, format) as TypeParser);
  },
};
