/** How many there are, without reading them all. */
import { countedMax } from '../database/index.ts';
import type { Estimate } from '../database/index.ts';
import type { SeqRange } from '../ledger/index.ts';

type Counted = {
  readonly range: Pick<SeqRange, 'after' | 'before'>;
  readonly read: (range: SeqRange) => Promise<readonly number[]>;
};

/** The newest of each book are counted; if there are more, the older part of the log is assumed to have as many to the entry. */
export async function estimate(books: readonly Counted[]): Promise<Estimate> {
  const counts = await Promise.all(
    books.map(async ({ range, read }) => {
      const seqs = await read({ ...range, newestFirst: true, limit: countedMax });
      const oldest = seqs.at(-1);
      if (oldest === undefined || seqs.length < countedMax) return { value: seqs.length, exact: true };
      return { value: Math.round((seqs.length * (range.before - 1 - range.after)) / (range.before - oldest)), exact: false };
    }),
  );
  return { value: counts.reduce((sum, { value }) => sum + value, 0), exact: counts.every(({ exact }) => exact) };
}
