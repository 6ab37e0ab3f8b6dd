/** What the writer of a book needs. */
import type { HistoryOptions } from './history.ts';
import type { LedgerObserver } from './observer.ts';

export type WriterOptions = HistoryOptions & {
  readonly url: string;
  /** The term under which this process owns the book. */
  readonly term: number;
  /** Called when the term has ended: another process owns the book. Nothing more can be posted. */
  readonly replaced: () => void;
  /** How long a request waits before it fails with LedgerUnavailable; 10 s by default. */
  readonly patienceMs?: number;
  readonly observe?: LedgerObserver | undefined;
  /** False while the database could lose what it commits: then nothing is posted. Always true by default. */
  readonly mayPost?: (() => boolean) | undefined;
  /** Whether a wallet belongs to this book; by default every wallet does. */
  readonly keeps?: (walletId: string) => boolean;
  /** Every hold that expired before this moment has been released; by default, none. */
  readonly releasedUntil?: () => Date;
};
