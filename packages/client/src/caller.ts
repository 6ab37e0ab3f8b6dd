import { sendUntilAnswered } from './attempts.ts';
import type { Attempted, Patience, Sending } from './attempts.ts';
import { CofferRefused, CofferUnavailable } from './errors.ts';
import type { Fetch, Prepared } from './exchange.ts';
import { refusalStatuses } from './generated/refusals.ts';
import type { EventType } from './generated/events.ts';
import type { Operation, Page } from './generated/types.ts';
import { follow } from './live.ts';
import type { LiveEvent, LiveEventsInput } from './live.ts';
import { requestOf } from './request.ts';
import type { Described, Input } from './request.ts';

export type CofferOptions = Partial<Patience> & {
  /** Coffer's URL; http://127.0.0.1:3000 by default. */
  readonly url?: string | undefined;
  /** The token of a login, an API key, or a function that returns one for each request. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** How long a call may take with all its attempts. */
  readonly deadlineMs?: number;
  readonly fetch?: Fetch;
};

export type CallOptions = {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly token?: string;
};

/** An answer to an operation with a key; `replayed` when it answers an earlier request with the same key. */
export type Answered<Answer> = Answer & { readonly replayed: boolean };

/** The server itself times out after ten seconds and says what it knows; slightly more patience gets that answer. */
const patient = { attemptsMax: 5, attemptTimeoutMs: 12_000, pauseMs: 100 } as const;
const deadlineDefaultMs = 30_000;
/** Three heartbeats of the server. */
const silenceDefaultMs = 45_000;
/** Share of a call's time that is reserved for the look-up of its outcome. */
const lookUpShare = 0.1;

type Call = {
  readonly request: Prepared;
  readonly key: string | undefined;
  /** The request that looks up the outcome. */
  readonly record: Prepared | undefined;
  readonly sending: Sending;
  readonly isRead: boolean;
};

/** The base of the generated methods: makes the request, sends it until it is answered, resolves an uncertain outcome. */
export class Caller {
  readonly #options: CofferOptions;
  readonly #url: string;

  constructor(options: CofferOptions = {}) {
    this.#options = options;
    const { url = 'http://127.0.0.1:3000' } = options;
    // Report invalid options immediately: from fetch they would look like an outage, which is retried.
    if (!/^https?:\/\/[^/@]+(\/[^@]*)?$/i.test(url) || !URL.canParse(url))
      throw new TypeError('The url is not a URL of Coffer. Use one like http://127.0.0.1:3000, without user and password.');
    this.#url = url.replace(/\/+$/, '');
  }

