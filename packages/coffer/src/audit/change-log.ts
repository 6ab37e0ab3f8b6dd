/** Reads the records of changes, for operators. */
import type pg from 'pg';

export type ChangeFilter = {
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  readonly kind?: string | undefined;
  readonly requestId?: string | undefined;
  /** The id of the last row of an earlier page. */
  readonly before?: number | undefined;
};

export type RecordedChange = {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly actor: string;
  readonly requestId: string | null;
  readonly at: Date;
};

export class ChangeLog {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Newest first. */
  async list({ actor, subject, kind, requestId, before }: ChangeFilter, limit: number): Promise<RecordedChange[]> {
    const { rows } = await this.#pool.query<RecordedChange>(
      `select id, kind, subject, before, after, actor, request_id as "requestId", at from audit.change
       where ($1::text is null or actor = $1) and ($2::text is null or subject = $2) and ($3::text is null or kind = $3)
         and ($4::text is null or request_id = $4) and id < $5 order by id desc limit $6`,
      [actor, subject, kind, requestId, before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows;
  }
}
