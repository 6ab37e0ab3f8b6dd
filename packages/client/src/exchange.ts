/** One request and its result: an answer, a refusal, or nothing certain. */
import { CofferRefused } from './errors.ts';
import type { ProblemDocument } from './errors.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type Prepared = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

export type Lost = {
  readonly kind: 'lost';
  /** Whether the request may have had an effect. */
  readonly outcome: 'not_done' | 'unknown';
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
};

export type Exchanged =
  | { readonly kind: 'answered'; readonly body: unknown; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: CofferRefused }
  | Lost;

/** 503s that guarantee that nothing was done; any other may come after the effect. */
const nothingDone: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'wallet_provisioning_failed']);
/** Failures before the request was sent. */
const neverSent: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export async function exchange(fetch: Fetch, request: Prepared, signal: AbortSignal): Promise<Exchanged> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      // A key and a token are for the configured server only.
      redirect: 'error',
      signal,
    });
    text = await response.text();
  } catch (cause) {
    if (signal.aborted) return lost('unknown', 'The request was aborted before its answer.', { cause });
    return isNeverSent(cause)
      ? lost('not_done', 'Coffer cannot be reached.', { cause })
      : lost('unknown', 'The connection was lost before the answer.', { cause });
  }
  return classify(response, text, request.headers['accept'] === 'text/plain');
}

/** Classifies a complete answer. */
export function classify(response: Response, text: string, isTextWanted: boolean): Exchanged {
  const { status, headers } = response;
  const replayed = headers.get('idempotency-replayed') === 'true';
  const type = headers.get('content-type') ?? '';
  const body = type.includes('json') ? parse(text) : undefined;
  if (status >= 200 && status < 300) {
    if (text === '') return { kind: 'answered', body: null, replayed };
    if (isTextWanted && type.startsWith('text/plain')) return { kind: 'answered', body: text, replayed };
    if (body === undefined) return lost('unknown', 'The answer is not Coffer’s.');
    return { kind: 'answered', body, replayed };
  }
  const problem = isProblem(body) ? body : null;
  const reason = problem?.detail ?? `The answer is not Coffer’s (status ${status}).`;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'));
  if (status === 429) return lost('not_done', reason, { retryAfterMs, cause: problem && new CofferRefused(problem) });
  // The server did not get the whole request in time: the next may arrive faster.
  if (problem && status < 500 && status !== 408) return { kind: 'refused', refusal: new CofferRefused(problem, replayed) };
  return lost(problem && nothingDone.has(problem.code) ? 'not_done' : 'unknown', reason, { retryAfterMs });
}

function lost(
  outcome: Lost['outcome'],
  reason: string,
  { retryAfterMs, cause }: { retryAfterMs?: number | undefined; cause?: unknown } = {},
): Lost {
  return { kind: 'lost', outcome, reason, ...(retryAfterMs !== undefined && { retryAfterMs }), ...(cause !== undefined && { cause }) };
}

/** fetch hides the reason in the causes of its error; several addresses of one host fail together. */
function isNeverSent(failure: unknown): boolean {
  if (!(failure instanceof Error)) return false;
  if ('code' in failure && neverSent.has(failure.code)) return true;
  return isNeverSent(failure.cause);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is ProblemDocument {
  if (typeof body !== 'object' || body === null) return false;
  const { code, detail, status } = body as Partial<ProblemDocument>;
  return typeof code === 'string' && typeof detail === 'string' && typeof status === 'number';
}

/** Seconds, or a date. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
