/** Reads notifications: a user's own, or the list that all staff share. */
import type pg from 'pg';
import { sentenceOf } from './kinds.ts';
import type { NotificationKind } from './kinds.ts';

export type Notification = {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly wallet: string;
  readonly facts: Readonly<Record<string, string>>;
  /** What happened, in one sentence. */
  readonly text: string;
  readonly createdAt: Date;
  readonly readAt: Date | null;
  /** For staff: who read it first. */
  readonly readBy: string | null;
};

/** Null: staff. */
export type Reader = string | null;

type NotificationRow = Omit<Notification, 'id' | 'text' | 'createdAt' | 'readAt' | 'readBy'> & {
  id: number;
  created_at: Date;
  read_at: Date | null;
  read_by: string | null;
};

const columns = 'id, kind, wallet, facts, created_at, read_at, read_by';
/** Counting stops there: the exact number does not matter. */
const unreadMax = 1_000;

export class Notifications {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Newest first. `cursor`: the `next` of an earlier page. `unreadCount` stops at 1000. */
  async list(
    reader: Reader,
    query: { readonly limit: number; readonly cursor?: string | undefined; readonly unread?: boolean | undefined },
  ): Promise<{ readonly items: readonly Notification[]; readonly next: string | null; readonly unreadCount: number }> {
    const [found, unreadCount] = await Promise.all([this.#page(reader, query), this.#countUnread(reader)]);
    const items = found.slice(0, query.limit);
    return { items, next: found.length > query.limit ? String(items.at(-1)?.id) : null, unreadCount };
  }

  /** Null if the reader has no notification of this id. Reading twice changes nothing. */
  async markRead(reader: Reader, id: string, by: string): Promise<Notification | null> {
    const { rows } = await this.#pool.query<NotificationRow>(
      `update insights.notification set read_at = coalesce(read_at, clock_timestamp()), read_by = coalesce(read_by, $3)
       where id = $1 and user_id is not distinct from $2 returning ${columns}`,
      [id, reader, by],
    );
    return rows[0] ? notificationFromRow(rows[0]) : null;
  }

  /** Returns how many were unread. */
  async markAllRead(reader: Reader, by: string): Promise<number> {
    const { rowCount } = await this.#pool.query(
      `update insights.notification set read_at = clock_timestamp(), read_by = $2
       where read_at is null and user_id is not distinct from $1`,
      [reader, by],
    );
    return rowCount ?? 0;
  }

  async #page(
    reader: Reader,
    query: { limit: number; cursor?: string | undefined; unread?: boolean | undefined },
  ): Promise<Notification[]> {
    const { rows } = await this.#pool.query<NotificationRow>(
      `select ${columns} from insights.notification
       where ${whose(reader)} and id < $2 and (not $3 or read_at is null) order by id desc limit $4`,
      [reader, query.cursor ?? String(Number.MAX_SAFE_INTEGER), query.unread ?? false, query.limit + 1],
    );
    return rows.map(notificationFromRow);
  }

  async #countUnread(reader: Reader): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>(
      `select count(*) as count from (
         select from insights.notification where ${whose(reader)} and read_at is null limit ${unreadMax}) unread`,
      [reader],
    );
    return rows[0]?.count ?? 0;
  }
}

/** "Is not distinct from" cannot use an index; this can. */
function whose(reader: Reader): string {
  return reader === null ? 'user_id is null and $1::uuid is null' : 'user_id = $1::uuid';
}

function notificationFromRow({ created_at: createdAt, read_at: readAt, read_by: readBy, ...row }: NotificationRow): Notification {
  return { ...row, id: String(row.id), text: sentenceOf(row.kind, row.wallet, row.facts), createdAt, readAt, readBy };
}
