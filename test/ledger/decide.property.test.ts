import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalCodes } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { comparable, comparableEntry, comparableOutcome, entryAsModel } from '../support/compare.ts';
import { kinds } from '../support/kinds.ts';
import { Model } from '../support/model.ts';
import { assets, granted, keepsWallet, requests } from '../support/operations.ts';
import type { Request } from '../support/operations.ts';
import { PureBook } from '../support/pure-book.ts';
import { seedOf } from '../support/seed.ts';
import { pureExamples } from './examples.ts';

/** Two hours before a month ends, so that a day and a month end soon. */
const beginning = Date.parse('2026-01-31T22:00:00Z');

/** The operations and the time of each request, derived from the state of the model at that point. */
function turn(request: Request, model: Model, clock: { nowMs: number }): { operations: Operation[]; now: Date } {
  clock.nowMs += request.laterMs;
  return { operations: request.wishes.map((wish) => granted(wish, model, model.log.length)), now: new Date(clock.nowMs) };
}

describe('the rules', () => {
  it('give the same answers and the same log as the model, and use every refusal code', () => {
    const used = new Set<string>();
    fc.assert(
      fc.property(requests(80), (all) => {
        const book = new PureBook();
        const model = new Model(assets, keepsWallet);
        const clock = { nowMs: beginning };
        for (const request of all) {
          const { operations, now } = turn(request, model, clock);
          const expected = model.postLinked(operations, now).map(comparable);
          const outcomes = book.post(operations, now);
          expect(outcomes.map(comparableOutcome)).toEqual(expected);
          for (const outcome of outcomes)
            used.add(outcome.status === 'refused' ? outcome.refusal.code : outcome.replayed ? 'replayed' : outcome.entry.kind);
        }
        expect(book.rows.entries.map(entryAsModel)).toEqual(model.log.map(comparableEntry));
      }),
      { numRuns: 500, seed: seedOf('the rules against the model'), examples: pureExamples.map((all): [Request[]] => [[...all]]) },
    );
    expect([...used].toSorted()).toEqual([...refusalCodes, ...Object.keys(kinds), 'replayed'].toSorted());
  });

  it('leave no trace of a batch that is rolled back', () => {
    fc.assert(
      fc.property(requests(20), requests(15), requests(20), (before, inVain, after) => {
        const book = new PureBook();
        const model = new Model(assets, keepsWallet);
        const clock = { nowMs: beginning };
        for (const request of before) {
          const { operations, now } = turn(request, model, clock);
          model.postLinked(operations, now);
          book.post(operations, now);
        }
        book.settle();
        const vain = { nowMs: clock.nowMs };
        book.postInVain(
          inVain.map((request) => turn(request, model, vain).operations),
          new Date(vain.nowMs),
        );
        for (const request of after) {
          const { operations, now } = turn(request, model, clock);
          const expected = model.postLinked(operations, now).map(comparable);
          expect(book.post(operations, now).map(comparableOutcome)).toEqual(expected);
        }
      }),
      { numRuns: 200, seed: seedOf('batches taken back') },
    );
  });
});
