/** Follows events as they happen, over connections that may be cut: each event once, from the place of the one before it. */
import { sleep } from './attempts.ts';
import { CofferUnavailable } from './errors.ts';
import { classify } from './exchange.ts';
import type { Fetch } from './exchange.ts';
import { FrameReader } from './frames.ts';
import type { Frame } from './frames.ts';
import type { EventDataByType, EventType } from './generated/events.ts';
import type { Event } from './generated/types.ts';

/** An event of the log, typed by its `type`; `cursor` is the place after it: give it as `after` to go on from there. */
export type LiveEvent<Type extends EventType = EventType> = {
  readonly [Name in Type]: Omit<Event, 'type' | 'data'> & {
    readonly type: Name;
    readonly data: EventDataByType[Name];
    readonly cursor: string;
  };
}[Type];

export type LiveEventsInput<Type extends EventType = EventType> = {
  /** Only what happens to this wallet; everything when left away. */
  readonly wallet?: string | undefined;
  /** Only events of these types. */
  readonly types?: readonly Type[] | undefined;
  /** The `cursor` of an event, or the `next` of a page of listEvents; from now on when left away. */
  readonly after?: string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  readonly token?: string | undefined;
  /** A connection on which nothing comes for so long, not even a heartbeat, is taken for lost: 45,000 when left away. */
  readonly silenceMs?: number | undefined;
};

export type Following = {
  readonly fetch: Fetch;
  readonly url: string;
  /** Made anew for each connection: a token may have expired meanwhile. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** How long the head of an answer may take. */
  readonly headTimeoutMs: number;
  readonly silenceMs: number;
  /** The pause before coming back, until the server says another. */
  readonly pauseMs: number;
};

const pauseMaxMs = { own: 30_000, asked: 3_600_000 };

/** Ends when `signal` does. Throws CofferRefused, and CofferUnavailable for what waiting does not mend; waits out everything else. */
export async function* follow(following: Following): AsyncGenerator<Event & { readonly cursor: string }, void, undefined> {
  const { signal } = following;
  let { pauseMs } = following;
  let place: string | undefined;
  let failures = 0;
  while (!signal?.aborted) {
    const connection = new Connection(following);
    let askedMs = 0;
    try {
      const opened = await connection.open(place);
      askedMs = opened.retryAfterMs ?? 0;
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
    await sleep(pauseBefore(failures++, pauseMs, askedMs, Math.random()), signal);
  }
}

/**
 * Never sooner than the server wishes, within an hour; after each failure in succession twice as long, and some by chance, so that not
 * all come at once. `askedMs`: what it asked for in refusing this time.
 */
export function pauseBefore(failures: number, pauseMs: number, askedMs: number, chance: number): number {
  const grownMs = Math.max(pauseMs, 1) * 2 ** failures;
  return Math.min(pauseMaxMs.asked, Math.max(askedMs, pauseMs, Math.min(pauseMaxMs.own, grownMs)) * (1 + chance / 2));
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
      // A token is for the server that was named. Not followed and not a failure, which would be waited out: no answer of Coffer's.
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

  /** What came next; null when nothing comes any more. */
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

  /** Null when it fails, or takes too long, which ends the connection. */
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
