/** Follows live events over connections that may be cut: each event once, resumed from the cursor of the previous one. */
import { sleep } from './attempts.ts';
import { CofferUnavailable } from './errors.ts';
import { classify } from './exchange.ts';
import type { Fetch } from './exchange.ts';
import { FrameReader } from './frames.ts';
import type { Frame } from './frames.ts';
import type { EventDataByType, EventType } from './generated/events.ts';
import type { Event } from './generated/types.ts';

/** An event of the log, typed by its `type`; `cursor` is the position after it: pass it as `after` to resume from there. */
export type LiveEvent<Type extends EventType = EventType> = {
  readonly [Name in Type]: Omit<Event, 'type' | 'data'> & {
    readonly type: Name;
    readonly data: EventDataByType[Name];
    readonly cursor: string;
  };
}[Type];

export type LiveEventsInput<Type extends EventType = EventType> = {
  /** Only events of this wallet; all by default. */
  readonly wallet?: string | undefined;
  /** Only events of these types. */
  readonly types?: readonly Type[] | undefined;
  /** The `cursor` of an event, or the `next` of a page of listEvents; from now on by default. */
  readonly after?: string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  readonly token?: string | undefined;
  /** A connection that is silent for this long, without even a heartbeat, counts as lost: 45,000 by default. */
  readonly silenceMs?: number | undefined;
};

export type Following = {
  readonly fetch: Fetch;
  readonly url: string;
  /** Called for each connection: a token may have expired. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** How long the head of an answer may take. */
  readonly headTimeoutMs: number;
  readonly silenceMs: number;
  /** The pause before a reconnect, until the server requests another. */
  readonly pauseMs: number;
};

const pauseMaxMs = { own: 30_000, requested: 3_600_000 };

/** Ends when `signal` does. Throws CofferRefused, and CofferUnavailable when a retry cannot help; retries everything else. */
export async function* follow(following: Following): AsyncGenerator<Event & { readonly cursor: string }, void, undefined> {
  const { signal } = following;
  let { pauseMs } = following;
  let place: string | undefined;
  let failures = 0;
  while (!signal?.aborted) {
    const connection = new Connection(following);
    let requestedMs = 0;
    try {
      const opened = await connection.open(place);
      requestedMs = opened.retryAfterMs ?? 0;
      for (let frames = opened.isOpen ? await connection.read() : null; frames; frames = await connection.read()) {
        failures = 0;
        pauseMs = connection.retryMs ?? pauseMs;
        for (const { id, data } of frames) {
          place = id ?? place;
          if (data === undefined) continue;
          if (signal?.aborted) return;
          yield { ...eventIn(data), cursor: place ?? '' };
        }
      }
    } finally {
      connection.close();
    }
    await sleep(pauseBefore(failures++, pauseMs, requestedMs, Math.random()), signal);
  }
}

/**
 * At least what the server requests, at most an hour; doubles after each consecutive failure, with a random part, so that clients do not
 * return together. `requestedMs`: what the server requested with this refusal.
 */
export function pauseBefore(failures: number, pauseMs: number, requestedMs: number, chance: number): number {
  const grownMs = Math.max(pauseMs, 1) * 2 ** failures;
  return Math.min(pauseMaxMs.requested, Math.max(requestedMs, pauseMs, Math.min(pauseMaxMs.own, grownMs)) * (1 + chance / 2));
}

class Connection {
  readonly #following: Following;
  readonly #closing = new AbortController();
  readonly #frames = new FrameReader();
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  constructor(following: Following) {
    this.#following = following;
  }

  get retryMs(): number | undefined {
    return this.#frames.retryMs;
  }

  async open(place: string | undefined): Promise<{ readonly isOpen: boolean; readonly retryAfterMs?: number }> {
    const { fetch, url, signal, headers, headTimeoutMs } = this.#following;
    const sent = { ...(await headers()), accept: 'text/event-stream', ...(place !== undefined && { 'last-event-id': place }) };
    const closing = this.#closing.signal;
    const init: RequestInit = {
      headers: sent,
      // A token is for the configured server only. A redirect is not followed, and not retried as an outage: it is not an answer of
      // Coffer's.
      redirect: 'manual',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
    };
    const response = await this.#within(headTimeoutMs, async () => await fetch(url, init));
    if (!response) return { isOpen: false };
    if (response.status === 200 && response.body && response.headers.get('content-type')?.startsWith('text/event-stream')) {
      this.#reader = response.body.getReader();
      return { isOpen: true };
    }
    const text = await this.#within(headTimeoutMs, async () => await response.text());
    if (text === null) return { isOpen: false };
    const answer = classify(response, text, false);
    if (answer.kind === 'refused') throw answer.refusal;
    const mayPass = response.status >= 500 || response.status === 429 || response.status === 408;
    if (answer.kind !== 'lost' || !mayPass) throw notCoffers(response.status);
    return { isOpen: false, ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }) };
  }

  /** The next frames; null at the end. */
  async read(): Promise<Frame[] | null> {
    const chunk = await this.#within(this.#following.silenceMs, async () => await this.#reader?.read());
    if (!chunk?.value) return null;
    const frames = this.#frames.feed(chunk.value);
    if (!frames) throw notCoffers(200);
    return frames;
  }

  close(): void {
    this.#closing.abort();
  }

  /** Null when it fails or times out, which ends the connection. */
  async #within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T | null> {
    const timer = setTimeout(() => this.close(), timeoutMs);
    try {
      return await work();
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}

function eventIn(data: string): Event {
  try {
    return JSON.parse(data) as Event;
  } catch {
    throw notCoffers(200);
  }
}

function notCoffers(status: number): CofferUnavailable {
  return new CofferUnavailable(`The answer is not Coffer’s (status ${status}).`, { outcome: 'not_done', attempts: 1 });
}
