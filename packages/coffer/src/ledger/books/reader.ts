/** Reads over all books: what one book can answer is asked of that book, the rest is put together from all of them. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import { BookReader } from '../reading/reads.ts';
import type { Balance, LedgerEvent } from '../reading/reads.ts';
import { bookOfOwner, bookOfWallet } from './placement.ts';
import { formatPositions, parsePositions } from './positions.ts';

/** Events in the order of each book; those of several books by the time they were recorded. */
export type EventPage = {
  readonly events: readonly LedgerEvent[];
  /** Where the next page begins; null when there was nothing to read. */
  readonly next: string | null;
};

export class LedgerReader {
  readonly #readers: readonly BookReader[];

  constructor(books: number, pool: pg.Pool) {
    this.#readers = Array.from({ length: books }, (_, at) => new BookReader(at + 1, pool));
  }

  /** Reads of one book; null when the ledger has no such book. */
  book(number: number): BookReader | null {
    return this.#readers[number - 1] ?? null;
  }

  /** Reads of the book that something on record names. */
  in({ book }: { readonly book: number }): BookReader {
    const reader = this.book(book);
    assert(reader, `book ${book} is one of the ledger's`);
    return reader;
  }

  /** Null when there is no such wallet, or it is not the owner's. System accounts are in every book: ask one for its own. */
  async balance(wallet: string, onlyOwner?: string): Promise<Balance | null> {
    return await this.in({ book: bookOfWallet(wallet, this.#readers.length) }).balance(wallet, onlyOwner);
  }

  /** The owner's wallets, by asset number, after the given one. */
  async balancesOf(owner: string, afterAsset: number, limit: number): Promise<Balance[]> {
    return await this.in({ book: bookOfOwner(owner, this.#readers.length) }).balancesOf(owner, afterAsset, limit);
  }

  /**
   * Events after a place, oldest first. A book may commit what was recorded before an event that another book has shown already: it
   * comes later then, and is never passed over, because the place says of each book how far it was read.
   */
  async events(cursor: string | undefined, limit: number): Promise<EventPage> {
    const positions = parsePositions(cursor, this.#readers.length);
    const found = await Promise.all(
      this.#readers.map((reader, at) => reader.events(positions[at]?.seq ?? 0, positions[at]?.part ?? 0, limit)),
    );
    // Stable, and a book's clock never goes back: the order within each book stays as it is.
    const events = found
      .flat()
      .toSorted((one, other) => one.recordedAt.getTime() - other.recordedAt.getTime())
      .slice(0, limit);
    for (const { book, seq, part } of events) positions[book - 1] = { seq, part };
    return { events, next: events.length === 0 ? null : formatPositions(positions) };
  }

  /** Whether a place is after the end of the log, of one book if it is named: then it is another log's, or the log was put back. */
  async isBeyond(cursor: string, only?: number): Promise<boolean> {
    const positions = parsePositions(cursor, this.#readers.length);
    const asked = only === undefined ? positions.map((_, at) => at + 1) : [only];
    const beyond = await Promise.all(asked.map(async (book) => (positions[book - 1]?.seq ?? 0) > (await this.in({ book }).lastSeq())));
    return beyond.includes(true);
  }
}
