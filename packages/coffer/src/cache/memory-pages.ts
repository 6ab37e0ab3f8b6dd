/** Pages in the memory of this process, the most recently used ones. */
import type { CacheCounts, PageCache } from './pages.ts';

/** At about 700 bytes a row some 35 MB. */
const roomRows = 50_000;

export class MemoryPages implements PageCache {
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  /** In the order of their last use. */
  readonly #pages = new Map<string, readonly unknown[]>();
  readonly #roomRows: number;
  #rows = 0;

  constructor(room = roomRows) {
    this.#roomRows = room;
  }

  page<Row>(name: string, read: () => Promise<readonly Row[]>): Promise<readonly Row[]> | readonly Row[] {
    const page = this.#pages.get(name);
    if (!page) return this.#readAndKeep(name, read);
    this.counts.hits++;
    this.#pages.delete(name);
    this.#pages.set(name, page);
    // Only pages of this kind of rows are stored under this name.
    return page as readonly Row[];
  }

  async #readAndKeep<Row>(name: string, read: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
    this.counts.misses++;
    const page = await read();
    if (!this.#pages.has(name)) this.#rows += sizeOf(page);
    this.#pages.set(name, page);
    for (const [oldest, rows] of this.#pages) {
      if (this.#rows <= this.#roomRows) break;
      this.#pages.delete(oldest);
      this.#rows -= sizeOf(rows);
    }
    return page;
  }
}

/** An empty page occupies room, too. */
function sizeOf(page: readonly unknown[]): number {
  return page.length + 1;
}
