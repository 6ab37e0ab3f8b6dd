/** What a request to move money says beside who and how much: its key, the version it expects, its metadata. */
import { assert, newId, parseAmount, parseAmountOrZero, parseMoment, parseSignedAmount } from '../../kernel/index.ts';
import { isIdempotencyKey, keyLengthMax, metadataMistake } from '../../wallets/index.ts';
import type { AssetReference, Destination, WalletRequest } from '../../wallets/index.ts';
import type { Reply, Request } from './app.ts';
import { callerOf } from './callers.ts';
import { malformed, ProblemError } from './problem.ts';
import { reasonLengthMax } from './schemas.ts';

export const freshKeyHeader = 'idempotency-key';

/** What every request to change something may carry. */
export type TermsBody = {
  readonly requestId?: string;
  readonly txId?: string;
  readonly payment_id?: string;
  readonly expectedVersion?: number;
  readonly metadata?: Record<string, unknown>;
};

export function readContent(request: Request, reply: Reply, body: TermsBody): WalletRequest {
  return {
    key: readKey(request, reply, body),
    expectedVersion: readVersion(request, body),
    metadata: readMetadata(body.metadata),
    onlyOwner: callerOf(request).onlyOwner,
  };
}

/** The same for one operation of many: its key is its own, so headers say nothing about it. */
export function readTerms(body: TermsBody, { onlyOwner }: Pick<WalletRequest, 'onlyOwner'>): WalletRequest {
  const { requestId, txId, payment_id: paymentId, expectedVersion, metadata } = body;
  return { key: oneKeyOf([requestId, txId, paymentId]) ?? newId(), expectedVersion, metadata: readMetadata(metadata), onlyOwner };
}

export type AmountBody = {
  readonly amount: string | number;
  readonly upTo?: boolean;
  readonly asset?: AssetReference;
  readonly minimumBalance?: string | number;
};

/** How much, and on what condition. */
export function readAmount({ amount, upTo, asset, minimumBalance }: AmountBody) {
  return {
    amount: amountOf(amount),
    upTo,
    asset,
    minimumBalance: minimumBalance === undefined ? undefined : exact(parseSignedAmount(minimumBalance)),
  };
}

/** The same for what may also have a date of its own. */
export function readMoney(body: AmountBody & { readonly effectiveAt?: string }) {
  return { ...readAmount(body), effectiveAt: readMoment(body.effectiveAt, 'effectiveAt') };
}

export function amountOf(given: string | number): bigint {
  return exact(parseAmount(given));
}

export function amountOrZeroOf(given: string | number): bigint {
  return exact(parseAmountOrZero(given));
}

function exact(amount: bigint | null): bigint {
  assert(amount !== null, 'the schema lets only whole numbers through');
  return amount;
}

/** The schema knows the form of a moment; whether there is such a day, only the calendar. */
export function readMoment(text: string, name: string): Date;
export function readMoment(text: string | undefined, name: string): Date | undefined;
export function readMoment(text: string | undefined, name: string): Date | undefined {
  if (text === undefined) return undefined;
  return parseMoment(text) ?? refuse(`"${name}" is not a valid moment. Send one such as 2026-01-31T12:00:00Z, in the years 1 to 9999.`);
}

export function readReason({ reason }: { readonly reason: string }): string {
  if (reason.trim() !== '' && reason.length <= reasonLengthMax) return reason;
  return refuse(`The body has an invalid "reason". Send 1 to ${reasonLengthMax} characters, not only spaces.`);
}

/** A wallet or a system account; both are two answers to one question. */
export function readDestination(wallet: string | undefined, system: Exclude<Destination, { wallet: string }>['system'] | undefined) {
  if (wallet !== undefined && system !== undefined) refuse('The request names two destinations for the money. Name one.');
  if (wallet !== undefined) return { wallet };
  return system === undefined ? undefined : { system };
}

/**
 * The caller's key, or a fresh one that the answer names in a header, whatever the answer is: when the outcome is unknown, the
 * key is what the caller needs.
 */
export function readKey(request: Request, reply: Reply, body: TermsBody): string {
  const given = givenKey(request, body);
  if (given !== undefined) return given;
  const fresh = newId();
  reply.header(freshKeyHeader, fresh);
  return fresh;
}

function givenKey(request: Request, { requestId, txId, payment_id: paymentId }: TermsBody): string | undefined {
  return oneKeyOf([headerKey(request), requestId, txId, paymentId]);
}

/** The same key may be given in several places; two different ones leave no way to tell which is meant. */
function oneKeyOf(givens: readonly (string | undefined)[]): string | undefined {
  let key: string | undefined;
  for (const given of givens) {
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
    refuse('If-Match and expectedVersion name two different versions. Send one of them.');
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
