import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Delivery, Place } from '../events/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import { byBook, follows } from './deliveries.ts';
import { isBefore } from './marks.ts';

const delivery = (book: number, place: Place, previous: Place | null = null): Delivery => ({
  event: { book, ...place } as LedgerEvent,
  previous,
});
const place = fc.record({ seq: fc.integer({ min: 1, max: 5 }), part: fc.integer({ min: 1, max: 3 }) });

/** A log without gaps, from the first event of a book. */
const log = fc
  .uniqueArray(place, { minLength: 1, maxLength: 10, selector: ({ seq, part }) => `${seq}-${part}` })
  .map((places) => places.toSorted((one, other) => one.seq - other.seq || one.part - other.part))
  .map((places) => places.map((one, at) => delivery(1, one, places[at - 1] ?? null)));

test('in any order and with duplicates: each book has its events, each once, in log order', () => {
  const any = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), place).map(([book, at]) => delivery(book, at)));
  fc.assert(
    fc.property(any, (batch) => {
      const books = byBook(batch);
      const idOf = ({ event: { book, seq, part } }: Delivery) => `${book}-${seq}-${part}`;
      expect([...books.values()].flat().map(idOf).toSorted()).toEqual([...new Set(batch.map(idOf))].toSorted());
      for (const [book, deliveries] of books) {
        expect(deliveries.every(({ event }) => event.book === book)).toBe(true);
        expect(deliveries.every(({ event }, at) => at === 0 || isBefore(deliveries[at - 1]?.event ?? event, event))).toBe(true);
      }
    }),
  );
});

describe('deliveries are applied directly', () => {
  test('if they are all events after the mark', () => {
    fc.assert(
      fc.property(log, fc.nat(), (all, cut) => {
        const at = cut % all.length;
        const mark = all[at - 1]?.event ?? { seq: 0, part: 0 };
        expect(follows(mark, all.slice(at))).toBe(true);
      }),
    );
  });

  test('but not if one is missing, at the beginning or in between', () => {
    fc.assert(
      fc.property(
        log.filter((all) => all.length > 1),
        fc.nat(),
        (all, missing) => {
          const at = missing % (all.length - 1);
          expect(follows({ seq: 0, part: 0 }, all.toSpliced(at, 1))).toBe(false);
        },
      ),
    );
  });

  test('but not if the mark is not directly before the first', () => {
    const all = [delivery(1, { seq: 2, part: 1 }, { seq: 1, part: 1 })];
    expect(
      [
        { seq: 1, part: 1 },
        { seq: 1, part: 2 },
        { seq: 0, part: 0 },
      ].map((mark) => follows(mark, all)),
    ).toEqual([true, false, false]);
  });
});
