/** The rules and the memory of a book without a database: look-ups search the rows written so far. */
import { prepare } from '../../packages/coffer/src/ledger/rules/prepared.ts';
import type { NewRows } from '../../packages/coffer/src/ledger/chain/chain.ts';
import { decideTogether } from '../../packages/coffer/src/ledger/posting/batch.ts';
import { mayHaveDue } from '../../packages/coffer/src/ledger/posting/due.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import type { Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { chart, retiredAsset } from './model-world.ts';
import { assets, keepsWallet } from './operations.ts';

/** For a book that does not contain every wallet. */
export function emptyState(): BookState {
  const state = new BookState(1, new Set(assets), 1, 1, keepsWallet);
  state.learnDefinitions({
    known: new Set(assets),
    retired: new Set([retiredAsset]),
    named: new Map(Object.entries(chart)),
    undeclared: [],
  });
  return state;
}

/** As the writer does ahead of deciding. */
export function lookUpOriginals(state: BookState, { entries }: NewRows, operations: readonly Operation[]): void {
  for (const operation of operations) {
    const seq = operation.kind === 'reversal' ? operation.reverses : 'ends' in operation ? operation.ends : 0;
    const entry = entries[seq - 1];
    if (!entry || state.original(entry.seq)) continue;
    state.learnOriginal({ entry, reversed: entries.findLast(({ reverses }) => reverses === entry.seq)?.reversed ?? 0n });
  }
}

/** As the writer does ahead of deciding, for everything that is not committed too. */
export function lookUpDue(state: BookState, { entries }: NewRows, operations: readonly Operation[], now: Date): void {
  const holds = entries.filter(({ kind, refusal }) => kind === 'hold' && refusal === null);
  const leftOf = (seq: number) => entries.findLast(({ hold }) => hold === seq)?.holdLeft ?? 0n;
  for (const { id } of mayHaveDue(state, [{ operations: operations.map(prepare), linked: true }], now)) {
    const own = holds.filter(({ debit, expiresAt }) => debit?.id === id && expiresAt !== null);
    const due = own
      .filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now)
      .map(({ seq, amount, expiresAt }) => ({ seq, wallet: id, amount: amount ?? 0n, left: leftOf(seq), expiresAt }))
      .filter(({ left }) => left > 0n)
      .toSorted((one, other) => Number(one.expiresAt) - Number(other.expiresAt) || one.seq - other.seq);
    const later = own.map(({ expiresAt }) => Number(expiresAt)).filter((expiryMs) => expiryMs > now.getTime());
    state.learnDue(id, { holds: due, nextMs: Math.min(...later, Number.POSITIVE_INFINITY) });
  }
}

export class PureBook {
  readonly #state = emptyState();
  readonly rows: NewRows = { openings: [], entries: [] };

  post(operations: readonly Operation[], now: Date): Outcome[] {
    lookUpOriginals(this.#state, this.rows, operations);
    lookUpDue(this.#state, this.rows, operations, now);
    return decideTogether(this.#state, { operations: operations.map(prepare), linked: true }, now, this.rows);
  }

  /** Decides and rolls everything back, as when the database rejects the batch. */
  postInVain(requests: readonly (readonly Operation[])[], now: Date): void {
    const start = this.#state.mark();
    const rows: NewRows = { openings: [], entries: [] };
    for (const operations of requests) {
      lookUpOriginals(this.#state, this.rows, operations);
      if (rows.entries.length === 0) lookUpDue(this.#state, this.rows, operations, now);
      decideTogether(this.#state, { operations: operations.map(prepare), linked: true }, now, rows);
    }
    this.#state.takeBack(this.#state.seal(start));
  }

  settle(): void {
    this.#state.seal({ ...this.#state.mark(), changes: 0 });
  }
}
