/**
 * The history of rules: which version of a rule applies to which event. A version starts at a position of each book's log, not at
 * a time: events after it are evaluated with it, whoever evaluates them and when.
 */
import { windowSecondsOf } from './definitions.ts';
import type { MovementKind, RuleContent } from './definitions.ts';

export type RuleVersion = RuleContent & {
  readonly rule: string;
  readonly version: number;
  /** For each book, the end of its log when the version started; a missing book had no entries yet. */
  readonly afterSeq: Readonly<Record<string, number>>;
  readonly since: Date;
  /** Of the movements before it began, it counts none recorded earlier; null: it counts all. */
  readonly countsFrom: Date | null;
  readonly actor: string;
  readonly reason: string;
};

/** A position in the log of a book. */
type At = { readonly book: number; readonly seq: number };

export class RuleHistory {
  /** The versions of each rule, oldest first. */
  readonly #rules = new Map<string, RuleVersion[]>();

  /** `versions`: those of a rule in order. */
  constructor(versions: readonly RuleVersion[]) {
    for (const version of versions) {
      const earlier = this.#rules.get(version.rule);
      if (earlier) earlier.push(version);
      else this.#rules.set(version.rule, [version]);
    }
  }

  /** The enabled ones. */
  inForce(at: At): RuleVersion[] {
    return [...this.#rules.values()].flatMap((versions) => {
      const newest = versions.findLast((version) => begins(version, at));
      return newest?.enabled ? [newest] : [];
    });
  }

  /** The enabled ones that apply there, or anywhere later. */
  inForceFrom(at: At): RuleVersion[] {
    return [...this.#rules.values()].flatMap((versions) => {
      const first = versions.findLastIndex((version) => begins(version, at));
      return versions.slice(Math.max(first, 0)).filter(({ enabled }) => enabled);
    });
  }

  /** The newest version of each rule. */
  get newest(): RuleVersion[] {
    return [...this.#rules.values()].flatMap((versions) => versions.at(-1) ?? []);
  }
}

/** Whether the version has begun there. */
export function begins({ afterSeq }: RuleVersion, { book, seq }: At): boolean {
  return seq > (afterSeq[String(book)] ?? 0);
}

/** For how many seconds movements of each kind are stored; a kind that no window needs is absent. */
export function retentionOf(versions: readonly RuleVersion[]): Map<MovementKind, number> {
  const retained = new Map<MovementKind, number>();
  for (const version of versions) {
    const seconds = windowSecondsOf(version);
    if (seconds === 0) continue;
    for (const kind of version.definition.movements) retained.set(kind, Math.max(seconds, retained.get(kind) ?? 0));
  }
  return retained;
}

/**
 * From when on a version that starts at `since` can rely on stored movements: as far back as the rules before it kept every kind
 * that it counts. It is stored in the version, so that every evaluation counts the same.
 */
export function countsFromOf(kinds: readonly MovementKind[], since: Date, before: readonly RuleVersion[]): Date {
  const starts = kinds.map((kind) => {
    const keeping = before.filter((version) => windowSecondsOf(version) > 0 && version.definition.movements.includes(kind));
    const reaches = keeping.map((version) =>
      Math.max(since.getTime() - windowSecondsOf(version) * 1_000, version.countsFrom?.getTime() ?? 0),
    );
    return Math.min(since.getTime(), ...reaches);
  });
  return new Date(Math.max(...starts));
}
