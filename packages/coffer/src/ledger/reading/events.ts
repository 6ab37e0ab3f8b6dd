/** Reads the event log of one book. */
import type pg from 'pg';

/** One event of the log: see the view `ledger.event`. `data` is JSON. */
export type LedgerEvent = {
  readonly id: string;
  readonly book: number;
  readonly seq: number;
  readonly part: number;
  readonly type: string;
  readonly wallet: string;
  readonly recordedAt: Date;
  readonly data: Record<string, unknown>;
};

/** No entry has more events. */
export const eventsPerEntryMax = 8;

/** An entry, and what decides which events it has: entries of one shape have events of the same types. */
export type EntryShape = { readonly seq: number; readonly shape: string };

type EventRow = Pick<LedgerEvent, 'seq' | 'part' | 'type' | 'wallet' | 'data'> & { readonly recorded_at: Date };

export class EventReader {
  readonly #book: number;
  readonly #pool: pg.Pool;

  constructor(book: number, pool: pg.Pool) {
    this.#book = book;
    this.#pool = pool;
  }

  /** Events after a position, oldest first. */
  async after(seq: number, part: number, limit: number): Promise<LedgerEvent[]> {
    return await this.#read({
      name: 'events',
      text: `${selection} and seq >= $2 and (seq, part) > ($2, $3) order by seq, part limit $4`,
      values: [this.#book, seq, part, limit],
    });
  }

  /** Events after a position, up to an entry with all of its events, oldest first. */
  async until(lastSeq: number, after: { readonly seq: number; readonly part: number }, limit: number): Promise<LedgerEvent[]> {
    return await this.#read({
      name: 'events_until',
      text: `${selection} and seq >= $2 and (seq, part) > ($2, $3) and seq <= $5 order by seq, part limit $4`,
      values: [this.#book, after.seq, after.part, limit, lastSeq],
    });
  }

  /** The events of some entries, oldest first. */
  async ofEntries(seqs: readonly number[]): Promise<LedgerEvent[]> {
    return await this.#read({
      name: 'events_of_entries',
      text: `${selection} and seq = any($2::bigint[]) order by seq, part`,
      values: [this.#book, seqs],
    });
  }

  /**
   * The entries after one, oldest first, without their events: that costs a fiftieth. Of an entry, only these columns decide in the
   * view `ledger.event` which lines it has.
   */
  async shapes(afterSeq: number, limit: number): Promise<EntryShape[]> {
    const { rows } = await this.#pool.query<EntryShape>({
      name: 'entry_shapes',
      text: `
        select e.seq, concat_ws(' ', e.kind, e.refusal is null, e.hold is null, e.controls is null,
          case when e.kind in ('open', 'capture', 'reversal', 'close') then concat_ws(' ',
            (select a.kind from ledger.account a where a.book = $1 and a.number = e.debit_account), '/',
            (select a.kind from ledger.account a where a.book = $1 and a.number = e.credit_account)) end) as shape
        from ledger.entry e where e.book = $1 and e.seq > $2 order by e.seq limit $3`,
      values: [this.#book, afterSeq, limit],
    });
    return rows;
  }

  async #read(query: { name: string; text: string; values: unknown[] }): Promise<LedgerEvent[]> {
    const { rows } = await this.#pool.query<EventRow>(query);
    const book = this.#book;
    return rows.map(({ seq, part, type, wallet, recorded_at: recordedAt, data }) => {
      return { id: `${book}-${seq}-${part}`, book, seq, part, type, wallet, recordedAt, data };
    });
  }
}

const selection = 'select seq, part, type, wallet, recorded_at, data from ledger.event where book = $1';
