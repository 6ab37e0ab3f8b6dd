/** The findings of the rules, page by page. */
import type pg from 'pg';
import { readFindings, readFlagged } from './finding-store.ts';
import type { FindingCursor, FindingsQuery, FollowedFinding } from './finding-store.ts';

/** Time, book, seq, part and rule of the last finding of a page. */
export const findingCursorPattern = '^[0-9]{1,14}-[0-9]{1,9}-[0-9]{1,15}-[0-9]{1,2}-[a-z0-9-]{1,40}$';

const flaggedMax = 10_000;

export class Findings {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Newest first. `cursor`: the `next` of an earlier page. */
  async list(
    query: Omit<FindingsQuery, 'before'> & { readonly cursor?: string | undefined },
  ): Promise<{ readonly items: readonly FollowedFinding[]; readonly next: string | null }> {
    const found = await readFindings(this.#pool, { ...query, before: cursorOf(query.cursor), limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    return { items, next: found.length > query.limit && last ? `${last.recordedAt.getTime()}-${last.event}-${last.rule}` : null };
  }

  /** The wallets that a rule has flagged, whatever came of it; of very many, some. */
  async walletsFlaggedBy(rule: string): Promise<readonly string[]> {
    return await readFlagged(this.#pool, rule, flaggedMax);
  }
}

function cursorOf(text: string | undefined): FindingCursor | undefined {
  const parts = /^(\d{1,14})-(\d{1,9})-(\d{1,15})-(\d{1,2})-(.+)$/.exec(text ?? '');
  if (!parts) return undefined;
  const [at = 0, book = 0, seq = 0, part = 0] = parts.slice(1, 5).map(Number);
  return { at, book, seq, part, rule: parts[5] ?? '' };
}
