/** The words of asynchronous requests. */
import type { OperationRefusalCode, TransferMode } from '../operations/index.ts';

export type RequestType = 'withdraw' | 'transfer';

/**
 * `accepted` → `processing` → `completed` or `failed`. A withdrawal that somebody has a say in: `held`, then `in_review`,
 * `awaiting_approval` or `paying`, then `capturing` → `completed` or `releasing` → `released`. `uncertain`: its time is up, and nobody knows
 * whether it was paid. What ends as `failed` moved nothing: it was refused, or its time was up. Only after `hold_resolved` something may have been moved by others; its facts say how much.
 */
export const requestStatuses = [
  'accepted',
  'processing',
  'held',
  'in_review',
  'awaiting_approval',
  'paying',
  'uncertain',
  'capturing',
  'releasing',
  'completed',
  'released',
  'failed',
] as const;
export type RequestStatus = (typeof requestStatuses)[number];

/** Posted at once; or held until a review, an operator or the payer's system has said what becomes of it. */
export type Way = 'post' | 'review' | 'approval' | 'webhook';

/** What was asked, as it is kept: amounts as text, metadata as JSON text. */
export type Content = {
  readonly to?: string;
  readonly mode?: TransferMode;
  readonly amount: string;
  readonly upTo?: true;
  /** The asset's number; what the caller wrote when there is no such asset. */
  readonly asset?: string | number;
  readonly minimumBalance?: string;
  readonly effectiveAt?: string;
  readonly expectedVersion?: number;
  readonly metadata?: string;
};

/** `timesOutAt`: until when it may stay undecided. The hold itself has no end: only the end of its request resolves it. */
export type RequestHold = { readonly id: string; readonly amount: bigint; readonly timesOutAt: Date };

/** Reasons of the requests' own, beside the ledger's refusals. */
export const ownFailures = ['payout_timed_out', 'payout_rejected', 'review_rejected'] as const;
/** The remark of what is `paying`, and was not asked for yet. */
export const notAskedYet =
  'The payer was not asked yet: it is when money may leave the wallet, which is looked at again and again until the time is up. Unfreeze the wallet, or reject.';
export type OwnFailure = (typeof ownFailures)[number];
export type Failure = { readonly code: OperationRefusalCode | OwnFailure; readonly facts: Readonly<Record<string, string>> };

export type AsyncRequest = {
  readonly id: string;
  readonly type: RequestType;
  readonly wallet: string;
  readonly owner: string | null;
  readonly key: string;
  readonly content: Content;
  readonly status: RequestStatus;
  /** How often it was replayed. */
  readonly generation: number;
  readonly keyGeneration: number;
  readonly way: Way | null;
  readonly holdSeconds: number | null;
  readonly attempts: number;
  /** How often in a row it got no further. */
  readonly tries: number;
  readonly hold: RequestHold | null;
  /** Whether the payer may have been asked: from before the first call on, unless that one is known to have reached nobody. */
  readonly asked: boolean;
  /** How many captures were refused. */
  readonly captures: number;
  /** Why it waits for somebody. */
  readonly remark: string | null;
  /** The operation of the ledger that ended it, if it is on record. */
  readonly operation: string | null;
  readonly seq: number | null;
  readonly failure: Failure | null;
  readonly nextTryAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
};

/** A line of what was tried. */
export type Attempt = {
  readonly number: number;
  readonly at: Date;
  readonly step: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly actor: string | null;
};

/** What the fraud rules say of a withdrawal that is held. */
export type ReviewVerdict = 'not evaluated yet' | 'clear' | { readonly finding: string; readonly rule?: string };
/** Absent where there are no reviews: then no withdrawal waits for one. */
export type Reviews = {
  /** Whether any rule reviews withdrawals now: then those that begin are held first. */
  readonly areOn: () => boolean | Promise<boolean>;
  /** Of the hold's operation. */
  readonly ofHold: (operationId: string) => Promise<ReviewVerdict>;
};

export function isFinished({ status }: Pick<AsyncRequest, 'status'>): boolean {
  return status === 'completed' || status === 'released' || status === 'failed';
}
