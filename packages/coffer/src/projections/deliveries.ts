/** Orders what a broker delivers, and checks it before it is applied. */
import type { Delivery, Place } from '../events/index.ts';
import { beginning, isSame } from './marks.ts';

/** In the order of each book, each event once. */
export function byBook(batch: readonly Delivery[]): Map<number, Delivery[]> {
  const sorted = batch.toSorted(
    ({ event: one }, { event: other }) => one.book - other.book || one.seq - other.seq || one.part - other.part,
  );
  const books = new Map<number, Delivery[]>();
  for (const delivery of sorted) {
    const known = books.get(delivery.event.book) ?? [];
    const before = known.at(-1)?.event;
    if (!before || !isSame(before, delivery.event)) known.push(delivery);
    books.set(delivery.event.book, known);
  }
  return books;
}

/** Whether nothing is missing between the mark and the last of them. */
export function follows(mark: Place, deliveries: readonly Delivery[]): boolean {
  return deliveries.every(({ previous }, at) => isSame(previous ?? beginning, deliveries[at - 1]?.event ?? mark));
}
