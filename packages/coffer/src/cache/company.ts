/**
 * Whether this process is the only one that posts to the database. A session lock says so: who is alone holds it exclusively, several
 * share it. Who comes to it announces itself and waits for the lock before it posts; the holder, told, stops trusting its memory and
 * then lets others in. Whoever was in company once stays so: it cannot know who still answers from what.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { openSession, takeTurn } from '../background/index.ts';
import type { Session } from '../background/index.ts';
import { hidePasswords, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { oldestMs } from './cache.ts';

const lockKey = 0x0c0ffe04;
const channel = 'coffer_company';
const announceEveryMs = 500;
const heartbeatMs = 1_000;
/** A connection that was silent for so long tells nothing any more. */
const silenceMaxMs = 3_000;
const retryMs = 100;
/** Longer than the server keeps the session of somebody who does not answer. */
const joinMs = 20_000;
/** The server itself ends the session of a process that is paused or cut off, so that others need not wait for it for long. */
const sessionOptions = {
  applicationName: 'coffer company',
  serverOptions: `-c idle_session_timeout=10s -c lock_timeout=${announceEveryMs}ms`,
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 5_000,
} as const;
const lockNotAvailable = '55P03';

export type CompanyOptions = {
  readonly url: string;
  readonly log: Log;
  /** False for who does not care: it is in company from the beginning. */
  readonly wishesToBeAlone: boolean;
  /** Called at once when it is not alone any more, or does not know. */
  readonly whenNotAlone: () => void;
};

type State = 'unknown' | 'alone' | 'together';

export class Company {
  readonly #options: CompanyOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #mayBeAlone: boolean;
  #state: State = 'unknown';
  #session: Session | null = null;
  #heardAtMs = 0;
  /** Resolves when the state is known. */
  #known = Promise.withResolvers<void>();
  #stopped = false;

  private constructor(options: CompanyOptions) {
    this.#options = options;
    this.#mayBeAlone = options.wishesToBeAlone;
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs).unref();
  }

  /** Answers when it has the lock: then nobody who was alone is so still. Throws when that takes too long. */
  static async join(options: CompanyOptions): Promise<Company> {
    const company = new Company(options);
    void company.#stayIn();
    const patience = new AbortController();
    const tooLong = pause(joinMs, 'too long', { signal: patience.signal }).catch(() => 'in time');
    if ((await Promise.race([company.#known.promise, tooLong])) !== undefined) {
      await company.stop();
      throw new OperatorError(
        'Who else posts to the database could not be found out.',
        'See in pg_stat_activity who is called "coffer company", and whether the database has connections left.',
      );
    }
    patience.abort();
    return company;
  }

  get alone(): boolean {
    return this.#state === 'alone' && performance.now() - this.#heardAtMs < silenceMaxMs;
  }

  /**
   * To be awaited before an answer to whoever changed something. At once while it has the lock. Without it (the database has just been
   * restarted) another process may be alone and not know of this one; what that one keeps is too old to be answered after a while.
   */
  admitted(): Promise<void> | void {
    if (this.#state === 'unknown' && !this.#stopped) return Promise.race([this.#known.promise, pause(oldestMs, undefined, { ref: false })]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#heartbeat);
    this.#known.resolve();
    await this.#session?.close();
  }

  /** Until it is stopped: takes the lock, and takes it again whenever its connection was lost. */
  async #stayIn(): Promise<void> {
    let told = false;
    while (!this.#stopped) {
      let session: Session | null = null;
      try {
        session = await openSession({ ...sessionOptions, url: this.#options.url, onBroken: (broken) => this.#leave(broken) });
        if (this.#stopped) return void session.close();
        this.#session = session;
        await this.#enter(session);
        told = false;
        await session.ended;
      } catch (failure) {
        const reason = hidePasswords(failure instanceof Error ? failure.message : String(failure));
        if (!told && !this.#stopped)
          this.#options.log.warn({ reason }, 'Who else posts to the database cannot be asked; answers to postings wait for it, up to 5 s');
        told = true;
      }
      if (session) this.#leave(session);
      if (!this.#stopped) await pause(retryMs, undefined, { ref: false });
    }
  }

  async #enter(session: Session): Promise<void> {
    const { client } = session;
    client.on('notification', () => void this.#admit(session));
    // Before the look, or a newcomer between the two would announce itself to nobody.
    await client.query(`listen ${channel}`);
    const alone = this.#mayBeAlone && (await takeTurn(client, lockKey));
    if (!alone) {
      this.#mayBeAlone = false;
      await this.#waitFor(client);
      if (this.#options.wishesToBeAlone) this.#tellCompany();
    }
    this.#heardAtMs = performance.now();
    this.#state = alone ? 'alone' : 'together';
    this.#known.resolve();
  }

  /** Announced again and again: who became alone in between has not heard it the first time. */
  async #waitFor(client: pg.Client): Promise<void> {
    for (;;) {
      await client.query(`notify ${channel}`);
      try {
        await client.query('select pg_advisory_lock_shared($1)', [lockKey]);
        return;
      } catch (failure) {
        if (!(failure instanceof pg.DatabaseError && failure.code === lockNotAvailable)) throw failure;
      }
    }
  }

  /** Somebody announced itself. Who is alone gives up its memory first and its lock then. */
  async #admit(session: Session): Promise<void> {
    const { client } = session;
    if (session !== this.#session || this.#state !== 'alone') return;
    this.#mayBeAlone = false;
    this.#state = 'together';
    this.#options.whenNotAlone();
    this.#tellCompany();
    try {
      await client.query('select pg_advisory_lock_shared($1)', [lockKey]);
      await client.query('select pg_advisory_unlock($1)', [lockKey]);
    } catch {
      void session.close();
    }
  }

  #leave(session: Session): void {
    void session.close();
    if (session !== this.#session) return;
    this.#session = null;
    this.#options.whenNotAlone();
    if (this.#state === 'unknown') return;
    this.#state = 'unknown';
    this.#known = Promise.withResolvers<void>();
  }

  /** Also keeps the session from being ended for idleness. */
  async #beat(): Promise<void> {
    const session = this.#session;
    if (!session || this.#state === 'unknown') return;
    const sentAtMs = performance.now();
    if (sentAtMs - this.#heardAtMs > 2 * silenceMaxMs) return this.#leave(session);
    try {
      await session.client.query('select');
      if (session === this.#session) this.#heardAtMs = sentAtMs;
    } catch {
      // A connection that broke says so by itself.
    }
  }

  #tellCompany(): void {
    this.#options.log.warn(
      'Another Coffer posts to this database: this one reads from the database from now on. Give all of them the same REDIS_URL to share a cache.',
    );
  }
}
