/**
 * The path of a request into the audit: recorded in memory, written in batches by a separate connection. Errors here are counted
 * and logged; no request waits for the audit, and none fails because of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Retention, SteadyClock } from '../background/index.ts';
import { createPool, isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { readAudit } from './reading.ts';
import type { AuditFilter, AuditRow } from './reading.ts';
import { forgetBefore, insertAudited } from './store.ts';
import type { Audited } from './types.ts';

export type AuditOptions = {
  readonly url: string;
  /** Reads of the audit use this pool, so that they do not delay the writes. */
  readonly reads: pg.Pool;
  readonly log: Log;
  /** Rows older than this many days are deleted. */
  readonly keepDays: number;
  /** Maximum number of waiting rows, and of characters of text in them; default 20,000 and 32 MiB. */
  readonly rowsMax?: number;
  readonly charactersMax?: number;
};

export type AuditCounts = { readonly waiting: number; readonly written: number; readonly dropped: number };

const rowsPerBatch = 1_000;
const gatherMs = 100;
const retryMs = 1_000;
const logEveryMs = 10_000;
const stopMs = 3_000;
const dayMs = 86_400_000;
const forgetEveryMs = 3_600_000;
/** Also reached by a process that is restarted every day. */
const forgetFirstMs = 30_000;
const forgottenAtOnce = 5_000;

export class AuditTrail {
  readonly #options: Required<AuditOptions>;
  readonly #pool: ReturnType<typeof createPool>;
  #waiting: Audited[] = [];
  #characters = 0;
  #written = 0;
  #dropped = 0;
  #droppedBefore = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  readonly #retention: Retention;

  constructor(options: AuditOptions) {
    this.#options = { rowsMax: 20_000, charactersMax: 32 * 1_048_576, ...options };
    // Commits do not wait for the disk: rows wait in memory anyway, and the ledger's own commits flush them soon.
    const settings = { synchronous_commit: 'off', statement_timeout: '10s' };
    this.#pool = createPool(options.url, options.log, {
      connectionsMax: 1,
      applicationName: 'coffer audit',
      settings,
      connectTimeoutMs: 3_000,
    });
    this.#retention = new Retention({
      firstMs: forgetFirstMs,
      everyMs: forgetEveryMs,
      atOnce: forgottenAtOnce,
      clock: new SteadyClock(this.#pool),
      forget: (most, now) => forgetBefore(this.#pool, new Date(now.getTime() - options.keepDays * dayMs), most),
      failed: (failure) => this.#tell(failure),
    });
  }

  get counts(): AuditCounts {
    return { waiting: this.#waiting.length, written: this.#written, dropped: this.#dropped };
  }

  /** Records a request. Never throws, never waits; if there is no room, the row is dropped and counted. */
  note(row: Audited): void {
    const characters = charactersOf(row);
    const { rowsMax, charactersMax } = this.#options;
    if (this.#waiting.length >= rowsMax || this.#characters + characters > charactersMax || this.#stopping.signal.aborted) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(row);
    this.#characters += characters;
    this.#writing ??= this.#writeAll();
  }

  /** The recorded requests, newest first. */
  async read(filter: AuditFilter, limit: number): Promise<AuditRow[]> {
    return await readAudit(this.#options.reads, filter, limit);
  }

  /** The pool of the writing connection, for metrics. */
  get pool(): { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number } {
    return this.#pool;
  }

  /** Deletes expired rows in steps; returns how many. */
  async forgetOld(): Promise<number> {
    return await this.#retention.sweep();
  }

  /** Writes waiting rows for a few seconds at most; the rest is counted as dropped. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // Not awaited: the database may be unavailable, and the pool is ended below.
    void this.#retention.stop();
    const enough = new AbortController();
    await Promise.race([this.#writing, sleep(stopMs, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
    this.#drop(this.#waiting.length);
    this.#waiting = [];
    this.#logDropped();
    // Not awaited: ending a hung connection can hang, too.
    await Promise.race([this.#pool.end(), sleep(stopMs, undefined, { ref: false })]);
  }

  /** Runs while rows are waiting. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < rowsPerBatch) await this.#pause(gatherMs);
      const batch = this.#waiting.slice(0, rowsPerBatch);
      try {
        await this.#write(batch);
        this.#waiting.splice(0, batch.length);
        this.#characters -= batch.reduce((sum, row) => sum + charactersOf(row), 0);
      } catch (failure) {
        this.#tell(failure);
        if (this.#stopping.signal.aborted) break;
        await this.#pause(retryMs);
      }
    }
    this.#writing = null;
  }

  /** Throws an outage. If the database refuses a batch for another reason, it is halved until the offending row is found. */
  async #write(rows: readonly Audited[]): Promise<void> {
    try {
      await insertAudited(this.#pool, rows);
      this.#written += rows.length;
    } catch (failure) {
      if (!isAboutRows(failure)) throw failure;
      if (rows.length === 1) {
        this.#drop(1);
        this.#tell(failure);
        return;
      }
      const half = Math.ceil(rows.length / 2);
      await this.#write(rows.slice(0, half));
      await this.#write(rows.slice(half));
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #drop(rows: number): void {
    this.#dropped += rows;
    if (performance.now() - this.#toldAtMs > logEveryMs) this.#logDropped();
  }

  #logDropped(): void {
    const rows = this.#dropped - this.#droppedBefore;
    if (rows === 0) return;
    this.#toldAtMs = performance.now();
    this.#droppedBefore = this.#dropped;
    this.#options.log.warn({ rows }, 'Audit rows were dropped: the audit could not keep up, or its database was unavailable');
  }

  #tell(failure: unknown): void {
    const reason = failure instanceof Error ? failure.message : String(failure);
    if (performance.now() - this.#toldAtMs <= logEveryMs) return;
    this.#toldAtMs = performance.now();
    this.#options.log.warn({ reason, waiting: this.#waiting.length }, 'Cannot write the audit; requests are served, retrying');
  }
}

function charactersOf(row: Audited): number {
  return row.url.length + row.headers.length + (row.body?.length ?? 0);
}

/** The cause is in these rows, and waiting will not help. A missing permission or table (class 42) is not about the rows. */
function isAboutRows(failure: unknown): boolean {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  return code === malformedBytes || (!isOutage(failure) && !code.startsWith('42'));
}

/** protocol_violation: PostgreSQL's code for parameters that it cannot decode. */
const malformedBytes = '08P01';
