/**
 * Whether the log still contains what was answered. A restore, or a failover to a standby that was behind, takes the end of the log away;
 * posting on would give its seqs a second time, and callers would hold answers that no log knows.
 */
import { isLost } from '../chain/epochs.ts';
import type { BookStore } from './store.ts';

/** The last batch that is known to be committed: by this process' own answers, or by a checkpoint. */
export type KnownHead = { readonly batchNo: number; readonly lastSeq: number; readonly hash: string };

/** The log lacks a batch that was committed. */
export class HistoryLost extends Error {
  override readonly name = 'HistoryLost';
  readonly known: KnownHead;
  /** Where the log ends now. */
  readonly endsAt: number;

  constructor(book: number, known: KnownHead, endsAt: number) {
    super(`The log of book ${book} ends at seq ${endsAt} and does not contain what was committed until seq ${known.lastSeq}.`);
    this.known = known;
    this.endsAt = endsAt;
  }
}

/** Throws HistoryLost, unless an operator has accepted the loss. */
export async function refuseLostHistory(store: BookStore, book: number, known: KnownHead, endsAt: number): Promise<void> {
  if ((await store.hashOf(known.batchNo)) === known.hash) return;
  if (isLost(known.lastSeq, await store.gaps())) return;
  throw new HistoryLost(book, known, endsAt);
}
