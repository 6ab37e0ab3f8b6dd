/** Dry runs: what a rule would have found in past events, compared with the current rule. Reads the log, and writes nothing. */
import type { BookReader } from '../../ledger/index.ts';
import { readDefinition, windowSecondsOf } from './definitions.ts';
import type { Defined } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { keptOf } from './finding-store.ts';
import type { KeptFinding } from './finding-store.ts';
import { RuleHistory } from './history.ts';
import type { RuleVersion } from './history.ts';
import { movementOf } from './movements.ts';
import type { FraudRefusal, RuleGrounds } from './rules.ts';

const eventsAtOnce = 2_000;
/** About 300 bytes each. */
const movementsHeldMax = 1_000_000;
const sweepEvery = 50_000;

export type DryRunProgress = { readonly events: number; readonly share: number };

export type DryRunRequest = {
  /**
   * Raw input: checked here. The id selects the current rule to compare with; without one, or if there is none, there is no
   * comparison.
   */
  readonly rule: { readonly id?: string | undefined; readonly kind: unknown; readonly definition: unknown };
  readonly present: RuleVersion | null;
  /** Limits by recorded time: from, and up to and including. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Stops there, and reports that. */
  readonly eventsMax?: number | undefined;
  /** Number of findings to list, of those that only one of the two has. */
  readonly listedMax?: number | undefined;
  readonly onProgress?: ((progress: DryRunProgress) => void) | undefined;
  /** Stops early when aborted, and reports that. */
  readonly isOver?: (() => boolean) | undefined;
};

export type DryRun = {
  readonly events: number;
  /** False if it stopped before the end, at `eventsMax` or because it was aborted. */
  readonly complete: boolean;
  /** When the first event read was recorded, which is one window before `since`; null if none was read. */
  readonly readFrom: Date | null;
  /** Every book was read up to this time; null if one was not read at all. */
  readonly readUntil: Date | null;
  readonly found: number;
  readonly foundByPresent: number;
  readonly foundByBoth: number;
  readonly onlyNew: readonly KeptFinding[];
  readonly onlyPresent: readonly KeptFinding[];
};

const candidate = 'as-tried';
const present = 'as-present';

/** Refusals: rule_invalid, also for a window with too many movements for memory; range_empty. */
export async function dryRun(grounds: RuleGrounds, request: DryRunRequest): Promise<DryRun | FraudRefusal> {
  const { since, until } = request;
  await grounds.assets.list();
  const defined = readDefinition(request.rule.kind, request.rule.definition, grounds.assets);
  if ('mistake' in defined) return { refusal: 'rule_invalid', detail: defined.mistake };
  if (since && until && since > until)
    return { refusal: 'range_empty', detail: `since (${since.toISOString()}) is later than until (${until.toISOString()}).` };
  const run = new Run(request, defined);
  const books = await Promise.all(grounds.books.map(async (book) => await run.begin(grounds.read.in({ book }))));
  return (await run.readAll(books))
    ? run.result(books)
    : { refusal: 'rule_invalid', detail: `More than ${movementsHeldMax} movements fall into one window. Try a shorter one.` };
}

/** The progress in a book. */
type Book = {
  readonly reader: BookReader;
  readonly recent: RecentMovements;
  /** Later events are not read. */
  readonly end: number;
  place: { seq: number; part: number };
  /** When the last event read was recorded. */
  readUntil: Date | null;
  done: boolean;
};

class Run {
  readonly #request: DryRunRequest;
  readonly #history: RuleHistory;
  readonly #windowMs: number;
  #events = 0;
  #swept = 0;
  #readFrom: Date | null = null;
  #counts = { found: 0, foundByPresent: 0, foundByBoth: 0 };
  readonly #onlyNew: KeptFinding[] = [];
  readonly #onlyPresent: KeptFinding[] = [];

  constructor(request: DryRunRequest, defined: Defined) {
    const everywhere = {
      version: 1,
      action: 'flag',
      enabled: true,
      afterSeq: {},
      since: new Date(0),
      countsFrom: null,
      actor: '',
      reason: '',
    };
    const tried = { ...everywhere, ...defined, rule: candidate, name: candidate } as RuleVersion;
    const compared = request.present?.enabled ? [{ ...request.present, ...everywhere, rule: present } as RuleVersion] : [];
    this.#request = request;
    this.#history = new RuleHistory([tried, ...compared]);
    this.#windowMs = Math.max(...[tried, ...compared].map((version) => windowSecondsOf(version))) * 1_000;
  }

