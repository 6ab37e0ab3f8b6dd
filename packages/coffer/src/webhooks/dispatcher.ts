/**
 * Sends what is due. Each delivery by itself: later ones overtake one that is tried again, and two of the same endpoint may be under way
 * at once, so no order is promised (`sequence` in the body tells it). What fails, or is slow, waits in lanes of its own.
 */
import type pg from 'pg';
import { Retention, startLoop } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { callOut } from '../outbound/index.ts';
import type { Called, CallOptions } from '../outbound/index.ts';
import { retryAfterMs } from './schedule.ts';
import { claimDue, forgetOld, putBack, settle } from './sending-store.ts';
import type { Claimed, Settlement } from './sending-store.ts';

export type DispatcherOptions = {
  readonly pool: pg.Pool;
  readonly log: Log;
  /** Whether private addresses and http may be called. */
  readonly allowPrivate: boolean;
  readonly timeoutMs?: number;
  /** An endpoint that has had nothing but failures for so long is disabled. */
  readonly patienceMs?: number;
  /** Finished deliveries are kept for so long. */
  readonly keepMs?: number;
  /** Waits for longer than a call may take, before what another process claimed is anybody's. */
  readonly leaseMs?: number;
  /** A stop waits so long for the calls that are under way, and gives them up then. */
  readonly graceMs?: number;
};

const dayMs = 86_400_000;
const defaults = { timeoutMs: 15_000, patienceMs: 5 * dayMs, keepMs: 30 * dayMs, graceMs: 1_000 };
const lanes = [
  { slow: false, most: 32, perEndpoint: 4 },
  { slow: true, most: 16, perEndpoint: 1 },
] as const;
/** Whoever takes longer is not waited for by others. */
const slowMs = 2_000;
const lookEveryMs = 1_000;
const outageMs = { first: 250, most: 10_000 } as const;
const forgetEveryMs = 3_600_000;
const forgetFirstMs = 30_000;
const forgottenAtOnce = 1_000;
const answerLengthMax = 1_000;

type Sending = { readonly slow: boolean; readonly endpoint: string; readonly done: Promise<void> };

export class Dispatcher {
  readonly #options: Required<DispatcherOptions>;
  readonly #sending = new Map<number, Sending>();
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #retention: Retention;
  readonly #loop: Loop;
  #isAway = false;

  constructor(options: DispatcherOptions) {
    const leaseMs = 2 * (options.timeoutMs ?? defaults.timeoutMs) + 5_000;
    this.#options = { ...defaults, leaseMs, ...options };
    this.#retention = new Retention({
      firstMs: forgetFirstMs,
      everyMs: forgetEveryMs,
      atOnce: forgottenAtOnce,
      forget: (most) => forgetOld(options.pool, this.#options.keepMs, most),
      failed: (failure) => this.#tell(failure),
    });
    this.#loop = startLoop({
      // As long as there is something, it is looked again at once; full lanes are looked at when something ends.
      work: async () => (await this.#beginDue()) > 0,
      everyMs: lookEveryMs,
      pauses: outageMs,
      notifyEndsPause: true,
      failed: (failure) => {
        this.#tell(failure);
        this.#isAway = true;
      },
    });
  }

  /** There may be something to send. */
  wake(): void {
    this.#loop.notify();
  }

  /** Begins nothing more, and notes what comes of the calls that are under way; those that take longer are put back, to be made again. */
  async stop(): Promise<void> {
    const givingUp = setTimeout(() => this.#givingUp.abort(), this.#options.graceMs).unref();
    this.#stopping.abort();
    await Promise.all([this.#loop.stop(), this.#retention.stop()]);
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
    clearTimeout(givingUp);
  }

  /** Deletes what is older than it is kept, in small parts. */
  async forgetOld(): Promise<number> {
    return await this.#retention.sweep();
  }

  /** How many were begun. Throws an outage. */
  async #beginDue(): Promise<number> {
    let begun = 0;
    for (const { slow, most, perEndpoint } of lanes) {
      const own = [...this.#sending.values()].filter((sending) => sending.slow === slow);
      if (own.length >= most) continue;
      const lane = { slow, free: most - own.length, perEndpoint };
      const claimed = await claimDue(this.#options.pool, lane, this.#underWay(), this.#options.leaseMs);
      for (const delivery of claimed) this.#begin(delivery, slow);
      begun += claimed.length;
    }
    this.#isAway = false;
    return begun;
  }

  #underWay(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { endpoint } of this.#sending.values()) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    return counts;
  }

  #begin(delivery: Claimed, slow: boolean): void {
    const done = this.#send(delivery)
      .catch((failure: unknown) => this.#tell(failure))
      .finally(() => {
        this.#sending.delete(delivery.id);
        this.wake();
      });
    this.#sending.set(delivery.id, { slow, endpoint: delivery.endpoint, done });
  }

  async #send(delivery: Claimed): Promise<void> {
    const { pool, patienceMs, timeoutMs, allowPrivate, log } = this.#options;
    const { url, message, body, secret, previous_secret: previous, endpoint } = delivery;
    const options: CallOptions = {
      url,
      id: message,
      body,
      timeoutMs,
      allowPrivate,
      secrets: previous === null ? [secret] : [secret, previous],
      contentType: 'application/cloudevents+json',
      signal: this.#givingUp.signal,
    };
    const called = await callOut(options);
    if (called.kind === 'failed' && this.#givingUp.signal.aborted) return await putBack(pool, delivery, called.elapsedMs);
    // An outage here is seen again when the lease is over: it is sent twice then, under the same id.
    const disabledWhy = await settle(pool, delivery, settlementOf(called, delivery), patienceMs);
    if (disabledWhy !== null) log.warn({ webhook: endpoint, reason: disabledWhy }, 'A webhook was disabled');
  }

  /** Outages once, when they begin. */
  #tell(failure: unknown): void {
    if (this.#stopping.signal.aborted && isOutage(failure)) return;
    if (!isOutage(failure)) this.#options.log.error({ err: failure }, 'Sending webhooks met an error of its own');
    else if (!this.#isAway) this.#options.log.warn({ reason: String(failure) }, 'Webhooks wait for the database');
  }
}

/** What is to be noted of a call, the `nth` with an outcome. */
export function settlementOf(called: Called, { nth }: Pick<Claimed, 'nth'>, chance = Math.random()): Settlement {
  const elapsedMs = called.kind === 'refused' ? 0 : called.elapsedMs;
  const answered = called.kind === 'answered' ? called : null;
  const delivered = answered !== null && answered.status >= 200 && answered.status < 300;
  const gone = answered?.status === 410;
  const againMs = retryAfterMs(nth, answered?.retryAfterSeconds, chance);
  return {
    outcome: delivered ? 'delivered' : gone || againMs === null ? 'failed' : 'again',
    againMs: againMs ?? 0,
    httpStatus: answered?.status ?? null,
    elapsedMs,
    answer: answered ? storable(answered.body) : null,
    why: called.kind === 'answered' ? null : storable(called.why),
    isSlow: !delivered || elapsedMs > slowMs,
    disables: gone ? 'it answered 410 Gone' : null,
  };
}

/** Text as PostgreSQL can keep it. */
function storable(text: string): string {
  return text.slice(0, answerLengthMax).toWellFormed().replaceAll('\0', '�');
}
