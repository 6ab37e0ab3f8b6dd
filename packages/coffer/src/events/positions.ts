/** A reader's position in the log can be beyond its end only if someone changed it: the reader would wait there and miss everything. */
import type { Log } from '../kernel/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { Place } from './broker.ts';

type Session = {
  positions(books: readonly number[]): Promise<Map<number, Place>>;
  /** Moves a position to the beginning of the log. */
  restart(book: number): Promise<void>;
};

/** The positions of a reader. One beyond the end of the log starts over: events may repeat, and none is missed. */
export async function positionsWithin(session: Session, ledger: Pick<Ledger, 'books' | 'read'>, log: Log): Promise<Map<number, Place>> {
  const positions = await session.positions(ledger.books);
  for (const book of ledger.books) {
    const end = await ledger.read.in({ book }).lastSeq();
    const { seq = 0 } = positions.get(book) ?? {};
    if (seq <= end) continue;
    log.error({ book, seq, end }, 'A position in the event log is beyond its end; reading starts again from the beginning');
    await session.restart(book);
    positions.delete(book);
  }
  return positions;
}
