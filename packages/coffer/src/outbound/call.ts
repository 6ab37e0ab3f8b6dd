/**
 * Calls an address that somebody else chose: one signed POST, to where the name was checked to lead, within a deadline. On node:http:
 * its `lookup` pins the connection to what was checked, which fetch has no way to say.
 */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { productVersion } from '../kernel/index.ts';
import { checkTarget } from './guard.ts';
import type { Target } from './guard.ts';
import { namesFor } from './names.ts';
import type { Names } from './names.ts';
import { signatureHeaders } from './signature.ts';

export type CallOptions = {
  readonly url: string;
  /** Every one of them signs (Standard Webhooks): two while a secret is rotated. */
  readonly secrets: readonly string[];
  /** The `webhook-id`: the same for every try of the same message. */
  readonly id: string;
  /** JSON text, sent as it is. */
  readonly body: string;
  readonly timeoutMs: number;
  /** Whether private addresses and plain http are allowed. */
  readonly allowPrivate: boolean;
  /** `application/json` when absent. */
  readonly contentType?: string;
  /** Gives the call up, which then has failed: nobody knows whether it arrived. */
  readonly signal?: AbortSignal;
};

/**
 * `answered`: with any status, and the beginning of its body. `refused`: nothing was sent, for the address is not allowed. `failed`: nobody
 * knows, unless nothing was `reached`: then nothing was sent either.
 */
export type Called =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: string;
      readonly elapsedMs: number;
      /** When it asked to be left alone for so long. */
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly elapsedMs: number; readonly reached: boolean };

const answerBytesMax = 4_096;

/**
 * An answer is one with any status: redirects are not followed. Throws nothing but assertions, for an id or a secret that is none.
 * `names`: who is asked where a name leads.
 */
export async function callOut(options: CallOptions, names: Names = namesFor(options.allowPrivate)): Promise<Called> {
  const headers = signatureHeaders(options.id, options.body, options.secrets);
  const startedMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedMs);
  // Over everything: looking the name up, connecting, sending, and reading the answer.
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
  /** Is told when somebody is at the other end: nothing is sent before. */
  readonly connected: () => void;
};

async function send(sending: Sending): Promise<Answer> {
  const response = await exchange(sending);
  const body = await beginningOf(response);
  const retryAfter = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0];
  return { status: response.statusCode ?? 0, body, ...(retryAfter !== undefined && { retryAfterSeconds: Number(retryAfter) }) };
}

/** Resolves when the head of the answer is there. */
async function exchange({ target, options, signed, deadline, connected }: Sending): Promise<http.IncomingMessage> {
  const { url, addresses } = target;
  const body = Buffer.from(options.body);
  const { request } = url.protocol === 'https:' ? https : http;
  return await new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      // A connection for this call alone: one that is kept would be to what was checked for an earlier call.
      agent: false,
      lookup: pinnedTo(addresses),
      // Said here, so that no setting of the environment says otherwise.
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
    // An answer that would turn the connection into something else is none.
    call.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it answered with another protocol'));
    });
    call.end(body);
  });
}

/** Whatever name is asked for, the answer is the addresses that were checked. */
function pinnedTo(addresses: Target['addresses']): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** What came, until there is enough of it, or it breaks off, or the deadline is over: the status is known by then. */
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
    // What is here is kept.
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8');
}

const nameUnknownNow = 'its name cannot be looked up now';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the name leads nowhere',
  ENODATA: 'the name leads nowhere',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'it cannot be reached',
  ETIMEOUT: nameUnknownNow,
  EAI_AGAIN: nameUnknownNow,
  ESERVFAIL: nameUnknownNow,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody who is trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody who is trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody who is trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

function reasonOf(failure: unknown, deadline: AbortSignal, options: Pick<CallOptions, 'timeoutMs' | 'signal'>): string {
  if (options.signal?.aborted) return 'the call was given up';
  if (deadline.aborted) return `no answer within ${options.timeoutMs} ms`;
  // Of several addresses that were tried, the last one's reason is as good as any.
  if (failure instanceof AggregateError) return reasonOf(failure.errors.at(-1), deadline, options);
  const { code = '', syscall = '', message } = failure as NodeJS.ErrnoException;
  if (code.startsWith('HPE_')) return 'what it answered is not HTTP';
  if (syscall.startsWith('query') && code === 'ECONNREFUSED') return nameUnknownNow;
  return reasons[code] ?? message.slice(0, 200);
}
