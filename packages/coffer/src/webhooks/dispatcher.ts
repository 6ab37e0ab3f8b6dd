/**
 * Sends due deliveries, each independently: later ones overtake one that is retried, and an endpoint may have two in progress at
 * the same time, so there is no order guarantee (the body's `sequence` gives the order). Failing and slow endpoints use separate
 * lanes.
 */
import type pg from 'pg';
import { Retention, putWaitsRight, startLoop, SteadyClock } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { openedBody, plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
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
  /** Bodies are stored as they are in the log, and opened when they are sent. */
  readonly metadata?: MetadataVault;
  readonly timeoutMs?: number;
  /** An endpoint is disabled after failing for this long without a success. */
  readonly patienceMs?: number;
  /** How long finished deliveries are stored. */
  readonly keepMs?: number;
  /** How long a claim lasts, longer than any call; then other processes may claim the delivery. */
  readonly leaseMs?: number;
  /** How long a stop waits for calls in progress before it aborts them. */
  readonly graceMs?: number;
};

const dayMs = 86_400_000;
const defaults = { metadata: plainMetadata, timeoutMs: 15_000, patienceMs: 5 * dayMs, keepMs: 30 * dayMs, graceMs: 1_000 };
const lanes = [
  { slow: false, most: 32, perEndpoint: 4 },
  { slow: true, most: 16, perEndpoint: 1 },
] as const;
/** Slower endpoints move to the slow lane, so that others do not wait for them. */
const slowMs = 2_000;
const lookEveryMs = 1_000;
const outageMs = { first: 250, most: 10_000 } as const;
const forgetEveryMs = 3_600_000;
const forgetFirstMs = 30_000;
const forgottenAtOnce = 1_000;
const answerLengthMax = 1_000;

const waits = { table: 'webhooks.delivery', until: 'due_at', since: 'due_since', waiting: "status = 'pending'" } as const;

type Sending = { readonly slow: boolean; readonly endpoint: string; readonly done: Promise<void> };

export class Dispatcher {
  readonly #options: Required<DispatcherOptions>;
  readonly #sending = new Map<number, Sending>();
  readonly #stopping = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #retention: Retention;
  readonly #clock: SteadyClock;
  readonly #loop: Loop;
  #isAway = false;

  constructor(options: DispatcherOptions) {
    const leaseMs = 2 * (options.timeoutMs ?? defaults.timeoutMs) + 5_000;
    this.#options = { ...defaults, leaseMs, ...options };
    this.#clock = new SteadyClock(options.pool, (now) => putWaitsRight(options.pool, waits, now));
    this.#retention = new Retention({
      firstMs: forgetFirstMs,
      everyMs: forgetEveryMs,
      atOnce: forgottenAtOnce,
      clock: new SteadyClock(options.pool),
      forget: (most, now) => forgetOld(options.pool, new Date(now.getTime() - this.#options.keepMs), most),
      failed: (failure) => this.#tell(failure),
    });
    this.#loop = startLoop({
      // As long as something is found, it looks again immediately; if the lanes are full, it looks when a call ends.
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

  /** Notifies the dispatcher that there may be something to send. */
  wake(): void {
    this.#loop.notify();
  }

  /** Starts no more calls, and records the outcome of those in progress; slower ones are aborted and put back. */
  async stop(): Promise<void> {
    const givingUp = setTimeout(() => this.#givingUp.abort(), this.#options.graceMs).unref();
    this.#stopping.abort();
    await Promise.all([this.#loop.stop(), this.#retention.stop()]);
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
    clearTimeout(givingUp);
  }

  /** Deletes expired deliveries, in small batches. */
  async forgetOld(): Promise<number> {
    return await this.#retention.sweep();
  }

  /** Returns how many were started. Throws an outage. */
  async #beginDue(): Promise<number> {
    const { pool, leaseMs } = this.#options;
    const now = await this.#clock.read();
    let begun = 0;
    for (const { slow, most, perEndpoint } of lanes) {
      const own = [...this.#sending.values()].filter((sending) => sending.slow === slow);
      if (own.length >= most) continue;
      const lane = { slow, free: most - own.length, perEndpoint };
      const claimed = await claimDue(pool, lane, this.#underWay(), { leaseMs, now });
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
    const { pool, patienceMs, timeoutMs, allowPrivate, metadata, log } = this.#options;
    const { url, message, body, secret, previous_secret: previous, endpoint } = delivery;
    const opened = await openedBody(metadata, body);
    const options: CallOptions = {
      url,
      id: message,
      body: opened,
      timeoutMs,
      allowPrivate,
      secrets: previous === null ? [secret] : [secret, previous],
      contentType: 'application/cloudevents+json',
      signal: this.#givingUp.signal,
    };
    const called = await callOut(options);
    if (called.kind === 'failed' && this.#givingUp.signal.aborted) return await putBack(pool, delivery, called.elapsedMs);
    // After an outage here, the lease expires and the delivery is sent again, under the same id.
    const disabledWhy = await settle(pool, delivery, withoutEchoes(settlementOf(called, delivery), { body, opened }), {
      patienceMs,
      now: this.#clock.now,
    });
    if (disabledWhy !== null) log.warn({ webhook: endpoint, reason: disabledWhy }, 'A webhook was disabled');
  }

  /** Logs an outage once, when it begins. */
  #tell(failure: unknown): void {
    if (this.#stopping.signal.aborted && isOutage(failure)) return;
    if (!isOutage(failure)) this.#options.log.error({ err: failure }, 'Unhandled error while sending webhooks');
    else if (!this.#isAway) this.#options.log.warn({ reason: String(failure) }, 'Webhooks wait for the database');
  }
}

/** What to record for a call, the `nth` with an outcome. */
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

/** An answer may repeat what it answers. It is stored in the clear, so it is not stored where metadata was decrypted for the call. */
function withoutEchoes(settlement: Settlement, { body, opened }: { readonly body: string; readonly opened: string }): Settlement {
  if (settlement.answer === null || opened === body) return settlement;
  return { ...settlement, answer: '(not stored: the event has encrypted metadata, which an answer may repeat)' };
}

/** Text that PostgreSQL can store. */
function storable(text: string): string {
  return text.slice(0, answerLengthMax).toWellFormed().replaceAll('\0', '�');
}
