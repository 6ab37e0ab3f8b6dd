/** How far the log has been carried to RabbitMQ, and whose turn it is to carry. On a connection that ends with the process that has the turn. */
import pg from 'pg';
import { typeParsers, withServerOptions } from '../../database/index.ts';
import type { Place } from '../broker.ts';

/** Coffer's advisory lock that says who carries. */
const turnLock = 0x0c0ffe21;

/**
 * A machine that vanished without a word is noticed, and its turn is free, within about ten seconds; a process that died, at once.
 * A position that a power cut took back is carried from once more: that is no reason to wait for the disk.
 */
const sessionOptions =
  '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c statement_timeout=20s -c synchronous_commit=off';

export class RelayTurn {
  readonly #client: pg.Client;
  #broken = false;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string, onBroken: () => void): Promise<RelayTurn> {
    const client = new pg.Client({
      connectionString: withServerOptions(url, sessionOptions),
      application_name: 'coffer relay',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: typeParsers,
    });
    const session = new RelayTurn(client);
    const breaks = () => {
      session.#broken = true;
      onBroken();
    };
    client.on('error', breaks);
    client.on('end', breaks);
    await client.connect();
    return session;
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** True when nobody else carries; the turn is this connection's until it ends. */
  async take(): Promise<boolean> {
    const { rows } = await this.#client.query<{ taken: boolean }>(`select pg_try_advisory_lock(${turnLock}) as taken`);
    return rows[0]?.taken ?? false;
  }

  async positions(books: readonly number[]): Promise<Map<number, Place>> {
    await this.#client.query('insert into events.relay (book) select unnest($1::integer[]) on conflict do nothing', [books]);
    const { rows } = await this.#client.query<Place & { book: number }>('select book, seq, part from events.relay');
    return new Map(rows.map(({ book, seq, part }) => [book, { seq, part }]));
  }

  /** Never back: whoever lost the turn without knowing it may still be writing. */
  async moveOn(book: number, { seq, part }: Place): Promise<void> {
    await this.#client.query({
      name: 'relay_on',
      text: 'update events.relay set seq = $2, part = $3, moved_at = clock_timestamp() where book = $1 and (seq, part) < ($2, $3)',
      values: [book, seq, part],
    });
  }

  /** Ends the connection, and with it the turn. */
  async close(): Promise<void> {
    this.#broken = true;
    await this.#client.end().catch(() => undefined);
  }
}
