/** What a request to move money says beside who and how much: its key, the version it expects, its metadata. */
import { assert, newId, parseAmount } from '../../kernel/index.ts';
import { isIdempotencyKey, keyLengthMax } from '../../wallets/index.ts';
import type { WalletRequest } from '../../wallets/index.ts';
import type { Reply, Request } from './app.ts';
import { callerOf } from './callers.ts';
import { malformed, ProblemError } from './problem.ts';

export const freshKeyHeader = 'idempotency-key';

export type MoneyBody = {
  readonly requestId?: string;
  readonly txId?: string;
  readonly payment_id?: string;
  readonly expectedVersion?: number;
  readonly metadata?: Record<string, unknown>;
};

export function readContent(request: Request, reply: Reply, body: MoneyBody): WalletRequest {
  return {
    key: readKey(request, reply, body),
    expectedVersion: readVersion(request, body),
    metadata: readMetadata(body.metadata),
    onlyOwner: callerOf(request).onlyOwner,
  };
}

export function amountOf(body: { readonly amount: string | number }): bigint {
  const amount = parseAmount(body.amount);
  assert(amount !== null, 'the schema lets only amounts through');
  return amount;
}

/**
 * The caller's key, or a fresh one that the answer names in a header, whatever the answer is: when the outcome is unknown, the
 * key is what the caller needs.
 */
export function readKey(request: Request, reply: Reply, body: MoneyBody): string {
  const given = givenKey(request, body);
  if (given !== undefined) return given;
  const fresh = newId();
  reply.header(freshKeyHeader, fresh);
  return fresh;
}

/** The same key may be given in several places; two different ones leave no way to tell which is meant. */
function givenKey(request: Request, body: MoneyBody): string | undefined {
  let key: string | undefined;
  for (const given of [headerKey(request), body.requestId, body.txId, body.payment_id]) {
    if (given === undefined || given === key) continue;
    if (key !== undefined)
      refuse('The request names two different idempotency keys. Send one, in the Idempotency-Key header or in the body.');
    key = given;
  }
  if (key !== undefined && !isIdempotencyKey(key)) {
    refuse(`The idempotency key is not valid. Send 1 to ${keyLengthMax} characters of printable text.`);
  }
  return key;
}

function headerKey(request: Request): string | undefined {
  const given = request.headers['idempotency-key'];
  if (typeof given !== 'string') return undefined;
  // Several headers arrive joined by commas, and would pass for one key that nobody sent.
  if (given.includes(',') && (request.raw.headersDistinct['idempotency-key']?.length ?? 0) > 1) {
    refuse('The request has several Idempotency-Key headers. Send one.');
  }
  return textOfHeader(given);
}

/** Header bytes arrive as one character each; the same key in the body is UTF-8. */
function textOfHeader(given: string): string {
  if (/^[\x20-\x7e]*$/.test(given)) return given;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(given, 'latin1'));
  } catch {
    return refuse('The Idempotency-Key header is not valid UTF-8.');
  }
}

function readVersion(request: Request, body: MoneyBody): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined) return body.expectedVersion;
  const digits = /^"(0|[1-9]\d{0,14})"$/.exec(header)?.[1];
  if (digits === undefined)
    return refuse('The If-Match header is not valid. Send the version in quotes, as the ETag of GET /wallet/:id gives it: If-Match: "3".');
  const version = Number(digits);
  if (body.expectedVersion !== undefined && body.expectedVersion !== version) {
    refuse('If-Match and expectedVersion name two different versions. Send one of them.');
  }
  return version;
}

const metadataBytesMax = 4096;
const metadataDepthMax = 5;

function readMetadata(metadata: Record<string, unknown> | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  inspectMetadata(metadata, 1);
  const text = JSON.stringify(metadata);
  if (Buffer.byteLength(text) > metadataBytesMax)
    refuse(`The metadata has more than ${metadataBytesMax} bytes of JSON. Keep the rest on your side, under the requestId.`);
  return text;
}

/**
 * The value that is kept is the one that was sent, in JSON's usual spelling (1.0 is kept as 1). A number that a double would change
 * is refused, as for amounts: here integers beyond 9007199254740991, and what the reader of the body has marked as NaN.
 */
function inspectMetadata(value: unknown, depth: number): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      refuse('The metadata has a number that cannot be kept exactly. Send it as a string.');
    }
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > metadataDepthMax) refuse(`The metadata is nested deeper than ${metadataDepthMax} levels.`);
  for (const item of Object.values(value)) inspectMetadata(item, depth + 1);
}

function refuse(detail: string): never {
  throw new ProblemError(malformed(detail));
}
