/**
 * Gives back what is left of holds whose time is up. By the database's clock, and by posting, like everything else: of a capture and
 * an expiry at the same moment the log takes one, and the other finds nothing left.
 */
import type pg from 'pg';
import { startLoop } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import type { Log } from '../../kernel/index.ts';
import { isOutage, LedgerOverloaded, LedgerUnavailable } from './outages.ts';
import type { ExpireOperation, Outcome } from '../rules/types.ts';

const everyMs = 1_000;
const holdsPerLook = 1_000;
/**
 * A hold may be committed after later ones: its moment was taken when it was decided. Longer than any batch may take to commit, so that
 * what lies further back has all been seen.
 */
const lookBackMs = 60_000;

type Due = { readonly seq: number; readonly wallet: string; readonly expires_at: Date; readonly is_open: boolean };

/** Those that are resolved are passed over page by page too, so that no look takes long. */
export const dueText = `
  select h.seq, a.id as wallet, h.expires_at,
    (select n.hold_left > 0 from ledger.entry n where n.book = $1 and n.hold = h.seq order by n.debit_version desc limit 1) as is_open
  from (
    select e.seq, e.expires_at, e.debit_account from ledger.entry e
    where e.book = $1 and (e.expires_at, e.seq) > ($2, $3) and e.expires_at <= $4
    order by e.expires_at, e.seq limit ${holdsPerLook}
  ) h
  join ledger.account a on a.book = $1 and a.number = h.debit_account
  order by h.expires_at, h.seq`;

export type ExpiryOptions = {
  readonly book: number;
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly post: (operations: readonly ExpireOperation[]) => Promise<Outcome[]>;
};

export class Expiry {
  readonly #options: ExpiryOptions;
  readonly #loop: Loop;
  /** Everything that was due before this moment has been given back. */
  #doneUntil = new Date(0);
  #stopped = false;

  constructor(options: ExpiryOptions) {
    this.#options = options;
    this.#loop = startLoop({ everyMs, firstMs: everyMs, work: () => this.#sweep(), failed: (failure) => this.#tell(failure) });
  }

  /** Begins no new sweep, and waits for the one that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
  }

  async #sweep(): Promise<void> {
    const { book, pool, post } = this.#options;
    const { rows } = await pool.query<{ now: Date }>({ name: 'expiry_clock', text: 'select clock_timestamp() as now' });
    const now = rows[0]?.now ?? this.#doneUntil;
    let after: Pick<Due, 'expires_at' | 'seq'> = { expires_at: this.#doneUntil, seq: 0 };
    for (let isMore = true; isMore && !this.#stopped;) {
      const values = [book, after.expires_at, after.seq, now];
      const due = (await pool.query<Due>({ name: 'due_holds', text: dueText, values })).rows;
      const open = due.filter(({ is_open: isOpen }) => isOpen);
      if (open.length > 0) await post(open.map(({ seq, wallet }) => ({ kind: 'expire', key: null, wallet, hold: seq })));
      isMore = due.length === holdsPerLook;
      after = due.at(-1) ?? after;
    }
    if (!this.#stopped) this.#doneUntil = new Date(Math.max(now.getTime() - lookBackMs, this.#doneUntil.getTime()));
  }

  #tell(failure: unknown): void {
    // The ledger says itself when its database is away; the next sweep finds the same holds.
    if (isOutage(failure) || failure instanceof LedgerUnavailable || failure instanceof LedgerOverloaded) return;
    this.#options.log.warn({ err: failure, book: this.#options.book }, 'Expired holds could not be given back; trying again');
  }
}
