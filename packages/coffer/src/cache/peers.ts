/**
 * Whether this process is the only one that posts to the database. A session lock decides: a lone process holds it exclusively, several
 * share it. A process that joins announces itself and waits for the lock before it posts; the exclusive holder stops using its memory, then
 * shares the lock. Once another process has joined, this one keeps shared mode until it restarts, because it cannot know what others still
 * cache.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { openSession, trySessionLock } from '../background/index.ts';
import type { Session } from '../background/index.ts';
import { hidePasswords, OperatorError } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { oldestMs } from './cache.ts';

const lockKey = 0x0c0ffe04;
const channel = 'coffer_company';
const announceEveryMs = 500;
const heartbeatMs = 1_000;
/** A connection that was silent for this long is not trusted any more. */
const silenceMaxMs = 3_000;
const retryMs = 100;
/** Longer than the server keeps the session of a process that does not answer. */
const joinMs = 20_000;
/** The server itself ends the session of a process that is paused or cut off, so that others do not wait long for it. */
const sessionOptions = {
  applicationName: 'coffer company',
  serverOptions: `-c idle_session_timeout=10s -c lock_timeout=${announceEveryMs}ms`,
  connectTimeoutMs: 5_000,
  queryTimeoutMs: 5_000,
} as const;
const lockNotAvailable = '55P03';

export type PeersOptions = {
  readonly url: string;
  readonly log: Log;
  /** False: shared mode from the beginning. */
  readonly wantsExclusive: boolean;
  /** Called immediately when it is not alone any more, or does not know. */
  readonly onShared: () => void;
};

type State = 'unknown' | 'alone' | 'together';

export class Peers {
  readonly #options: PeersOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #mayBeAlone: boolean;
  #state: State = 'unknown';
  #session: Session | null = null;
  #heardAtMs = 0;
  /** Resolves when the state is known. */
  #known = Promise.withResolvers<void>();
  #stopped = false;

  private constructor(options: PeersOptions) {
    this.#options = options;
    this.#mayBeAlone = options.wantsExclusive;
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs).unref();
  }

  /** Resolves when it has the lock: no other process is in exclusive mode then. Throws when that takes too long. */
  static async join(options: PeersOptions): Promise<Peers> {
    const peers = new Peers(options);
    void peers.#keepLock();
    const patience = new AbortController();
    const tooLong = pause(joinMs, 'too long', { signal: patience.signal }).catch(() => 'in time');
    if ((await Promise.race([peers.#known.promise, tooLong])) !== undefined) {
      await peers.stop();
      throw new OperatorError(
        'Could not determine which other processes post to the database.',
        'Check pg_stat_activity for sessions named "coffer company", and whether the database has free connections.',
      );
    }
    patience.abort();
    return peers;
  }

  get alone(): boolean {
    return this.#state === 'alone' && performance.now() - this.#heardAtMs < silenceMaxMs;
  }

  /**
   * Await this before answering a change. Immediate while it has the lock. Without it (the database has just been restarted) another
   * process may be in exclusive mode without knowing of this one; its cached values expire after a while.
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
  async #keepLock(): Promise<void> {
    let isLogged = false;
    while (!this.#stopped) {
      let session: Session | null = null;
      try {
        session = await openSession({ ...sessionOptions, url: this.#options.url, onBroken: (broken) => this.#leave(broken) });
        if (this.#stopped) return void session.close();
        this.#session = session;
        await this.#enter(session);
        isLogged = false;
        await session.ended;
      } catch (failure) {
        const reason = hidePasswords(failure instanceof Error ? failure.message : String(failure));
        if (!isLogged && !this.#stopped)
          this.#options.log.warn(
            { reason },
            'Cannot determine which other processes post to the database; answers to postings wait for it, up to 5 s',
          );
        isLogged = true;
      }
      if (session) this.#leave(session);
      if (!this.#stopped) await pause(retryMs, undefined, { ref: false });
    }
  }

  async #enter(session: Session): Promise<void> {
    const { client } = session;
    client.on('notification', () => void this.#admitPeer(session));
    // Before the first look, or a process that joins between the two would not be noticed.
    await client.query(`listen ${channel}`);
    const alone = this.#mayBeAlone && (await trySessionLock(client, lockKey));
    if (!alone) {
      this.#mayBeAlone = false;
      await this.#waitFor(client);
      if (this.#options.wantsExclusive) this.#warnAboutPeers();
    }
    this.#heardAtMs = performance.now();
    this.#state = alone ? 'alone' : 'together';
    this.#known.resolve();
  }

  /** Announces itself repeatedly: a process that became exclusive in between missed the first announcement. */
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

  /** Another process announced itself. In exclusive mode this one gives up its memory first and then its lock. */
  async #admitPeer(session: Session): Promise<void> {
    const { client } = session;
    if (session !== this.#session || this.#state !== 'alone') return;
    this.#mayBeAlone = false;
    this.#state = 'together';
    this.#options.onShared();
    this.#warnAboutPeers();
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
    this.#options.onShared();
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
      // A broken connection reports itself.
    }
  }

  #warnAboutPeers(): void {
    this.#options.log.warn(
      'Another Coffer posts to this database: this one reads from the database from now on. Set the same REDIS_URL for all of them to share a cache.',
    );
  }
}
