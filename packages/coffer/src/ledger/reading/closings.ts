/** Closed periods: the date before which nothing new may be dated, for all books. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';

/** `before`: what is recorded after `closedAt` may not be dated earlier. */
export type Closing = { readonly before: Date; readonly actor: string; readonly reason: string; readonly closedAt: Date };

/** By the database's clock, and the closing date in force; null: no period is closed. */
export type DateBounds = { readonly now: Date; readonly closedBefore: Date | null };

type ClosingRow = { before: Date; actor: string; reason: string; closed_at: Date };

const listedMax = 500;

export class Closings {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async bounds(): Promise<DateBounds> {
    const { rows } = await this.#pool.query<{ now: Date; before: Date | null }>({
      name: 'date_bounds',
      text: 'select clock_timestamp() as now, (select c.before from ledger.closing c order by c.number desc limit 1) as before',
    });
    const [row] = rows;
    assert(row, 'the query returns a row');
    return { now: row.now, closedBefore: row.before };
  }

  /** Takes effect immediately; an earlier date opens a period again. Null when the date is in the future. */
  async close({ before, actor, reason }: Omit<Closing, 'closedAt'>): Promise<Closing | null> {
    const { rows } = await this.#pool.query<ClosingRow>('select * from ledger.close_period($1, $2, $3)', [before, actor, reason]);
    return rows[0] ? closingFromRow(rows[0]) : null;
  }

  /** Newest first: the first is in force. */
  async list(): Promise<Closing[]> {
    const text = 'select before, actor, reason, closed_at from ledger.closing order by number desc limit $1';
    const { rows } = await this.#pool.query<ClosingRow>(text, [listedMax]);
    return rows.map(closingFromRow);
  }
}

function closingFromRow({ before, actor, reason, closed_at: closedAt }: ClosingRow): Closing {
  return { before, actor, reason, closedAt };
}
