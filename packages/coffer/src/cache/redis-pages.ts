/** Pages that several processes share. The requests of one turn of the event loop go to Redis as one. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CacheCounts, PageCache } from './pages.ts';
import type { RedisLink } from './redis-link.ts';
import { fromText, toText } from './text.ts';

const pagesPerCommand = 250;
const patienceMs = 50;
const keptSeconds = 300;
/** A page of five hundred long entries is read from the database. */
const textMax = 262_144;
const sealLength = 32;

type Waiting = { readonly name: string; readonly answer: (text: string | null) => void };

export class RedisPages implements PageCache {
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #secret: Buffer;
  #waiting: Waiting[] = [];
  #unsent: { readonly name: string; readonly text: string }[] = [];

  /** Pages are sealed with `secret`, which only processes on the same database know, so a writer to Redis cannot forge one. */
  constructor(link: RedisLink, prefix: string, secret: Buffer) {
    this.#link = link;
    this.#prefix = prefix;
    this.#secret = secret;
  }

  async page<Row>(name: string, read: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const sealed = this.#link.up ? await this.#find(name) : null;
    const text = sealed === null ? null : this.#unseal(name, sealed);
    if (text !== null) {
      this.counts.hits++;
      // Only pages of this kind of rows are stored under this name, and only a holder of the secret could store another.
      return fromText(text) as readonly Row[];
    }
    this.counts.misses++;
    const page = await read();
    this.#keep(name, toText(page));
    return page;
  }

  #find(name: string): Promise<string | null> {
    return new Promise((answer) => {
      this.#waiting.push({ name, answer });
      if (this.#waiting.length === 1) setImmediate(() => this.#findWaiting());
    });
  }

  #findWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += pagesPerCommand) void this.#findTogether(waiting.slice(at, at + pagesPerCommand));
  }

  async #findTogether(waiting: readonly Waiting[]): Promise<void> {
    const keys = waiting.map(({ name }) => this.#keyOf(name));
    const texts = await this.#link.ask((redis) => redis.mget(keys), patienceMs).catch(() => []);
    for (const [at, { answer }] of waiting.entries()) answer(texts[at] ?? null);
  }

  /** Not awaited: a page that is lost is read again. */
  #keep(name: string, text: string): void {
    if (!this.#link.up || text.length > textMax) return;
    if (this.#unsent.length === 0) setImmediate(() => void this.#sendPages());
    this.#unsent.push({ name, text });
  }

  async #sendPages(): Promise<void> {
    const pages = this.#unsent;
    this.#unsent = [];
    await this.#link
      .ask((redis) => {
        const commands = redis.pipeline();
        for (const { name, text } of pages) commands.set(this.#keyOf(name), this.#seal(name, text) + text, 'EX', keptSeconds);
        return commands.exec();
      }, patienceMs)
      .catch(() => undefined);
  }

  #keyOf(name: string): string {
    return `${this.#prefix}:page:${name}`;
  }

  /** Over the name as well: a page copied to another wallet's name does not open. */
  #seal(name: string, text: string): string {
    return createHmac('sha256', this.#secret).update(`${name.length} ${name}`).update(text).digest('base64url').slice(0, sealLength);
  }

  #unseal(name: string, sealed: string): string | null {
    const text = sealed.slice(sealLength);
    const seal = Buffer.from(sealed.slice(0, sealLength));
    const expected = Buffer.from(this.#seal(name, text));
    return seal.length === expected.length && timingSafeEqual(seal, expected) ? text : null;
  }
}
