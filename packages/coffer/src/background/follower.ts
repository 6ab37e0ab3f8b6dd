/** A position in the event log of a book: the entry, and the part of it. */
export type Position = { readonly seq: number; readonly part: number };

/** The events after a position. `isFull`: there may be more. */
export type Followed<Event> = { readonly after: Position; readonly events: readonly Event[]; readonly isFull: boolean };

type Ahead<Event> = { readonly after: Position; readonly reading: Promise<readonly Event[]> };

export type FollowerOptions<Event> = {
  /** Reads at most `limit` events of a book after a position, in order. */
  readonly read: (book: number, after: Position, limit: number) => Promise<readonly Event[]>;
  readonly limit: number;
};

const beginning: Position = { seq: 0, part: 0 };

/** Follows the logs of books. Prefetches the next page while a full one is processed. */
export class Follower<Event extends Position> {
  readonly #options: FollowerOptions<Event>;
  readonly #positions: Map<number, Position>;
  readonly #ahead = new Map<number, Ahead<Event>>();

  constructor(positions: ReadonlyMap<number, Position>, options: FollowerOptions<Event>) {
    this.#positions = new Map(positions);
    this.#options = options;
  }

  /** The events after the book's position, which does not move: the same events until `moveOn`. */
  async next(book: number): Promise<Followed<Event>> {
    const { limit } = this.#options;
    const after = this.#positions.get(book) ?? beginning;
    const ahead = this.#ahead.get(book);
    this.#ahead.delete(book);
    const events = await (ahead && isSame(ahead.after, after) ? ahead.reading : this.#read(book, after));
    const last = events.at(-1);
    const isFull = last !== undefined && events.length === limit;
    if (isFull) this.#readAhead(book, last);
    return { after, events, isFull };
  }

  moveOn(book: number, { seq, part }: Position): void {
    this.#positions.set(book, { seq, part });
  }

  #readAhead(book: number, { seq, part }: Position): void {
    const after = { seq, part };
    const reading = this.#read(book, after);
    // A failure is reported by the next call; until then the promise is not awaited.
    reading.catch(() => undefined);
    this.#ahead.set(book, { after, reading });
  }

  async #read(book: number, after: Position): Promise<readonly Event[]> {
    return await this.#options.read(book, after, this.#options.limit);
  }
}

function isSame(one: Position, other: Position): boolean {
  return one.seq === other.seq && one.part === other.part;
}
