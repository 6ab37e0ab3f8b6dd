/** A rule tried on the past: what it would have found, beside what the present one finds there. Reads the log, and writes nothing. */
import type { Ledger } from '../../ledger/index.ts';
import { readDefinition, windowSecondsOf } from './definitions.ts';
import type { Defined } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { keptOf } from './finding-store.ts';
import type { KeptFinding } from './finding-store.ts';
import { RuleHistory } from './history.ts';
import type { RuleVersion } from './history.ts';
import { movementOf } from './movements.ts';
import type { FraudRefusal } from './rules.ts';

const eventsAtOnce = 2_000;
/** Some 300 bytes each. */
const movementsHeldMax = 1_000_000;
const sweepEvery = 50_000;

export type DryRunProgress = { readonly events: number; readonly share: number };

export type DryRunAsked = {
  /** As it came: checked here. The id says which present rule it is compared with; without one, or when there is none, with nothing. */
  readonly rule: { readonly id?: string | undefined; readonly kind: unknown; readonly definition: unknown };
  readonly present: RuleVersion | null;
  /** By when events were recorded: from, and up to and including. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Stops there, and says so. */
  readonly eventsMax?: number | undefined;
  /** How many findings are listed, of those that only one of the two has. */
  readonly listedMax?: number | undefined;
  readonly onProgress?: ((progress: DryRunProgress) => void) | undefined;
  readonly isOver?: (() => boolean) | undefined;
};

export type DryRun = {
  readonly events: number;
  /** False when it stopped before the end, at `eventsMax`. */
  readonly complete: boolean;
  /** When the last event that was read was recorded. */
  readonly readUntil: Date | null;
  readonly found: number;
  readonly foundByPresent: number;
  readonly foundByBoth: number;
  readonly onlyNew: readonly KeptFinding[];
  readonly onlyPresent: readonly KeptFinding[];
};

const candidate = 'as-tried';
const present = 'as-present';

/** Refusal: rule_invalid; also for a window that holds more than fits into memory. */
export async function dryRun(ledger: Pick<Ledger, 'books' | 'read'>, asked: DryRunAsked): Promise<DryRun | FraudRefusal> {
  const defined = readDefinition(asked.rule.kind, asked.rule.definition);
  if ('mistake' in defined) return { refusal: 'rule_invalid', detail: defined.mistake };
  const run = new Run(asked, defined);
  const ends = await Promise.all(ledger.books.map(async (book) => ({ book, end: await ledger.read.in({ book }).lastSeq() })));
  const total = ends.reduce((sum, { end }) => sum + end, 0);
  let before = 0;
  for (const { book, end } of ends) {
    const outcome = await run.read(ledger, book, end, (seq) => asked.onProgress?.({ events: run.events, share: (before + seq) / total }));
    if (outcome === 'too much')
      return { refusal: 'rule_invalid', detail: `More than ${movementsHeldMax} movements fall into one window. Try a shorter one.` };
    before += end;
  }
  return run.result();
}

class Run {
  events = 0;
  readonly #asked: DryRunAsked;
  readonly #history: RuleHistory;
  readonly #windowMs: number;
  #complete = true;
  #readUntil: Date | null = null;
  #counts = { found: 0, foundByPresent: 0, foundByBoth: 0 };
  readonly #onlyNew: KeptFinding[] = [];
  readonly #onlyPresent: KeptFinding[] = [];

  constructor(asked: DryRunAsked, defined: Defined) {
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
    const compared = asked.present?.enabled ? [{ ...asked.present, ...everywhere, rule: present } as RuleVersion] : [];
    this.#asked = asked;
    this.#history = new RuleHistory([tried, ...compared]);
    this.#windowMs = Math.max(...[tried, ...compared].map((version) => windowSecondsOf(version))) * 1_000;
  }

  /** A book, from what a window before `since` holds up to its end as it was, or to `until`. */
  async read(ledger: Pick<Ledger, 'read'>, book: number, end: number, tell: (seq: number) => void): Promise<'done' | 'too much'> {
    const { since, until, eventsMax = Number.POSITIVE_INFINITY } = this.#asked;
    const reader = ledger.read.in({ book });
    const recent = new RecentMovements();
    // Beyond every part of the last event that is too old.
    let [seq, part] = [since ? await reader.seqAt(new Date(since.getTime() - this.#windowMs - 1)) : 0, 32_767];
    let swept = this.events;
    while (seq < end) {
      if (this.#asked.isOver?.()) return 'done';
      if (this.events >= eventsMax) {
        this.#complete = false;
        return 'done';
      }
      const page = (await reader.events(seq, part, eventsAtOnce)).filter((event) => event.seq <= end);
      const events = until ? page.filter(({ recordedAt }) => recordedAt <= until) : page;
      const last = events.at(-1);
      if (!last) return 'done';
      this.events += events.length;
      this.#readUntil = last.recordedAt;
      this.#note(
        evaluate(
          this.#history,
          recent,
          events.flatMap((event) => movementOf(event) ?? []),
        ),
      );
      [seq, part] = [last.seq, last.part];
      if (this.events - swept >= sweepEvery) {
        swept = this.events;
        if (recent.forgetBefore(last.recordedAt.getTime() - this.#windowMs) > movementsHeldMax) return 'too much';
      }
      tell(seq);
      if (events.length < page.length) return 'done';
    }
    return 'done';
  }

  result(): DryRun {
    return {
      events: this.events,
      complete: this.#complete,
      readUntil: this.#readUntil,
      ...this.#counts,
      onlyNew: this.#onlyNew,
      onlyPresent: this.#onlyPresent,
    };
  }

  #note(findings: readonly Finding[]): void {
    const { since, listedMax = 100 } = this.#asked;
    const counted = since ? findings.filter(({ movement }) => movement.recordedAt >= since) : findings;
    const [found, byPresent] = [candidate, present].map((rule) => counted.filter((finding) => finding.rule === rule));
    const foundAt = new Set(found?.map(({ movement }) => movement.id));
    const presentAt = new Set(byPresent?.map(({ movement }) => movement.id));
    this.#counts.found += foundAt.size;
    this.#counts.foundByPresent += presentAt.size;
    for (const id of foundAt) if (presentAt.has(id)) this.#counts.foundByBoth++;
    const list = (into: KeptFinding[], of: readonly Finding[] = [], other: ReadonlySet<string>) => {
      const rule = this.#asked.rule.id ?? candidate;
      const only = of.filter(({ movement }) => !other.has(movement.id)).slice(0, Math.max(0, listedMax - into.length));
      into.push(...only.map((finding) => keptOf({ ...finding, rule })));
    };
    list(this.#onlyNew, found, presentAt);
    list(this.#onlyPresent, byPresent, foundAt);
  }
}
