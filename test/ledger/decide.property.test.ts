import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask } from '../../server/ledger/rules/asked.ts';
import type { Rows } from '../../server/ledger/chain/chain.ts';
import { decideTogether } from '../../server/ledger/posting/group.ts';
import { refusalMeanings } from '../../server/ledger/index.ts';
import type { Outcome } from '../../server/ledger/index.ts';
import { BookState } from '../../server/ledger/posting/state.ts';
import { comparable, comparableEntry, comparableOutcome, entryAsModel } from '../support/compare.ts';
import { Model } from '../support/model.ts';
import { assets, requests } from '../support/operations.ts';
import type { Asked } from '../support/operations.ts';
import { seedOf } from '../support/seed.ts';
import { examples } from './examples.ts';

const recordedAt = new Date('2026-01-01T00:00:00Z');

/** The rules and the memory of a book, without a database. */
class PureBook {
  readonly #state = new BookState(1, new Set(assets), 1, 1);
  readonly rows: Rows = { openings: [], entries: [] };

  post(asked: Asked): Outcome[] {
    return decideTogether(this.#state, { asked: asked.map(ask), linked: true }, recordedAt, this.rows);
  }

  /** Decides and takes everything back, as when the database does not take the batch. */
  postInVain(asked: readonly Asked[]): void {
    const start = this.#state.mark();
    const rows: Rows = { openings: [], entries: [] };
    for (const one of asked) decideTogether(this.#state, { asked: one.map(ask), linked: true }, recordedAt, rows);
    this.#state.takeBack(this.#state.seal(start));
  }

  settle(): void {
    this.#state.seal({ ...this.#state.mark(), changes: 0 });
  }
}

describe('the rules', () => {
  it('answer every request as the model does, write the same log, and use every reason to refuse', () => {
    const used = new Set<string>();
    fc.assert(
      fc.property(requests(60), (all) => {
        const book = new PureBook();
        const model = new Model(assets);
        for (const asked of all) {
          const expected = model.postLinked(asked).map(comparable);
          const outcomes = book.post(asked);
          expect(outcomes.map(comparableOutcome)).toEqual(expected);
          for (const outcome of outcomes)
            used.add(outcome.status === 'refused' ? outcome.refusal.code : outcome.replayed ? 'replayed' : 'posted');
        }
        expect(book.rows.entries.map(entryAsModel)).toEqual(model.log.map(comparableEntry));
      }),
      { numRuns: 500, seed: seedOf('the rules against the model'), examples: examples.map((all): [Asked[]] => [[...all]]) },
    );
    expect([...used].toSorted()).toEqual([...Object.keys(refusalMeanings), 'posted', 'replayed'].toSorted());
  });

  it('leave no trace of a batch that is taken back', () => {
    fc.assert(
      fc.property(requests(15), requests(15), requests(15), (before, inVain, after) => {
        const book = new PureBook();
        const model = new Model(assets);
        for (const asked of before) {
          model.postLinked(asked);
          book.post(asked);
        }
        book.settle();
        book.postInVain(inVain);
        for (const asked of after) {
          const expected = model.postLinked(asked).map(comparable);
          expect(book.post(asked).map(comparableOutcome)).toEqual(expected);
        }
      }),
      { numRuns: 200, seed: seedOf('batches taken back') },
    );
  });
});
