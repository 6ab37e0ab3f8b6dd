/** The types of asynchronous requests. */
import type { OperationRefusalCode, TransferMode } from '../operations/index.ts';

export const requestTypes = ['withdraw', 'transfer'] as const;
export type RequestType = (typeof requestTypes)[number];

/**
 * `accepted` → `processing` → `completed` or `failed`. A withdrawal that needs a decision: `held`, then `in_review`,
 * `awaiting_approval` or `paying`, then `capturing` → `completed` or `releasing` → `released`. `uncertain`: the time is up, and
 * it is unknown whether it was paid. A `failed` request moved nothing: it was refused, or its time was up. Only after
 * `hold_resolved` may other operations have moved something; the facts say how much.
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

/** Posted immediately; or held until a review, an operator or the payer has decided. */
export type Way = 'post' | 'review' | 'approval' | 'webhook';

/** The content of the request, as stored: amounts as text, metadata as JSON text. */
export type Content = {
  readonly to?: string;
  readonly mode?: TransferMode;
  readonly amount: string;
  readonly upTo?: true;
  /** The asset's number; the caller's text if there is no such asset. */
  readonly asset?: string | number;
  readonly minimumBalance?: string;
  readonly effectiveAt?: string;
  readonly expectedVersion?: number;
  readonly metadata?: string;
};

/** `timesOutAt`: the deadline for a decision. The hold itself does not expire: only the end of its request resolves it. */
export type RequestHold = { readonly id: string; readonly amount: bigint; readonly timesOutAt: Date };

/** Reasons of requests, beside the ledger's refusals. */
export const ownFailures = ['payout_timed_out', 'payout_rejected', 'review_rejected'] as const;
/** The remark of a `paying` request whose payer has not been called yet. */
export const notCalledYet =
  'The payer has not been called yet: it is called once money may leave the wallet, which is checked regularly until the time is up. Unfreeze the wallet, or reject.';
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
  /** Number of replays. */
  readonly generation: number;
  readonly keyGeneration: number;
  readonly way: Way | null;
  readonly holdSeconds: number | null;
  readonly attempts: number;
  /** Number of tries in a row without progress. */
  readonly tries: number;
  readonly hold: RequestHold | null;
  /**
   * Whether the payer may have been called: set before the first call, and cleared only if that call certainly did not arrive.
   */
  readonly asked: boolean;
  /** Number of refused captures. */
  readonly captures: number;
  /** Why it waits for an operator. */
  readonly remark: string | null;
  /** The ledger operation that ended it, if recorded. */
  readonly operation: string | null;
  readonly seq: number | null;
  readonly failure: Failure | null;
  readonly nextTryAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
  /** Who made it; null in requests of earlier versions. */
  readonly actor: string | null;
  /** The second person, once the payout was approved. */
  readonly approver: string | null;
};

/** A line in the log of attempts. */
export type Attempt = {
  readonly number: number;
  readonly at: Date;
  readonly step: string;
  readonly outcome: string;
  readonly detail: string | null;
  readonly actor: string | null;
};

/** The fraud rules' verdict on a held withdrawal. */
export type ReviewVerdict = 'not evaluated yet' | 'clear' | { readonly finding: string; readonly rule?: string };
/** Absent if there are no reviews: then no withdrawal waits for one. */
export type Reviews = {
  /** Whether any rule currently reviews withdrawals: then new ones are held first. */
  readonly areOn: () => boolean | Promise<boolean>;
  /** Of the hold's operation. */
  readonly ofHold: (operationId: string) => Promise<ReviewVerdict>;
};

export function isFinished({ status }: Pick<AsyncRequest, 'status'>): boolean {
  return status === 'completed' || status === 'released' || status === 'failed';
}
