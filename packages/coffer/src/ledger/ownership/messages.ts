/** What processes say to each other about operations on books. */
import type { BookFault } from '../posting/observer.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import type { Outcome } from '../rules/types.ts';

/** Processes of another version are not understood: they are refused, and hold or forward nothing. */
export const protocolVersion = 1;

/** The status of a book at its owner, told every second. */
export type OwnerStatus = {
  readonly book: number;
  readonly term: number;
  readonly fault: BookFault | null;
  readonly queueOperations: number;
  /** Every hold that expired before this moment has been released. */
  readonly releasedUntil: Date;
};

export type Failure =
  /** Another process owns the book. `isSent`: an earlier attempt may have been committed. */
  | { readonly code: 'not_owner'; readonly isSent: boolean }
  | { readonly code: 'unavailable'; readonly outcome: 'not_done' | 'unknown' }
  | { readonly code: 'overloaded' | 'behind' | 'halted' | 'bug'; readonly message: string };

export type ToOwner =
  | { readonly type: 'hello'; readonly version: number; readonly ledger: string; readonly process: string; readonly key: Buffer }
  | {
      readonly type: 'post';
      readonly id: number;
      readonly book: number;
      readonly linked: boolean;
      readonly patienceMs: number;
      readonly operations: readonly PreparedOperation[];
    }
  | { readonly type: 'ask'; readonly book: number };

export type FromOwner =
  | { readonly type: 'welcome'; readonly version: number; readonly ledger: string; readonly process: string; readonly key: Buffer }
  | { readonly type: 'status'; readonly books: readonly OwnerStatus[] }
  | { readonly type: 'answer'; readonly id: number; readonly outcomes: Outcome[] }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure };
