/**
 * The relay's positions in the log, and the lock that selects the relaying process, on a connection that ends with that process.
 */
import type pg from 'pg';
import { openSession, trySessionLock } from '../../background/index.ts';
import type { Session } from '../../background/index.ts';
import type { Place } from '../broker.ts';

/** Coffer's advisory lock for the relaying process. */
const turnLock = 0x0c0ffe21;

/**
 * A vanished machine is noticed, and its lock released, within about ten seconds; a dead process immediately. If a power cut
 * reverts a position, events are relayed again from there: no reason to wait for the disk.
 */
const settings = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  statement_timeout: '20s',
  synchronous_commit: 'off',
};

export class RelaySession {
  readonly #session: Session;
  readonly #client: pg.Client;

  private constructor(session: Session) {
    this.#session = session;
    this.#client = session.client;
  }

  static async open(url: string, onBroken: () => void): Promise<RelaySession> {
    return new RelaySession(await openSession({ url, applicationName: 'coffer relay', settings, onBroken }));
  }

  get isBroken(): boolean {
    return this.#session.isBroken;
  }

  /** True if no other process relays; the lock belongs to this connection until it ends. */
  async take(): Promise<boolean> {
    return await trySessionLock(this.#client, turnLock);
  }

  async positions(books: readonly number[]): Promise<Map<number, Place>> {
    await this.#client.query('insert into events.relay (book) select unnest($1::integer[]) on conflict do nothing', [books]);
    const { rows } = await this.#client.query<Place & { book: number }>('select book, seq, part from events.relay');
    return new Map(rows.map(({ book, seq, part }) => [book, { seq, part }]));
  }

  async restart(book: number): Promise<void> {
    await this.#client.query('update events.relay set seq = 0, part = 0, moved_at = clock_timestamp() where book = $1', [book]);
  }

  /** Never backwards: a process that lost the lock without noticing may still be writing. */
  async moveOn(book: number, { seq, part }: Place): Promise<void> {
    await this.#client.query({
      name: 'relay_on',
      text: 'update events.relay set seq = $2, part = $3, moved_at = clock_timestamp() where book = $1 and (seq, part) < ($2, $3)',
      values: [book, seq, part],
    });
  }

  /** Ends the connection, and with it the lock. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}
