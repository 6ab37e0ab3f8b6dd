/** What can be asked of a cache, whoever keeps it. */

/**
 * However it came about, nothing that was read longer ago is answered from a cache. It is not what makes answers true (forgetting is);
 * it bounds what a lost message, a process that was killed in the middle, or a restored Redis can do.
 */
export const oldestMs = 5_000;

/** What a read found, and how new that is: of two, the one with the greater mark is the newer. Null: true now, and not to be kept. */
export type Reading<V> = { readonly value: V; readonly mark: number | null };

export type Question<V> = {
  /** What of it is asked: of one subject there may be several kinds of answer. */
  readonly kind: 'wallet' | 'history';
  readonly name: string;
  /** An answer that is older than this mark is none. */
  readonly atLeast: number;
  /** Asks the database. Null: there is nothing, which is not kept. */
  readonly read: () => Promise<Reading<V> | null>;
  /** How much room the value takes, in rows. */
  readonly weigh: (value: V) => number;
};

/** A wallet that is not what it was: everything up to `seq` is in whatever is kept of it from now on. Infinity: nobody knows. */
export type Change = { readonly id: string; readonly seq: number };

export type Cache = {
  /** What is kept, or what the database says. Fails only as the question's own read does. */
  read<V>(question: Question<V>): Promise<V | null> | V | null;
  /** Answers when no process that shares the cache can be answered with less. Never fails. */
  forget(changes: readonly Change[]): Promise<void> | void;
};

export type CacheCounts = { hits: number; misses: number; forgotten: number };

export async function valueOf<V>(reading: Promise<Reading<V> | null>): Promise<V | null> {
  return (await reading)?.value ?? null;
}
