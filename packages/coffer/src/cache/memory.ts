/** A cache in this process, valid while no other process changes its wallets. */
import { oldestMs, valueOf } from './cache.ts';
import type { Cache, CacheCounts, Change, Question } from './cache.ts';

/** In rows: at about 700 bytes a row some 35 MB. */
const roomRows = 50_000;

type Cached = { readonly value: unknown; readonly mark: number; readonly rows: number; readonly endsMs: number };
/** A read in progress. Its value is only stored when it is not older than an invalidation during the read. */
type Awaited = { atLeast: number; readonly rows: number };

export class MemoryCache implements Cache {
  readonly counts: CacheCounts = { hits: 0, misses: 0, forgotten: 0 };
  /** In the order of their last use. */
  readonly #slots = new Map<string, Cached | Awaited>();
  readonly #isTrusted: () => boolean;
  #rows = 0;

  /** While `isTrusted` returns false, everything is read from the database. */
  constructor(isTrusted: () => boolean = () => true) {
    this.#isTrusted = isTrusted;
  }

  read<V>(question: Question<V>): Promise<V | null> | V | null {
    if (!this.#isTrusted()) return valueOf(question.read());
    const key = `${question.kind} ${question.name}`;
    const slot = this.#slots.get(key);
    if (slot && 'value' in slot && slot.mark >= question.atLeast && slot.endsMs > performance.now()) {
      this.counts.hits++;
      this.#slots.delete(key);
      this.#slots.set(key, slot);
      // Only values of this kind of question are stored under this key.
      return slot.value as V;
    }
    this.counts.misses++;
    return slot && !('value' in slot) ? valueOf(question.read()) : this.#readAndKeep(key, question);
  }

  forget(changes: readonly Change[]): void {
    for (const { id, seq } of changes) {
      const key = `wallet ${id}`;
      const slot = this.#slots.get(key);
      if (!slot) continue;
      if (!('value' in slot)) slot.atLeast = Math.max(slot.atLeast, seq);
      else if (slot.mark < seq) {
        this.#drop(key);
        this.counts.forgotten++;
      }
    }
  }

  clear(): void {
    this.#slots.clear();
    this.#rows = 0;
  }

  async #readAndKeep<V>(key: string, question: Question<V>): Promise<V | null> {
    const awaited: Awaited = { atLeast: question.atLeast, rows: 1 };
    const endsMs = performance.now() + oldestMs;
    this.#put(key, awaited);
    try {
      const reading = await question.read();
      if (this.#slots.get(key) === awaited && reading && reading.mark !== null && reading.mark >= awaited.atLeast)
        this.#put(key, { value: reading.value, mark: reading.mark, rows: question.weigh(reading.value), endsMs });
      return reading?.value ?? null;
    } finally {
      if (this.#slots.get(key) === awaited) this.#drop(key);
    }
  }

  #put(key: string, slot: Cached | Awaited): void {
    this.#drop(key);
    this.#slots.set(key, slot);
    this.#rows += slot.rows;
    while (this.#rows > roomRows) {
      const [oldest] = this.#slots.keys();
      if (oldest === undefined) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#rows -= this.#slots.get(key)?.rows ?? 0;
    this.#slots.delete(key);
  }
}
