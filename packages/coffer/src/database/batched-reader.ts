/**
 * Merges reads by name that arrive together into one query. While one query runs the next one gathers, so a lone reader never waits and a
 * thousand readers make a few queries.
 */
type Waiting<V> = {
  readonly name: string;
  readonly answer: (value: V | null) => void;
  readonly fail: (reason: unknown) => void;
};

const namesPerQuery = 500;
const queriesAtOnce = 2;

export class BatchedReader<V> {
  readonly #readAll: (names: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  #waiting: Waiting<V>[] = [];
  #running = 0;

  constructor(readAll: (names: readonly string[]) => Promise<ReadonlyMap<string, V>>) {
    this.#readAll = readAll;
  }

  /** Null when the name has no value. The value is never older than the call. */
  read(name: string): Promise<V | null> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ name, answer, fail });
      // After the current burst of I/O, so that everything in it shares a query.
      if (this.#waiting.length === 1 && this.#running < queriesAtOnce) setImmediate(() => void this.#drain());
    });
  }

  async #drain(): Promise<void> {
    if (this.#running >= queriesAtOnce) return;
    this.#running++;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, namesPerQuery);
      try {
        const values = await this.#readAll([...new Set(batch.map(({ name }) => name))]);
        for (const { name, answer } of batch) answer(values.get(name) ?? null);
      } catch (failure) {
        for (const { fail } of batch) fail(failure);
      }
    }
    this.#running--;
  }
}
