/** Common content of a request to move money: its key, the expected version, metadata. */
import { newId } from '../../kernel/index.ts';
import { destinationIn, isIdempotencyKey, keyLengthMax, metadataMistake, reasonIn, requiredMomentIn } from '../../operations/index.ts';
import type { Destination, Terms, Values } from '../../operations/index.ts';
import type { Reply, Request } from './app.ts';
import { callerOf } from './callers.ts';
import { malformed, ProblemError } from './problem.ts';

export const freshKeyHeader = 'idempotency-key';

/** Fields that every request to change something may carry. */
export type TermsBody = {
  readonly requestId?: string;
  readonly txId?: string;
  readonly payment_id?: string;
  readonly expectedVersion?: number;
  readonly metadata?: Record<string, unknown>;
};

export function readContent(request: Request, reply: Reply, body: TermsBody): Terms {
  return {
    key: readKey(request, reply, body),
    expectedVersion: readVersion(request, body),
    metadata: readMetadata(body.metadata),
    onlyOwner: callerOf(request).onlyOwner,
  };
}

/** The same for an operation in a batch: headers do not apply, because it has its own key. */
export function readTerms(body: TermsBody, { onlyOwner }: Pick<Terms, 'onlyOwner'>): Terms {
  const { requestId, txId, payment_id: paymentId, expectedVersion, metadata } = body;
  return {
    key: oneKeyOf([requestId, txId, paymentId], itemWithKeys) ?? newId(),
    expectedVersion,
    metadata: readMetadata(metadata),
    onlyOwner,
  };
}

export function readMoment(text: string, name: string): Date {
  return requiredMomentIn(valuesOf({ [name]: text }), name);
}

export function readReason(body: { readonly reason: string }): string {
  return reasonIn(valuesOf(body));
}

/** A wallet or a system account; naming both is refused. */
export function readDestination(sweepToWalletId: string | undefined, sweepTo: string | undefined): Destination | undefined {
  return destinationIn(valuesOf({ sweepToWalletId, sweepTo }), 'sweepToWalletId', 'sweepTo');
}

function valuesOf(values: Readonly<Record<string, unknown>>): Values {
  return { values, nameOf: (field) => field };
}

/**
 * The caller's key, or a generated one. The answer always names a generated key in a header: if the outcome is unknown, the
 * caller needs it.
 */
export function readKey(request: Request, reply: Reply, body: TermsBody): string {
  const given = givenKey(request, body);
  if (given !== undefined) return given;
  const fresh = newId();
  reply.header(freshKeyHeader, fresh);
  return fresh;
}

function givenKey(request: Request, { requestId, txId, payment_id: paymentId }: TermsBody): string | undefined {
  return oneKeyOf([headerKey(request), requestId, txId, paymentId], requestWithKeys);
}

const requestWithKeys = 'The request has two different idempotency keys. Send one, in the Idempotency-Key header or in the body.';
const itemWithKeys = 'The operation has two different idempotency keys. Send one.';

/** The same key may be given in several places; two different ones are ambiguous, and `ambiguous` says so. */
function oneKeyOf(givens: readonly (string | undefined)[], ambiguous: string): string | undefined {
  let key: string | undefined;
  for (const given of givens) {
    if (given === undefined || given === key) continue;
    if (key !== undefined) refuse(ambiguous);
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
  // Repeated headers are joined by commas and would look like one key that the caller never sent.
  if (given.includes(',') && (request.raw.headersDistinct['idempotency-key']?.length ?? 0) > 1) {
    refuse('The request has several Idempotency-Key headers. Send one.');
  }
  return textOfHeader(given);
}

/** Header bytes arrive as one character each; in the body, the same key is UTF-8. */
function textOfHeader(given: string): string {
  if (/^[\x20-\x7e]*$/.test(given)) return given;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(given, 'latin1'));
  } catch {
    return refuse('The Idempotency-Key header is not valid UTF-8. Send it in UTF-8, or in the body as requestId.');
  }
}

function readVersion(request: Request, body: TermsBody): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined) return body.expectedVersion;
  const digits = /^"(0|[1-9]\d{0,14})"$/.exec(header)?.[1];
  if (digits === undefined)
    return refuse('The If-Match header is not valid. Send the version in quotes, as the ETag of GET /wallet/:id gives it: If-Match: "3".');
  const version = Number(digits);
  if (body.expectedVersion !== undefined && body.expectedVersion !== version) {
    refuse('If-Match and expectedVersion have different values. Send one of them.');
  }
  return version;
}

/** In JSON's usual spelling. */
function readMetadata(metadata: Record<string, unknown> | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  const mistake = metadataMistake(metadata);
  return mistake === null ? JSON.stringify(metadata) : refuse(mistake);
}

function refuse(detail: string): never {
  throw new ProblemError(malformed(detail));
}
