/** The interface of a cache, in memory or in Redis. */

/**
 * No cached read older than this is returned. Correctness comes from invalidation; this only bounds the effect of a lost message, a process
 * that was killed midway, or a restored Redis.
 */
export const oldestMs = 5_000;

/** A read value and its mark: of two, the one with the greater mark is newer. Null: valid now, but not cacheable. */
export type Reading<V> = { readonly value: V; readonly mark: number | null };

export type Question<V> = {
  /** A subject may have several kinds of values. */
  readonly kind: 'wallet' | 'history';
  readonly name: string;
  /** Cached values with a smaller mark do not count. */
  readonly atLeast: number;
  /** Reads from the database. Null: there is nothing, which is not cached. */
  readonly read: () => Promise<Reading<V> | null>;
  /** The size of the value, in rows. */
  readonly weigh: (value: V) => number;
};

/** A changed wallet: everything cached from now on includes everything up to `seq`. Infinity: unknown. */
export type Change = { readonly id: string; readonly seq: number };

export type Cache = {
  /** The cached value, or the database's. Fails only as the question's own read does. */
  read<V>(question: Question<V>): Promise<V | null> | V | null;
  /** Resolves when no process that shares the cache can return an older value. Never fails. */
  forget(changes: readonly Change[]): Promise<void> | void;
};

export type CacheCounts = { hits: number; misses: number; forgotten: number };

export async function valueOf<V>(reading: Promise<Reading<V> | null>): Promise<V | null> {
  return (await reading)?.value ?? null;
}
