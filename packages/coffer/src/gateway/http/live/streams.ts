/** The live streams of this process: their limits, whether each may continue, and their end. */
import type { Audience, LogTail, Subscription } from '../../../events/index.ts';
import type { Log } from '../../../kernel/index.ts';
import type { LedgerEvent } from '../../../ledger/index.ts';
import { IdentityUnavailable } from '../../../identity/index.ts';
import { isOutage } from '../../../ledger/index.ts';
import { EventStream, eventFrame, heartbeatFrame, placeFrame, retryFrame } from './event-stream.ts';

export type LiveOptions = {
  readonly streamsMax?: number;
  readonly perCallerMax?: number;
  /** Of all users at one address together; of an IPv6 address, its /64. */
  readonly perAddressMax?: number;
  /** How many of `streamsMax` only staff and API keys may open, so that users cannot take them all; default a tenth. */
  readonly reserved?: number | undefined;
  readonly heartbeatMs?: number;
  readonly recheckMs?: number;
  /** How much may wait for a reader in memory, and for how long. */
  readonly bufferBytes?: number;
  readonly patienceMs?: number;
  /** How long a disconnected reader should wait before it reconnects. */
  readonly retryMs?: number;
};

const defaults: Required<Omit<LiveOptions, 'reserved'>> = {
  streamsMax: 1_000,
  perCallerMax: 50,
  perAddressMax: 200,
  heartbeatMs: 15_000,
  recheckMs: 800,
  bufferBytes: 262_144,
  patienceMs: 30_000,
  retryMs: 2_000,
};

export type StreamRequest = {
  /** The identity that streams are counted by. */
  readonly caller: string;
  /** The address that a user's streams are also counted by; null for staff and API keys, which use the reserve. */
  readonly address: string | null;
  readonly after: string | undefined;
  /** Limits the stream to one wallet; all if absent. */
  readonly wallet?: { readonly id: string; readonly book: number } | undefined;
  /** Event types; all if absent. */
  readonly types?: ReadonlySet<string> | undefined;
  /** Turns an event into what is sent of it. */
  readonly present: (event: LedgerEvent) => object;
  /** Whether the caller may still see the stream. Throws an outage. */
  readonly mayGoOn: () => Promise<boolean>;
};

type Open = { readonly request: StreamRequest; readonly stream: EventStream; readonly subscription: Subscription };

export class LiveStreams {
  readonly #tail: LogTail;
  readonly #log: Log;
  readonly #options: typeof defaults & { readonly reserved: number };
  readonly #open = new Set<Open>();
  /** By caller and by address; their names never coincide. */
  readonly #counts = new Map<string, number>();
  readonly #timers: readonly NodeJS.Timeout[];
  #count = 0;
  #isChecking = false;
  #isStopped = false;

  constructor(tail: LogTail, log: Log, options: LiveOptions = {}) {
    this.#tail = tail;
    this.#log = log;
    const chosen = { ...defaults, ...options };
    this.#options = { ...chosen, reserved: options.reserved ?? Math.floor(chosen.streamsMax / 10) };
    this.#timers = [
      setInterval(() => this.#beat(), this.#options.heartbeatMs).unref(),
      setInterval(() => void this.#recheck(), this.#options.recheckMs).unref(),
    ];
  }

  /** `full`: the maximum number of streams is reached, for this caller or in total. Throws an outage. */
  async open(request: StreamRequest): Promise<EventStream | { readonly full: 'caller' | 'process' }> {
    const { bufferBytes, patienceMs, retryMs } = this.#options;
    const full = this.#fullFor(request);
    if (full) return { full };
    // Counted before anything is awaited, so that concurrent requests cannot exceed the limit.
    this.#counted(request, 1);
    const stream = new EventStream(bufferBytes, patienceMs);
    stream.once('close', () => this.#counted(request, -1));
    try {
      stream.write(retryFrame(retryMs));
      const subscription = await this.#tail.subscribe(audienceOf(request, stream), request.after);
      // A reader that is disconnected before the first event resumes from here.
      if (request.after === undefined) stream.write(placeFrame(subscription.cursor));
      const open = { request, stream, subscription };
      this.#open.add(open);
      stream.once('close', () => {
        this.#open.delete(open);
        subscription.stop();
      });
      if (this.#isStopped) stream.finish();
      return stream;
    } catch (failure) {
      stream.destroy();
      throw failure;
    }
  }

  /** Ends all of them immediately. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const { stream, subscription } of this.#open) {
      subscription.stop();
      stream.finish();
    }
  }

  #fullFor({ caller, address }: StreamRequest): 'caller' | 'process' | null {
    const { streamsMax, perCallerMax, perAddressMax, reserved } = this.#options;
    const open = (name: string) => this.#counts.get(name) ?? 0;
    if (this.#isStopped || this.#count >= (address === null ? streamsMax : streamsMax - reserved)) return 'process';
    if (open(`caller ${caller}`) >= perCallerMax) return 'caller';
    return address !== null && open(`address ${address}`) >= perAddressMax ? 'caller' : null;
  }

  #counted({ caller, address }: StreamRequest, change: 1 | -1): void {
    this.#count += change;
    for (const name of [`caller ${caller}`, ...(address === null ? [] : [`address ${address}`])]) {
      const count = (this.#counts.get(name) ?? 0) + change;
      if (count === 0) this.#counts.delete(name);
      else this.#counts.set(name, count);
    }
  }

  /**
   * A reader of the whole log resumes where an event was last skipped; a reader of one wallet learns nothing about other wallets.
   */
  #beat(): void {
    for (const { request, stream, subscription } of this.#open)
      if (stream.readableLength === 0)
        stream.write(request.wallet ? heartbeatFrame : `${heartbeatFrame}${placeFrame(subscription.cursor)}`);
  }

  /** All at once: look-ups that arrive together share a query, so a thousand streams need a few. */
  async #recheck(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const check = async ({ request, stream, subscription }: Open) => {
      if (await this.#mayGoOn(request)) return;
      subscription.stop();
      stream.finish();
    };
    await Promise.all([...this.#open].map(check));
    this.#isChecking = false;
  }

  /** If access cannot be checked, nothing can be sent either. */
  async #mayGoOn(request: StreamRequest): Promise<boolean> {
    try {
      return await request.mayGoOn();
    } catch (failure) {
      if (!(failure instanceof IdentityUnavailable) && !isOutage(failure))
        this.#log.error({ err: failure }, 'Unhandled error in live stream');
      return failure instanceof IdentityUnavailable || isOutage(failure);
    }
  }
}

function audienceOf({ wallet, types, present }: StreamRequest, stream: EventStream): Audience {
  return {
    book: wallet?.book,
    wants: (event) => (!wallet || event.wallet === wallet.id) && (!types || types.has(event.type)),
    tell: (event, cursor) => stream.write(eventFrame(cursor, JSON.stringify(present(event)))),
    room: () => stream.room(),
    end: () => stream.finish(),
  };
}