  protected async call(described: Described, input: Input, options: CallOptions): Promise<unknown> {
    const { path, body, key } = requestOf(described, input);
    const headers = {
      ...(await this.#headers(options, body !== null, described.key === 'header' ? key : undefined)),
      ...(described.isText && { accept: 'text/plain' }),
    };
    const wallet = described.rememberedBy === undefined ? undefined : input[described.rememberedBy];
    const { attemptsMax, attemptTimeoutMs, pauseMs, deadlineMs, fetch = globalThis.fetch } = { ...patient, ...this.#options };
    const isRead = described.method === 'GET';
    const call: Call = {
      request: { method: described.method, url: `${this.#url}${path}`, headers, body },
      key,
      record:
        typeof wallet === 'string' && key !== undefined
          ? {
              method: 'GET',
              url: `${this.#url}/wallet/${encodeURIComponent(wallet)}/operations/${encodeURIComponent(key)}`,
              headers,
              body: null,
            }
          : undefined,
      sending: {
        fetch,
        patience: { attemptsMax, attemptTimeoutMs, pauseMs },
        endsAtMs: performance.now() + (options.deadlineMs ?? deadlineMs ?? deadlineDefaultMs),
        signal: options.signal,
        isRepeatable: isRead || key !== undefined || described.keyedItems !== undefined,
      },
      isRead,
    };
    return await settle(call);
  }

  /**
   * Live events, each once and in the order of its book, until you stop reading or `signal` ends it. Resumes a connection that is cut, and
   * retries during an outage. A refusal throws CofferRefused.
   */
  liveEvents<Type extends EventType = EventType>(input: LiveEventsInput<Type> = {}): AsyncGenerator<LiveEvent<Type>, void, undefined> {
    const { wallet, types, after, signal, token, silenceMs = silenceDefaultMs } = input;
    const { path } = requestOf(
      {
        method: 'GET',
        path: wallet === undefined ? '/events/live' : '/wallet/{wallet}/events/live',
        query: ['types', 'after'],
        hasBody: false,
        key: 'none',
      },
      { wallet, after, types: types?.join(',') },
    );
    const { attemptTimeoutMs, pauseMs, fetch = globalThis.fetch } = { ...patient, ...this.#options };
    const headers = async () => await this.#headers({ ...(token !== undefined && { token }) }, false, undefined);
    const url = `${this.#url}${path}`;
    // The server only sends the requested types.
    return follow({ fetch, url, headers, signal, headTimeoutMs: attemptTimeoutMs, silenceMs, pauseMs }) as AsyncGenerator<
      LiveEvent<Type>,
      void,
      undefined
    >;
  }

  /** Every item of every page. */
  protected async *every<Item>(getPage: (place: { cursor?: string }) => Promise<Page<Item>>): AsyncGenerator<Item, void, undefined> {
    let cursor: string | undefined;
    for (;;) {
      const { items, next } = await getPage(cursor === undefined ? {} : { cursor });
      yield* items;
      // A growing log has a cursor to resume from, even on its last page.
      if (next === null || next === cursor || items.length === 0) return;
      cursor = next;
    }
  }

  async #headers(options: CallOptions, hasBody: boolean, key: string | undefined): Promise<Record<string, string>> {
    const { token } = this.#options;
    const credential = options.token ?? (typeof token === 'function' ? await token() : token);
    if (credential !== undefined && !/^[\x20-\x7e]*$/.test(credential))
      throw new TypeError('The token contains characters that no token of Coffer has, such as a line break. Use it unchanged.');
    return {
      accept: 'application/json',
      ...(hasBody && { 'content-type': 'application/json' }),
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
      ...(key !== undefined && { 'idempotency-key': key }),
    };
  }
}

async function settle(call: Call): Promise<unknown> {
  const { sending, record } = call;
  const spareMs = record ? (sending.endsAtMs - performance.now()) * lookUpShare : 0;
  const attempted = await sendUntilAnswered(call.request, { ...sending, endsAtMs: sending.endsAtMs - spareMs });
  const { last, attempts, isUncertain } = attempted;
  if (last.kind === 'answered') return answerOf(call, last);
  if (last.kind === 'refused' && !isUncertain) throw last.refusal;
  if (isUncertain && record && !sending.signal?.aborted) return await settleByRecord(call, record, attempted);
  throw unavailable(call, attempted, { outcome: isUncertain && !call.isRead ? 'unknown' : 'not_done', attempts });
}

/** The key finds the operation's outcome; if it is recorded, one more request returns the operation's own answer. */
async function settleByRecord(call: Call, record: Prepared, attempted: Attempted): Promise<unknown> {
  const once = { ...call.sending, patience: { ...call.sending.patience, attemptsMax: 1 } };
  const found = await sendUntilAnswered(record, { ...once, patience: { ...once.patience, attemptsMax: 2 } });
  const { attempts } = attempted;
  // A missing record proves nothing: a delayed request may still arrive.
  if (found.last.kind !== 'answered') throw unavailable(call, attempted, { outcome: 'unknown', attempts });
  const operation = found.last.body as Operation;
  const again = await sendUntilAnswered(call.request, once);
  if (again.last.kind === 'answered') return answerOf(call, again.last);
  if (again.last.kind === 'refused' && !again.isUncertain) throw again.last.refusal;
  if (operation.status === 'refused') throw refusalOnRecord(operation);
  throw unavailable(call, attempted, { outcome: 'done', attempts: attempts + 1, operation });
}

function answerOf({ key }: Call, { body, replayed }: { readonly body: unknown; readonly replayed: boolean }): unknown {
  return key === undefined ? body : { ...(body as object), replayed };
}

function unavailable(
  { key }: Call,
  { last }: Attempted,
  about: { outcome: 'not_done' | 'unknown' | 'done'; attempts: number; operation?: Operation },
): CofferUnavailable {
  if (last.kind === 'refused') return new CofferUnavailable(last.refusal.detail, { ...about, key, cause: last.refusal });
  const { reason, cause } = last.kind === 'lost' ? last : { reason: '', cause: undefined };
  return new CofferUnavailable(reason, { ...about, key, cause });
}

function refusalOnRecord({ failure, requestId, operationId }: Operation): CofferRefused {
  const { code = 'unknown', detail = '', facts = {} } = failure ?? {};
  const about = { title: detail, status: refusalStatuses[code] ?? 422, code, detail, operationId };
  return new CofferRefused({ ...facts, ...about, ...(requestId !== null && { requestId }) }, true);
}
