/** Dead letters of the built-in broker: rows of a table, until they are replayed or dropped. */
import type pg from 'pg';
import { inRecordedChange } from '../../audit/index.ts';
import { openedBody, plainMetadata } from '../../metadata/index.ts';
import type { MetadataVault } from '../../metadata/index.ts';
import { settlement } from '../settlement.ts';
import type { DeadLetter, DeadLetters } from '../broker.ts';

type Row = {
  id: number;
  body: string;
  event_id: string;
  event_type: string;
  wallet: string;
  reason: string;
  deliveries: number;
  died_at: Date;
};

const columns = 'id, body, event_id, event_type, wallet, reason, deliveries, died_at';

/** `onReplay`: something is due. Stored bodies are as the log has them; metadata is opened when they are read. */
export function deadLettersOf(pool: pg.Pool, queue: string, onReplay: () => void, metadata: MetadataVault = plainMetadata): DeadLetters {
  const opened = async (row: Row) => fromRow({ ...row, body: await openedBody(metadata, row.body) });
  return {
    list: async ({ limit, after }) => {
      const { rows } = await pool.query<Row>(
        `select ${columns} from events.dead_letter where queue = $1 and id > $2 order by id limit $3`,
        [queue, after === undefined ? 0 : (numberOf(after) ?? Number.MAX_SAFE_INTEGER), limit],
      );
      return await Promise.all(rows.map(opened));
    },
    count: async () => {
      const { rows } = await pool.query<{ count: number }>('select count(*) from events.dead_letter where queue = $1', [queue]);
      return rows[0]?.count ?? 0;
    },
    find: async (id) => {
      const { rows } = await pool.query<Row>(`select ${columns} from events.dead_letter where queue = $1 and id = $2`, [
        queue,
        numberOf(id),
      ]);
      return rows[0] ? await opened(rows[0]) : null;
    },
    replay: async (ids) => {
      // One statement: it is either in the queue again, or still a dead letter.
      const replay = async (client: pg.ClientBase) =>
        await client.query(
          `with revived as (
          delete from events.dead_letter where queue = $1 and ($2::bigint[] is null or id = any($2)) returning *
        )
        insert into events.redelivery (queue, book, seq, part, previous_seq, previous_part, deliveries, next_at)
        select queue, book, seq, part, previous_seq, previous_part, 0, clock_timestamp() from revived
        on conflict (queue, book, seq, part) do update set deliveries = 0, next_at = excluded.next_at`,
          [queue, numbersOf(ids)],
        );
      const { rowCount } = await inRecordedChange(pool, replay, (done) => settlement('replay', ids, done.rowCount));
      if (rowCount) onReplay();
      return rowCount ?? 0;
    },
    drop: async (ids) => {
      const drop = async (client: pg.ClientBase) =>
        await client.query('delete from events.dead_letter where queue = $1 and ($2::bigint[] is null or id = any($2))', [
          queue,
          numbersOf(ids),
        ]);
      const { rowCount } = await inRecordedChange(pool, drop, (done) => settlement('drop', ids, done.rowCount));
      return rowCount ?? 0;
    },
  };
}

function fromRow({ id, body, event_id, event_type, wallet, reason, deliveries, died_at }: Row): DeadLetter {
  return { id: String(id), body, eventId: event_id, eventType: event_type, wallet, reason, deliveries, diedAt: died_at };
}

/** An id that is not a number is no dead letter's. */
function numberOf(id: string): number | null {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : null;
}

function numbersOf(ids: readonly string[] | 'all'): number[] | null {
  return ids === 'all' ? null : ids.map(numberOf).filter((id) => id !== null);
}

/** Failed events of this broker, for an operator who switches to another one. */
export async function countLeft(pool: pg.Pool, queue: string): Promise<{ readonly deadLetters: number; readonly toBeRedelivered: number }> {
  const { rows } = await pool.query<{ deadLetters: number; toBeRedelivered: number }>(
    `select (select count(*) from events.dead_letter where queue = $1) as "deadLetters",
       (select count(*) from events.redelivery where queue = $1) as "toBeRedelivered"`,
    [queue],
  );
  return rows[0] ?? { deadLetters: 0, toBeRedelivered: 0 };
}
