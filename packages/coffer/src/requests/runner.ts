/**
 * Works on requests: claims those that are due and runs one step after the other, each settled before the next. Any number of
 * processes may run one; a request is claimed by one at a time, and a dead worker's request is taken up again when its claim
 * expires.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Listener, startLoop, SteadyClock } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { createPool, isOutage } from '../database/index.ts';
import { newId } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { isLedgerOutage } from '../ledger/index.ts';
import { channel } from './notifier.ts';
import { claimDue, isCalling, putRequestsRight, settle } from './claims.ts';
import type { Change, Claimed } from './claims.ts';
import { pauseMs } from './pace.ts';
import { beforeTimeOut } from './deadlines.ts';
import { step, waysOf } from './steps.ts';
import type { StepParts } from './steps.ts';
import type { AsyncRequest } from './types.ts';

/** The progress of work on a request: claimed, done but not recorded, recorded. */
export type Point = 'claimed' | 'done' | 'settled';

export type RunnerOptions = StepParts & {
  readonly url: string;
  readonly log: Log;
  /** Maximum number of requests in progress, and of concurrent payer calls beside them; default 64. */
  readonly concurrency?: number;
  /** How long a claim lasts; default 60 s. Longer than any step takes. */
  readonly leaseMs?: number;
  /** The polling interval; default every second. */
  readonly pollMs?: number;
  /** Receives the progress. */
  readonly reached?: (point: Point, request: AsyncRequest) => void;
};

const defaults = { concurrency: 64, leaseMs: 60_000, pollMs: 1_000 } as const;
const trouble = { firstMs: 250, mostMs: 60_000 } as const;
const databasePauses = { first: 200, most: 5_000, isSpread: true } as const;
const settleAgainMs = 500;
const connectTimeoutMs = 5_000;

export class RequestRunner {
  readonly #options: RunnerOptions & Record<keyof typeof defaults, number>;
  readonly #pool: pg.Pool;
  readonly #clock: SteadyClock;
  readonly #listener: Listener;
  readonly #working = new Set<Promise<void>>();
  /** Separate from the others, so that they do not wait for a slow payer. */
  readonly #calling = new Set<Promise<void>>();
  readonly #loop: Loop;
  #stopped = false;

  constructor(options: RunnerOptions) {
    this.#options = { ...defaults, ...options };
    this.#pool = createPool(options.url, options.log, { connectionsMax: 6, applicationName: 'coffer requests', connectTimeoutMs });
    this.#clock = new SteadyClock(this.#pool, (now) => putRequestsRight(this.#pool, now));
    this.#loop = startLoop({
      work: () => this.#take(),
      everyMs: this.#options.pollMs,
      pauses: databasePauses,
      notifyEndsPause: true,
      failed: (failure, isFirst) => this.#tell(failure, isFirst),
      recovered: () => options.log.info('Asynchronous requests are processed again'),
    });
    this.#listener = new Listener({
      url: options.url,
      applicationName: 'coffer requests',
      channel,
      connectTimeoutMs,
      heard: () => this.#loop.notify(),
      failed: (failure) => {
        if (!isOutage(failure)) options.log.warn({ err: failure }, 'Cannot listen for requests; polling instead');
      },
    });
    void this.#listener.open();
  }

  /** Claims nothing more, and finishes the steps in progress. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    await Promise.all([...this.#working, ...this.#calling]);
    await this.#listener.close();
    await this.#pool.end();
  }

  /** Claims as many as there is room for. True: it found some, so there may be more. */
  async #take(): Promise<boolean> {
    const { concurrency, leaseMs } = this.#options;
    const [limit, callsLimit] = [concurrency - this.#working.size, concurrency - this.#calling.size];
    if (limit + callsLimit === 0) return false;
    const [ways, now] = [await waysOf(this.#options), await this.#clock.read()];
    const taken = await claimDue(this.#pool, { claim: newId(), leaseMs, limit, callsLimit, ways, now });
    for (const claimed of taken) this.#begin(claimed);
    return taken.length > 0;
  }

  #tell(failure: unknown, isFirst: boolean): void {
    const { log } = this.#options;
    if (!isOutage(failure)) log.error({ err: failure }, 'Claiming asynchronous requests failed; retrying');
    else if (isFirst) log.warn({ reason: (failure as Error).message }, 'Asynchronous requests wait: the database is unavailable');
  }

  #begin(claimed: Claimed): void {
    const among = isCalling(claimed.request) ? this.#calling : this.#working;
    const work = this.#work(claimed)
      .catch((failure: unknown) =>
        this.#options.log.error({ err: failure, request: claimed.request.id }, 'Processing of a request was interrupted'),
      )
      .finally(() => {
        among.delete(work);
        // There may be more than there was room for.
        if (among.size === this.#options.concurrency - 1) this.#loop.notify();
      });
    among.add(work);
  }

  async #work(first: Claimed): Promise<void> {
    const { reached } = this.#options;
    const endsAtMs = performance.now() + this.#options.leaseMs;
    reached?.('claimed', first.request);
    for (let claimed: Claimed | null = first; claimed;) {
      const change = await this.#step(claimed);
      reached?.('done', claimed.request);
      const { request }: Claimed = claimed;
      claimed = await this.#settle(claimed, change, endsAtMs);
      reached?.('settled', request);
      if (change.next === 'in turn') this.#loop.notify();
      if (change.next !== 'now') return;
      // The next worker takes it up when the claim expires.
    }
  }

  /** A step, or what to do if it had no answer: an outage or a bug never ends a request. */
  async #step(claimed: Claimed): Promise<Change> {
    try {
      return await step(this.#options, claimed);
    } catch (failure) {
      const { request, now } = claimed;
      const isPassing = isLedgerOutage(failure);
      if (!isPassing)
        this.#options.log.error({ err: failure, request: request.id }, 'Unhandled error while processing a request; it is retried');
      const afterMs = pauseMs(request.tries, trouble.firstMs, trouble.mostMs);
      const isWaiting =
        request.status === 'held' ||
        request.status === 'paying' ||
        request.status === 'awaiting_approval' ||
        request.status === 'uncertain';
      return {
        status: request.status,
        outcome: isPassing ? 'no answer' : 'an error',
        detail: failure instanceof Error ? failure.name : 'unknown',
        ...(request.remark !== null && { remark: request.remark }),
        next: isWaiting ? beforeTimeOut(request, now, afterMs) : { afterMs },
      };
    }
  }

  /** For as long as the claim lasts; after that another worker continues. */
  async #settle(claimed: Claimed, change: Change, endsAtMs: number): Promise<Claimed | null> {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await settle(this.#pool, claimed, change, { leaseMs: this.#options.leaseMs, isFirst, now: this.#clock.now });
      } catch (failure) {
        if (!isOutage(failure)) throw failure;
        if (this.#stopped || performance.now() > endsAtMs) return null;
        await sleep(settleAgainMs, undefined, { ref: false });
      }
    }
  }
}