  /** Starts where a window before `since` starts. */
  async begin(reader: BookReader): Promise<Book> {
    const { since } = this.#request;
    const end = await reader.lastSeq();
    const seq = since ? await reader.seqAt(new Date(since.getTime() - this.#windowMs - 1)) : 0;
    // Beyond every part of the last event that is too old.
    return { reader, recent: new RecentMovements(), end, place: { seq, part: 32_767 }, readUntil: null, done: seq >= end };
  }

  /**
   * Continues with the book that is furthest behind in time, so that all are about equally far whenever it stops. False: too many
   * movements for memory.
   */
  async readAll(books: readonly Book[]): Promise<boolean> {
    const { eventsMax = Number.POSITIVE_INFINITY, isOver, onProgress } = this.#request;
    const total = books.reduce((sum, { end }) => sum + end, 0);
    for (let next = furthestBehind(books); next; next = furthestBehind(books)) {
      if (isOver?.() || this.#events >= eventsMax) return true;
      await this.#readPage(next);
      if (!this.#sweep(books)) return false;
      const reached = books.reduce((sum, { done, end, place }) => sum + (done ? end : place.seq), 0);
      onProgress?.({ events: this.#events, share: reached / total });
    }
    return true;
  }

  result(books: readonly Book[]): DryRun {
    const left = books.filter(({ done }) => !done).map(({ readUntil }) => readUntil?.getTime() ?? null);
    const ends = books.flatMap(({ readUntil }) => readUntil?.getTime() ?? []);
    const until = left.length === 0 ? Math.max(...ends) : Math.min(...left.map((time) => time ?? Number.NEGATIVE_INFINITY));
    return {
      events: this.#events,
      complete: left.length === 0,
      readFrom: this.#readFrom,
      readUntil: Number.isFinite(until) ? new Date(until) : null,
      ...this.#counts,
      onlyNew: this.#onlyNew,
      onlyPresent: this.#onlyPresent,
    };
  }

  async #readPage(book: Book): Promise<void> {
    const { until } = this.#request;
    const page = await book.reader.events(book.place.seq, book.place.part, eventsAtOnce);
    const events = page.filter(({ seq, recordedAt }) => seq <= book.end && (!until || recordedAt <= until));
    const [first, last] = [events[0], events.at(-1)];
    if (first && (!this.#readFrom || first.recordedAt < this.#readFrom)) this.#readFrom = first.recordedAt;
    const movements = events.flatMap((event) => movementOf(event) ?? []);
    this.#note(evaluate(this.#history, book.recent, movements));
    this.#events += events.length;
    if (last) {
      book.place = { seq: last.seq, part: last.part };
      book.readUntil = last.recordedAt;
    }
    book.done = events.length < eventsAtOnce;
  }

  /** Runs periodically. False: too many movements are left. */
  #sweep(books: readonly Book[]): boolean {
    if (this.#events - this.#swept < sweepEvery) return true;
    this.#swept = this.#events;
    const held = books.map(({ recent, readUntil }) => (readUntil ? recent.forgetBefore(readUntil.getTime() - this.#windowMs) : 0));
    return held.reduce((sum, count) => sum + count, 0) <= movementsHeldMax;
  }

  #note(findings: readonly Finding[]): void {
    const { since, listedMax = 100 } = this.#request;
    const counted = since ? findings.filter(({ movement }) => movement.recordedAt >= since) : findings;
    const [found, byPresent] = [candidate, present].map((rule) => counted.filter((finding) => finding.rule === rule));
    const foundAt = new Set(found?.map(({ movement }) => movement.id));
    const presentAt = new Set(byPresent?.map(({ movement }) => movement.id));
    this.#counts.found += foundAt.size;
    this.#counts.foundByPresent += presentAt.size;
    for (const id of foundAt) if (presentAt.has(id)) this.#counts.foundByBoth++;
    const list = (into: KeptFinding[], of: readonly Finding[] = [], other: ReadonlySet<string>) => {
      const rule = this.#request.rule.id ?? candidate;
      const only = of.filter(({ movement }) => !other.has(movement.id)).slice(0, Math.max(0, listedMax - into.length));
      into.push(...only.map((finding) => keptOf({ ...finding, rule })));
    };
    list(this.#onlyNew, found, presentAt);
    list(this.#onlyPresent, byPresent, foundAt);
  }
}

function furthestBehind(books: readonly Book[]): Book | undefined {
  return books
    .filter(({ done }) => !done)
    .toSorted((one, other) => (one.readUntil?.getTime() ?? 0) - (other.readUntil?.getTime() ?? 0))
    .at(0);
}
