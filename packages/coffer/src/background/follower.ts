/** A position in the event log of a book: the entry, and the part of it. */
export type Position = { readonly seq: number; readonly part: number };

/** What follows a position. `isFull`: there may be more behind it. */
export type Followed<Event> = { readonly after: Position; readonly events: readonly Event[]; readonly isFull: boolean };

type Ahead<Event> = { readonly after: Position; readonly reading: Promise<readonly Event[]> };

export type FollowerOptions<Event> = {
  /** At most `limit` events of a book after a position, in their order. */
  readonly read: (book: number, after: Position, limit: number) => Promise<readonly Event[]>;
  readonly limit: number;
};

const beginning: Position = { seq: 0, part: 0 };

/** Follows the logs of books from one position to the next. While a full page is worked on, the page after it is read. */
export class Follower<Event extends Position> {
  readonly #options: FollowerOptions<Event>;
  readonly #positions: Map<number, Position>;
  readonly #ahead = new Map<number, Ahead<Event>>();

  constructor(positions: ReadonlyMap<number, Position>, options: FollowerOptions<Event>) {
    this.#positions = new Map(positions);
    this.#options = options;
  }

  /** The events after the book's position, which stays where it is: the same again until `moveOn`. */
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
    // Its failure is the next call's; until then nothing awaits it.
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
