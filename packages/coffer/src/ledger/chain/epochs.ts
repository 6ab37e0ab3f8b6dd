/**
 * Epochs. When an operator accepts that the end of a log was lost (a restore, a failover to a standby that was behind), a new epoch begins:
 * its seqs start in the next band, far above all that the lost end can have given out. So no seq, and with it no operation id, event id or
 * cursor, is ever given a second time, and those of the lost end are recognized: they lie in the gap.
 */

/** A trillion: at 50,000 entries a second, a book fills a band in eight months; filling it is harmless. Below 2^53 there are 9,000 bands. */
const bandSeqs = 1_000_000_000_000;

/** A range of seqs that were lost: later than `after`, before `until`. */
export type Gap = { readonly after: number; readonly until: number };

/** The first seq of an epoch that follows a log in which no seq greater than `greatest` was given out. */
export function epochStart(greatest: number): number {
  return (Math.floor(greatest / bandSeqs) + 1) * bandSeqs + 1;
}

/** Whether two seqs are of one epoch for certain: then nothing between them was lost. */
export function isSameBand(one: number, other: number): boolean {
  return Math.floor(one / bandSeqs) === Math.floor(other / bandSeqs);
}

export function isLost(seq: number, gaps: readonly Gap[]): boolean {
  return gaps.some(({ after, until }) => seq > after && seq < until);
}
