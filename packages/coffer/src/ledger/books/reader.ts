/** Reads over all books: routes a read to one book where that is enough, and merges the answers of all books otherwise. */
import type pg from 'pg';
import { assert } from '../../kernel/index.ts';
import { BookReader } from '../reading/reads.ts';
import type { LedgerEvent } from '../reading/events.ts';
import type { Balance } from '../reading/reads.ts';
import { bookOfInitiator, bookOfOwner } from './placement.ts';
import { formatPositions, parsePositions } from './positions.ts';

/** Events in the order of each book; across books, in the order they were recorded. */
export type EventPage = {
  readonly events: readonly LedgerEvent[];
  /** The cursor of the next page; null when the page is empty. */
  readonly next: string | null;
};

export class LedgerReader {
  readonly #readers: readonly BookReader[];

  /** `releasedUntil`: the moment before which every expired hold of a book has been released. */
  constructor(books: number, pool: pg.Pool, releasedUntil: (book: number) => Date) {
    this.#readers = Array.from({ length: books }, (_, at) => new BookReader(at + 1, pool, () => releasedUntil(at + 1)));
  }

  /** Reads of one book; null when the ledger has no such book. */
  book(number: number): BookReader | null {
    return this.#readers[number - 1] ?? null;
  }

  /** Reads of the book that a stored object names. */
  in({ book }: { readonly book: number }): BookReader {
    const reader = this.book(book);
    assert(reader, `book ${book} is one of the ledger's`);
    return reader;
  }

  /** Null when there is no such wallet or it belongs to another owner. Of an account that exists in every book, the one whose book posts what it initiates. */
  async balance(wallet: string, onlyOwner?: string): Promise<Balance | null> {
    return await this.in({ book: bookOfInitiator(wallet, this.#readers.length) }).balance(wallet, onlyOwner);
  }

  /** The owner's wallets, by asset number, after the given one. */
  async balancesOf(owner: string, afterAsset: number, limit: number): Promise<Balance[]> {
    return await this.in({ book: bookOfOwner(owner, this.#readers.length) }).balancesOf(owner, afterAsset, limit);
  }

  /**
   * Events after a cursor, oldest first. A book may commit an event that was recorded before one already read from another book. It comes
   * later then but is never skipped, because the cursor counts each book separately.
   */
  async events(cursor: string | undefined, limit: number): Promise<EventPage> {
    const positions = parsePositions(cursor, this.#readers.length);
    const found = await Promise.all(
      this.#readers.map((reader, at) => reader.events(positions[at]?.seq ?? 0, positions[at]?.part ?? 0, limit)),
    );
    // The sort is stable and a book's clock never goes back, so each book keeps its order.
    const events = found
      .flat()
      .toSorted((one, other) => one.recordedAt.getTime() - other.recordedAt.getTime())
      .slice(0, limit);
    for (const { book, seq, part } of events) positions[book - 1] = { seq, part };
    return { events, next: events.length === 0 ? null : formatPositions(positions) };
  }

  /** Whether a cursor is not in the log, or in the named book's: beyond its end, or in an end that was lost. */
  async isBeyond(cursor: string, only?: number): Promise<boolean> {
    const positions = parsePositions(cursor, this.#readers.length);
    const numbers = only === undefined ? positions.map((_, at) => at + 1) : [only];
    const isBeyondBook = async (book: number) => {
      const { seq = 0 } = positions[book - 1] ?? {};
      return (await this.in({ book }).within(seq)) < seq;
    };
    return (await Promise.all(numbers.map(isBeyondBook))).includes(true);
  }
}
