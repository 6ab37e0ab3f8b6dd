/**
 * Releases what is left of expired holds, through ordinary postings: if a capture and an expiry race, the log takes one and the other finds
 * nothing left. It decides what has expired at the same moment as the writer would, also while the log is ahead of the database's clock.
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
 * A hold may commit after later ones, because its time is taken at the decision. This is longer than any batch takes to commit, so older
 * holds have all been seen.
 */
const lookBackMs = 60_000;

type Due = { readonly seq: number; readonly wallet: string; readonly expires_at: Date; readonly is_open: boolean };

/** Resolved holds are paged over too, so that no single query takes long. */
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
  /** The writer's moment; null while it is disconnected. */
  readonly now: () => Date | null;
  readonly post: (operations: readonly ExpireOperation[]) => Promise<Outcome[]>;
};

export class Expiry {
  readonly #options: ExpiryOptions;
  readonly #loop: Loop;
  #releasedUntil = new Date(0);
  #stopped = false;

  constructor(options: ExpiryOptions) {
    this.#options = options;
    this.#loop = startLoop({ everyMs, firstMs: everyMs, work: () => this.#sweep(), failed: (failure) => this.#tell(failure) });
  }

  /** Every hold that expired before this moment has been released. It goes back with the clock: a new hold may expire before it. */
  get releasedUntil(): Date {
    return this.#releasedUntil;
  }

  /** Starts no new sweep, and waits for the current one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
  }

  async #sweep(): Promise<void> {
    const { book, pool } = this.#options;
    const now = this.#options.now();
    if (now === null) return;
    const settledMs = now.getTime() - lookBackMs;
    const fromMs = Math.min(this.#releasedUntil.getTime(), settledMs);
    this.#releasedUntil = new Date(Math.max(0, fromMs));
    let after: Pick<Due, 'expires_at' | 'seq'> = { expires_at: this.#releasedUntil, seq: 0 };
    let openMs = Number.POSITIVE_INFINITY;
    for (let isMore = true; isMore && !this.#stopped;) {
      const values = [book, after.expires_at, after.seq, now];
      const due = (await pool.query<Due>({ name: 'due_holds', text: dueText, values })).rows;
      openMs = Math.min(openMs, await this.#release(due.filter(({ is_open: isOpen }) => isOpen)));
      isMore = due.length === holdsPerLook;
      after = due.at(-1) ?? after;
      const doneMs = isMore ? after.expires_at.getTime() : settledMs;
      this.#releasedUntil = new Date(Math.max(0, Math.min(doneMs, settledMs, openMs)));
    }
  }

  /** Returns when the first hold expires that is still open, in milliseconds since 1970: the clock was put back in between. */
  async #release(holds: readonly Due[]): Promise<number> {
    if (holds.length === 0) return Number.POSITIVE_INFINITY;
    const outcomes = await this.#options.post(
      holds.map(({ seq, wallet }) => ({ kind: 'expire', key: null, wallet, hold: seq, actor: 'coffer' })),
    );
    const isOpen = (at: number) => {
      const outcome = outcomes[at];
      return outcome?.status === 'refused' && outcome.refusal.code !== 'hold_resolved';
    };
    return holds.find((_, at) => isOpen(at))?.expires_at.getTime() ?? Number.POSITIVE_INFINITY;
  }

  #tell(failure: unknown): void {
    // The ledger itself reports an unavailable database; the next sweep finds the same holds.
    if (isOutage(failure) || failure instanceof LedgerUnavailable || failure instanceof LedgerOverloaded) return;
    this.#options.log.warn({ err: failure, book: this.#options.book }, 'Could not release expired holds; retrying');
  }
}
