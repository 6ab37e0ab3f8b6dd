/**
 * The way of a request into the audit: noted in memory, written in batches by a connection of its own. What goes wrong here is
 * counted and logged; no request waits for it, and none fails because of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Retention } from '../background/index.ts';
import { createPool, isOutage } from '../database/index.ts';
import type { Log } from '../kernel/index.ts';
import { readAudit } from './reading.ts';
import type { AuditFilter, AuditRow } from './reading.ts';
import { forgetOlderThan, insertAudited } from './store.ts';
import type { Audited } from './types.ts';

export type AuditOptions = {
  readonly url: string;
  /** What is asked of the audit goes this way, so that no question stands in the way of the writing. */
  readonly reads: pg.Pool;
  readonly log: Log;
  /** Rows older than this many days are deleted. */
  readonly keepDays: number;
  /** How many rows may wait, and how many characters of text in them; 20,000 and 32 MiB when absent. */
  readonly rowsMax?: number;
  readonly charactersMax?: number;
};

export type AuditCounts = { readonly waiting: number; readonly written: number; readonly dropped: number };

const rowsPerBatch = 1_000;
const gatherMs = 100;
const retryMs = 1_000;
const tellEveryMs = 10_000;
const stopMs = 3_000;
const forgetEveryMs = 3_600_000;
/** A process that is restarted every day must come to it, too. */
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
    // Not waiting for the disk: rows wait in memory anyway, and the ledger's own commits bring them there within a moment.
    const serverOptions = '-c synchronous_commit=off -c statement_timeout=10000';
    this.#pool = createPool(options.url, options.log, {
      connectionsMax: 1,
      applicationName: 'coffer audit',
      serverOptions,
      connectTimeoutMs: 3_000,
    });
    this.#retention = new Retention({
      firstMs: forgetFirstMs,
      everyMs: forgetEveryMs,
      atOnce: forgottenAtOnce,
      forget: (most) => forgetOlderThan(this.#pool, options.keepDays, most),
      failed: (failure) => this.#tell(failure),
    });
  }

  get counts(): AuditCounts {
    return { waiting: this.#waiting.length, written: this.#written, dropped: this.#dropped };
  }

  /** Notes a request. Never throws, never waits; what does not fit is dropped and counted. */
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

  /** What is on record, the newest first. */
  async read(filter: AuditFilter, limit: number): Promise<AuditRow[]> {
    return await readAudit(this.#options.reads, filter, limit);
  }

  /** The connection that writes, for the figures. */
  get pool(): { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number } {
    return this.#pool;
  }

  /** Deletes what is older than it is kept, in steps; answers how many rows. */
  async forgetOld(): Promise<number> {
    return await this.#retention.sweep();
  }

  /** Writes what waits, for a few seconds at most; what is left then is counted as dropped. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // Not waited for: the database may be away, and the pool is ended below.
    void this.#retention.stop();
    const enough = new AbortController();
    await Promise.race([this.#writing, sleep(stopMs, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
    this.#drop(this.#waiting.length);
    this.#waiting = [];
    this.#tellDropped();
    // Not waited for: ending a connection that hangs can hang too.
    await Promise.race([this.#pool.end(), sleep(stopMs, undefined, { ref: false })]);
  }

  /** Runs while something waits. */
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

  /** Throws an outage. What the database refuses for another reason is halved until the row is found that it does not take. */
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
    if (performance.now() - this.#toldAtMs > tellEveryMs) this.#tellDropped();
  }

  #tellDropped(): void {
    const rows = this.#dropped - this.#droppedBefore;
    if (rows === 0) return;
    this.#toldAtMs = performance.now();
    this.#droppedBefore = this.#dropped;
    this.#options.log.warn({ rows }, 'Requests were served that the audit has no row of: it could not keep up, or its database was away');
  }

  #tell(failure: unknown): void {
    const reason = failure instanceof Error ? failure.message : String(failure);
    if (performance.now() - this.#toldAtMs <= tellEveryMs) return;
    this.#toldAtMs = performance.now();
    this.#options.log.warn({ reason, waiting: this.#waiting.length }, 'The audit cannot be written now; requests are served, trying again');
  }
}

function charactersOf(row: Audited): number {
  return row.url.length + row.headers.length + (row.body?.length ?? 0);
}

/** Something in these rows is the reason, and no better time will come. A missing right or table (class 42) is not about the rows. */
function isAboutRows(failure: unknown): boolean {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  return code === malformedBytes || (!isOutage(failure) && !code.startsWith('42'));
}

/** protocol_violation: how PostgreSQL calls parameters that it cannot decode. */
const malformedBytes = '08P01';
