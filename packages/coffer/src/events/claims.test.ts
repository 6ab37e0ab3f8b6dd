import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ledger, LedgerEvent } from '../ledger/index.ts';
import type { Delivery, Place } from './broker.ts';
import { confirm } from './claims.ts';
import type { Claim, Span } from './claims.ts';

function eventAt(book: number, seq: number, part: number): LedgerEvent {
  const id = `${book}-${seq}-${part}`;
  return { id, book, seq, part, type: 'FundsDeposited', wallet: `w${seq % 3}`, recordedAt: new Date(0), data: { from: 'the log' } };
}

/** Two books whose entries have one, two or no events. */
const logs: Readonly<Record<number, readonly LedgerEvent[]>> = Object.fromEntries(
  [1, 2].map((book) => [
    book,
    Array.from({ length: 40 }, (_, at) => at + 1).flatMap((seq) =>
      Array.from({ length: seq % 3 }, (_part, part) => eventAt(book, seq, part + 1)),
    ),
  ]),
);

let reads = 0;
const between = (book: number, after: Place, limit: number, lastSeq = Number.POSITIVE_INFINITY) => {
  reads++;
  const isAfter = (e: LedgerEvent) => e.seq > after.seq || (e.seq === after.seq && e.part > after.part);
  return Promise.resolve((logs[book] ?? []).filter((e) => isAfter(e) && e.seq <= lastSeq).slice(0, limit));
};
const ledger = {
  books: [1, 2],
  read: {
    in: ({ book }: { book: number }) => ({
      events: (seq: number, part: number, limit: number) => between(book, { seq, part }, limit),
      eventLog: { until: (lastSeq: number, after: Place, limit: number) => between(book, after, limit, lastSeq) },
    }),
  },
} as unknown as Pick<Ledger, 'books' | 'read'>;

function placeOf(event: LedgerEvent | undefined): Place | null {
  return event ? { seq: event.seq, part: event.part } : null;
}

const honest: readonly Claim[] = [1, 2].flatMap((book) =>
  (logs[book] ?? []).map(({ id, seq, part, type, wallet }, at) => ({
    id,
    book,
    seq,
    part,
    type,
    wallet,
    previous: placeOf(logs[book]?.[at - 1]),
  })),
);
const truth: readonly Delivery[] = honest.map(({ book, seq, part, previous }) => ({ event: eventAt(book, seq, part), previous }));

test('what the broker delivers in order costs one read per book, and is what the log has', async () => {
  reads = 0;
  expect(await confirm(ledger, honest)).toEqual(truth.map((delivery) => [delivery]));
  expect(reads).toBe(2);
});

test('a message whose event is not in the log, or is another one there, is unfounded', async () => {
  const [real] = honest.filter(({ seq }) => seq === 20);
  if (!real) throw new Error('the log has an entry 20');
  const missing = { unfounded: 'the log has no such event' };
  expect(
    await confirm(ledger, [
      { ...real, seq: 999_999_999, id: '1-999999999-1' },
      { ...real, part: 9, id: '1-20-9' },
      { ...real, book: 7, id: '7-20-1' },
      { ...real, type: 'FundsWithdrawn' },
      { ...real, wallet: 'mallory' },
      { ...real, id: 'other' },
    ]),
  ).toEqual([missing, missing, missing, ...Array.from({ length: 3 }, () => ({ unfounded: 'the log has another event at its position' }))]);
});

test('however messages repeat, are reordered, missing or lie about their predecessor, the log alone decides', async () => {
  const place = fc.record({ seq: fc.nat({ max: 45 }), part: fc.nat({ max: 3 }) });
  const lie = fc.record({ at: fc.nat({ max: honest.length - 1 }), previous: fc.option(place) });
  const said = fc.array(fc.oneof(fc.nat({ max: honest.length - 1 }), lie), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(said, async (messages) => {
      const claims = messages.flatMap((message): Claim[] => {
        const [claim, previous] = typeof message === 'number' ? [honest[message], undefined] : [honest[message.at], message.previous];
        return claim ? [{ ...claim, previous: previous === undefined ? claim.previous : previous }] : [];
      });
      const answers = await confirm(ledger, claims);
      for (const [at, answer] of answers.entries()) {
        const claim = claims[at];
        const [delivery] = 'unfounded' in answer ? [] : answer;
        if (!claim || !delivery) throw new Error('an event of the log is confirmed');
        expect(delivery.event).toEqual(eventAt(claim.book, claim.seq, claim.part));
        // Nothing lies between the event and what is delivered as its predecessor: a consumer that is there may go on.
        const { seq, part } = delivery.previous ?? { seq: 0, part: 0 };
        const [next] = (logs[claim.book] ?? []).filter((event) => event.seq > seq || (event.seq === seq && event.part > part));
        expect(next?.id).toBe(claim.id);
      }
    }),
  );
});

/** The announcement of the events of a book between two indexes of its log, the second one excluded. */
function announcing(from: number, to: number): Claim & { readonly span: Span } {
  const events = honest.filter((claim) => claim.book === 1).slice(from, to);
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) throw new Error('the log has the events');
  const entries = new Set(events.map(({ seq }) => seq)).size;
  return { ...last, span: { after: first.previous ?? beginning, entries } };
}

const beginning: Place = { seq: 0, part: 0 };

test('announcements that follow each other cost one read, and have the events of the log between their positions', async () => {
  reads = 0;
  const ofBook = truth.filter(({ event }) => event.book === 1);
  expect(await confirm(ledger, [announcing(0, 7), announcing(7, 8), announcing(8, 30)])).toEqual([
    ofBook.slice(0, 7),
    ofBook.slice(7, 8),
    ofBook.slice(8, 30),
  ]);
  expect(reads).toBe(1);
});

test('an announcement with a wrong end, beginning or size, or in another book, is unfounded, and does not spoil those after it', async () => {
  const ofBook = truth.filter(({ event }) => event.book === 1);
  const real = announcing(3, 9);
  const { span } = real;
  const wrong: Claim[] = [
    { ...real, span: { ...span, entries: span.entries - 1 } },
    { ...real, span: { ...span, after: beginning } },
    { ...real, span: { ...span, after: { seq: 999, part: 1 } } },
    { ...real, seq: 999_999_999, id: '1-999999999-1' },
    { ...real, book: 7 },
    { ...real, wallet: 'mallory' },
  ];
  for (const claim of wrong) {
    const [answer, next] = await confirm(ledger, [claim, announcing(9, 12)]);
    expect(answer).toHaveProperty('unfounded');
    expect(next).toEqual(ofBook.slice(9, 12));
  }
});
