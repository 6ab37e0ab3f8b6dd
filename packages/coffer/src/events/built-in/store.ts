/** The SQL of the built-in broker, all on the connection that holds the queue's lock: a consumer that lost it cannot write. */
import type pg from 'pg';
import { openSession, trySessionLock } from '../../background/index.ts';
import type { Session } from '../../background/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import { deliveriesMax } from '../broker.ts';
import type { Delivery, Place } from '../broker.ts';

/** The class of Coffer's advisory locks for the consumer of a queue. */
const turnLock = 0x0c0ffe20;

/** A vanished machine is noticed, and its lock released, within about ten seconds; a dead process immediately. */
const settings = { tcp_keepalives_idle: '5', tcp_keepalives_interval: '2', tcp_keepalives_count: '3', statement_timeout: '20s' };

/** The pause before the first redelivery; it doubles for each later one. */
const firstPauseMs = 500;
/** A longer pause was stored while the clock was ahead. */
const longestPauseMs = firstPauseMs * 2 ** (deliveriesMax - 2);

/** An event that failed before, and its number of deliveries so far. */
export type Redelivery = Place & { readonly book: number; readonly previous: Place | null; readonly deliveries: number };

type RedeliveryRow = Place & { book: number; previous_seq: number | null; previous_part: number | null; deliveries: number };

/** An event with its outcome: it is retried if deliveries are left, otherwise it becomes a dead letter. */
export type Failed = { readonly delivery: Delivery; readonly deliveries: number; readonly body: string };

const deadText = `
  insert into events.dead_letter (queue, book, seq, part, previous_seq, previous_part, event_id, event_type, wallet, body, reason, deliveries)
  select $1, f.book, f.seq, f.part, f.previous_seq, f.previous_part, f.event_id, f.event_type, f.wallet, f.body,
    'failed ' || f.deliveries || ' times', f.deliveries
  from failed f where f.deliveries >= ${deliveriesMax}
  on conflict (queue, book, seq, part) do nothing`;

const againText = `
  insert into events.redelivery (queue, book, seq, part, previous_seq, previous_part, deliveries, next_at)
  select $1, f.book, f.seq, f.part, f.previous_seq, f.previous_part, f.deliveries,
    clock_timestamp() + make_interval(secs => ${firstPauseMs / 1_000} * power(2, f.deliveries - 1))
  from failed f where f.deliveries < ${deliveriesMax}
  on conflict (queue, book, seq, part) do update set deliveries = excluded.deliveries, next_at = excluded.next_at`;

const failedText = `
  failed as (
    select * from unnest($2::integer[], $3::bigint[], $4::integer[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::integer[])
      as f (book, seq, part, previous_seq, previous_part, event_id, event_type, wallet, body, deliveries))`;

export class QueueSession {
  readonly #session: Session;
  readonly #client: pg.Client;
  readonly #queue: string;

  private constructor(session: Session, queue: string) {
    this.#session = session;
    this.#client = session.client;
    this.#queue = queue;
  }

  /** `onBroken` is called once if the connection breaks. */
  static async open(url: string, queue: string, onBroken: () => void): Promise<QueueSession> {
    const session = await openSession({ url, applicationName: 'coffer events', settings, onBroken });
    return new QueueSession(session, queue);
  }

  get isBroken(): boolean {
    return this.#session.isBroken;
  }

  /** True if no other process consumes the queue; the lock belongs to this connection until it ends. */
  async takeTurn(): Promise<boolean> {
    return await trySessionLock(this.#client, turnLock, this.#queue);
  }

  async positions(books: readonly number[]): Promise<Map<number, Place>> {
    await this.#client.query('insert into events.position (queue, book) select $1, unnest($2::integer[]) on conflict do nothing', [
      this.#queue,
      books,
    ]);
    const { rows } = await this.#client.query<Place & { book: number }>('select book, seq, part from events.position where queue = $1', [
      this.#queue,
    ]);
    return new Map(rows.map(({ book, seq, part }) => [book, { seq, part }]));
  }

  async restart(book: number): Promise<void> {
    await this.#client.query('update events.position set seq = 0, part = 0 where queue = $1 and book = $2', [this.#queue, book]);
  }

  /** Records failures and advances the position, in one commit. */
  async moveOn(book: number, place: Place, failed: readonly Failed[]): Promise<void> {
    if (failed.length === 0) {
      await this.#client.query({
        name: 'move_on',
        text: 'update events.position set seq = $3, part = $4 where queue = $1 and book = $2',
        values: [this.#queue, book, place.seq, place.part],
      });
      return;
    }
    await this.#client.query({
      name: 'move_on_past_failures',
      text: `
        with ${failedText}, dead as (${deadText}), again as (${againText})
        update events.position set seq = $13, part = $14 where queue = $1 and book = $12`,
      values: [this.#queue, ...columnsOf(failed), book, place.seq, place.part],
    });
  }

  /** Those whose pause is over, oldest first. */
  async due(limit: number): Promise<Redelivery[]> {
    const { rows } = await this.#client.query<RedeliveryRow>({
      name: 'due_redeliveries',
      text: `
        select book, seq, part, previous_seq, previous_part, deliveries from events.redelivery
        where queue = $1 and (next_at <= clock_timestamp() or next_at > clock_timestamp() + make_interval(secs => ${longestPauseMs / 1_000}))
        order by book, seq, part limit $2`,
      values: [this.#queue, limit],
    });
    return rows.map(({ previous_seq, previous_part, ...row }) => ({ ...row, previous: placeOrNull(previous_seq, previous_part) }));
  }

  async redelivered(done: readonly LedgerEvent[], failed: readonly Failed[]): Promise<void> {
    const gone = [...done, ...failed.filter(({ deliveries }) => deliveries >= deliveriesMax).map(({ delivery }) => delivery.event)];
    await this.#client.query({
      name: 'redelivered',
      text: `
        with ${failedText}, dead as (${deadText}), again as (${againText})
        delete from events.redelivery r using unnest($12::integer[], $13::bigint[], $14::integer[]) as gone (book, seq, part)
        where r.queue = $1 and r.book = gone.book and r.seq = gone.seq and r.part = gone.part`,
      values: [this.#queue, ...columnsOf(failed), gone.map(({ book }) => book), gone.map(({ seq }) => seq), gone.map(({ part }) => part)],
    });
  }

  /** Ends the connection, and with it the lock. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}

function columnsOf(failed: readonly Failed[]): unknown[] {
  const events = failed.map(({ delivery }) => delivery.event);
  const previous = failed.map(({ delivery }) => delivery.previous);
  return [
    events.map(({ book }) => book),
    events.map(({ seq }) => seq),
    events.map(({ part }) => part),
    previous.map((place) => place?.seq ?? null),
    previous.map((place) => place?.part ?? null),
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ wallet }) => wallet),
    failed.map(({ body }) => body),
    failed.map(({ deliveries }) => deliveries),
  ];
}

function placeOrNull(seq: number | null, part: number | null): Place | null {
  return seq === null || part === null ? null : { seq, part };
}
