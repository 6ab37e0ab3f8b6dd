/**
 * The interface of a cache of pages. A page's name says everything that its rows depend on (a wallet, a version of it, a count), and
 * history is append-only: a named page never changes. So nothing is ever invalidated, and no cached page can be older than the name that
 * its reader got from the database.
 */
export type PageCache = {
  readonly counts: CacheCounts;
  /** The cached page, or the database's. Fails only as `read` does. */
  page<Row>(name: string, read: () => Promise<readonly Row[]>): Promise<readonly Row[]> | readonly Row[];
};

export type CacheCounts = { hits: number; misses: number };
