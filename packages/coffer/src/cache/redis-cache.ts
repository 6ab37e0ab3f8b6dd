/** A cache that several processes share. The requests of one turn of the event loop go to Redis as one. */
import { newId } from '../kernel/index.ts';
import { oldestMs, valueOf } from './cache.ts';
import type { Cache, CacheCounts, Change, Question, Reading } from './cache.ts';
import type { RedisLink } from './redis-link.ts';
import { fromText, toText } from './text.ts';

const namesPerQuestion = 250;
const readMs = 50;
/**
 * An answer to a change waits for this, so a Redis that hangs delays answers once, by this long. Longer than any pause of a busy machine:
 * giving up too early leaves the older value to the other processes.
 */
const forgetMs = 1_000;
/** A page of five hundred long entries is read from the database. */
const textMax = 262_144;

type Subject = Pick<Question<unknown>, 'kind' | 'name' | 'atLeast'>;
type Waiting = { readonly question: Subject; readonly answer: (found: Found | null) => void };
/** A value, or the lease that this process got for one. */
type Found = { readonly text: string } | { readonly token: string };

export class RedisCache implements Cache {
  readonly counts: CacheCounts = { hits: 0, misses: 0, forgotten: 0 };
  readonly #link: RedisLink;
  #waiting: Waiting[] = [];
  /** Token, name, mark and value of what was read in this turn. */
  #unsent: (string | number)[] = [];
  #changes = new Map<string, number>();
  #telling: Promise<void> | null = null;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  read<V>(question: Question<V>): Promise<V | null> {
    return this.#link.up ? this.#readShared(question) : valueOf(question.read());
  }

  /** Invalidations of one turn are sent together. */
  forget(changes: readonly Change[]): Promise<void> | void {
    if (!this.#link.up) return this.#link.miss();
    for (const { id, seq } of changes) this.#changes.set(id, Math.max(seq, this.#changes.get(id) ?? 0));
    this.#telling ??= new Promise((resolve) => {
      // After everything that the same batch answers.
      process.nextTick(() => void this.#tell().then(resolve));
    });
    return this.#telling;
  }

  async #readShared<V>(question: Question<V>): Promise<V | null> {
    const found = await this.#find(question);
    if (found && 'text' in found) {
      try {
        // Only values of this kind of question are stored under this name.
        const value = fromText(found.text) as V;
        this.counts.hits++;
        return value;
      } catch {
        return await valueOf(question.read());
      }
    }
    this.counts.misses++;
    if (!found) return await valueOf(question.read());
    let reading: Reading<V> | null = null;
    try {
      reading = await question.read();
    } finally {
      this.#keep(question, found.token, reading);
    }
    return reading?.value ?? null;
  }

  #find(question: Subject): Promise<Found | null> {
    return new Promise((answer) => {
      this.#waiting.push({ question, answer });
      if (this.#waiting.length === 1) setImmediate(() => this.#findWaiting());
    });
  }

  #findWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += namesPerQuestion) void this.#findTogether(waiting.slice(at, at + namesPerQuestion));
  }

  async #findTogether(waiting: readonly Waiting[]): Promise<void> {
    const token = newId();
    const values: (string | number)[] = [newId(), oldestMs, token];
    for (const { question } of waiting) values.push(nameOf(question), question.atLeast);
    const answers = await this.#link.ask('read', this.#link.root, values, readMs).catch(() => []);
    for (const [at, { answer }] of waiting.entries()) {
      const text: unknown = Array.isArray(answers) ? answers[at] : undefined;
      if (typeof text !== 'string' || text === '') answer(null);
      else answer(text === '+' ? { token } : { text: text.slice(text.indexOf(':') + 1) });
    }
  }

  /** Not awaited. Without a value to store, the lease is returned. */
  #keep(question: Subject, token: string, reading: Reading<unknown> | null): void {
    if (!this.#link.up) return;
    const text = reading && reading.mark !== null ? toText(reading.value) : '';
    const mark = reading && reading.mark !== null && text.length <= textMax ? reading.mark : '';
    if (this.#unsent.length === 0) setImmediate(() => this.#sendValues());
    this.#unsent.push(token, nameOf(question), mark, mark === '' ? '' : text);
  }

  #sendValues(): void {
    const values = this.#unsent;
    this.#unsent = [];
    this.#link.ask('keep', this.#link.root, values, readMs).catch(() => undefined);
  }

  async #tell(): Promise<void> {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#telling = null;
    const values: (string | number)[] = [];
    for (const [id, seq] of changes) values.push(`wallet ${id}`, seq === Number.POSITIVE_INFINITY ? '' : seq);
    this.counts.forgotten += changes.size;
    // Losing the connection makes this safe: this process reads nothing from Redis until there is a new epoch.
    await this.#link.ask('forget', this.#link.root, values, forgetMs).catch(() => this.#link.miss());
  }
}

function nameOf({ kind, name }: Subject): string {
  return `${kind} ${name}`;
}
