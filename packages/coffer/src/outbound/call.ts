/**
 * Calls a URL that a user configured: one signed POST to the checked addresses of its host, within a deadline. On node:http, whose `lookup`
 * pins the connection to the checked addresses; fetch cannot do that.
 */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { productVersion } from '../kernel/index.ts';
import { checkTarget } from './guard.ts';
import type { Target } from './guard.ts';
import { namesFor } from './names.ts';
import type { Names } from './names.ts';
import { retryAfterIn } from './retry-after.ts';
import { signatureHeaders } from './signature.ts';

export type CallOptions = {
  readonly url: string;
  /** Each of them signs (Standard Webhooks): two while a secret is rotated; none for a body with a signature of its own. */
  readonly secrets: readonly string[];
  /** The `webhook-id`: the same for every attempt of the same message. */
  readonly id: string;
  /** JSON text, sent unchanged. */
  readonly body: string;
  readonly timeoutMs: number;
  /** Whether private addresses and plain http are allowed. */
  readonly allowPrivate: boolean;
  /** `application/json` by default. */
  readonly contentType?: string;
  /** Aborts the call, which then has failed: it may or may not have arrived. */
  readonly signal?: AbortSignal;
};

/**
 * `answered`: with any status, and the beginning of its body. `refused`: nothing was sent, because the address is not allowed. `failed`:
 * the outcome is unknown, unless nothing was `reached`: then nothing was sent either.
 */
export type Called =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      readonly elapsedMs: number;
      /** From Retry-After, in seconds or as a date, when the server sent one. */
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly elapsedMs: number; readonly reached: boolean };

const answerBytesMax = 4_096;

/**
 * Any status is an answer: redirects are not followed. Throws only assertions, for an invalid id or secret. `names` resolves host names.
 */
export async function callOut(options: CallOptions, names: Names = namesFor(options.allowPrivate)): Promise<Called> {
  const headers = signatureHeaders(options.id, options.body, options.secrets);
  const startedMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedMs);
  // Covers everything: the look-up, connecting, sending, and reading the answer.
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const deadline = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const target = await checkTarget(options.url, options.allowPrivate, names, deadline);
  if ('refused' in target) return { kind: 'refused', why: target.refused };
  if ('failed' in target)
    return { kind: 'failed', why: reasonOf(target.failed, deadline, options), elapsedMs: elapsedMs(), reached: false };
  let reached = false;
  const connected = () => {
    reached = true;
  };
  try {
    return { kind: 'answered', ...(await send({ target, options, signed: headers, deadline, connected })), elapsedMs: elapsedMs() };
  } catch (failure) {
    return { kind: 'failed', why: reasonOf(failure, deadline, options), elapsedMs: elapsedMs(), reached };
  }
}

type Headers = Readonly<Record<string, string>>;
type Answer = { readonly status: number; readonly body: string; readonly retryAfterSeconds?: number };

type Sending = {
  readonly target: Target;
  readonly options: CallOptions;
  readonly signed: Headers;
  readonly deadline: AbortSignal;
  /** Called once the other end is connected: nothing is sent before. */
  readonly connected: () => void;
};

async function send(sending: Sending): Promise<Answer> {
  const response = await exchange(sending);
  const body = await beginningOf(response);
  const retryAfterSeconds = retryAfterIn(response.headers);
  return { status: response.statusCode ?? 0, body, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

/** Resolves when the head of the answer has arrived. */
async function exchange({ target, options, signed, deadline, connected }: Sending): Promise<http.IncomingMessage> {
  const { url, addresses } = target;
  const body = Buffer.from(options.body);
  const { request } = url.protocol === 'https:' ? https : http;
  return await new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      // A connection for this call alone: a reused one would go to the address checked for an earlier call.
      agent: false,
      lookup: pinnedTo(addresses),
      // Explicit, so that the environment cannot override it.
      rejectUnauthorized: true,
      signal: deadline,
      headers: {
        'content-type': options.contentType ?? 'application/json',
        'content-length': body.length,
        'user-agent': `Coffer/${productVersion}`,
        accept: '*/*',
        ...signed,
      },
    });
    call.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    call.on('response', resolve);
    call.on('error', reject);
    // An answer that would switch protocols does not count.
    call.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it answered with another protocol'));
    });
    call.end(body);
  });
}

/** Answers every look-up with the checked addresses. */
function pinnedTo(addresses: Target['addresses']): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** What arrived until there is enough of it, it breaks off, or the deadline passes: the status is known by then. */
async function beginningOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytesMax) break;
    }
  } catch {
    // Keep what has arrived.
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8');
}

const nameUnknownNow = 'its name cannot be resolved right now';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name does not resolve',
  EHOSTUNREACH: 'there is no route to its address',
  ENETUNREACH: 'there is no route to its address',
  ETIMEDOUT: 'it cannot be reached',
  ETIMEOUT: nameUnknownNow,
  EAI_AGAIN: nameUnknownNow,
  ESERVFAIL: nameUnknownNow,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by a trusted authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by a trusted authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by a trusted authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

function reasonOf(failure: unknown, deadline: AbortSignal, options: Pick<CallOptions, 'timeoutMs' | 'signal'>): string {
  if (options.signal?.aborted) return 'the call was aborted';
  if (deadline.aborted) return `no answer within ${options.timeoutMs} ms`;
  // When several addresses were tried, report the last one's reason.
  if (failure instanceof AggregateError) return reasonOf(failure.errors.at(-1), deadline, options);
  const { code = '', syscall = '', message } = failure as NodeJS.ErrnoException;
  if (code.startsWith('HPE_')) return 'the answer is not HTTP';
  if (syscall.startsWith('query') && code === 'ECONNREFUSED') return nameUnknownNow;
  return reasons[code] ?? message.slice(0, 200);
}
