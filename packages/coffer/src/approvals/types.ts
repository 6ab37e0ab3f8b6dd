/** The types of approvals: operations, and changes of the policies, that wait for a second person. */
import type { ApprovalPolicy, ApprovalState, OperationRefusalCode } from '../operations/index.ts';

/** Changes of a policy wait like operations, under these names. */
export const policyChanges = ['setApprovalPolicy', 'removeApprovalPolicy'] as const;
export type PolicyChangeName = (typeof policyChanges)[number];

/** `policy` null: it is removed. */
export type PolicyChange = { readonly id: string; readonly policy: ApprovalPolicy | null; readonly reason: string };

export type Approval = {
  readonly id: string;
  /** The name of an operation of the table, or of a change of a policy. */
  readonly operation: string;
  /** JSON of what was asked for. */
  readonly input: string;
  /** As logs name callers, and the person behind it. */
  readonly maker: string;
  readonly person: string | null;
  readonly wallets: readonly string[];
  readonly amount: bigint | null;
  readonly asset: number | null;
  /** The policy that asks for the second person. */
  readonly policy: string;
  readonly later: boolean;
  readonly state: ApprovalState;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly reason: string | null;
  /** The operation or the asynchronous request that it became. */
  readonly result: string | null;
  readonly failure: ApprovalFailure | null;
};

export type ApprovalFailure = {
  readonly code: OperationRefusalCode | 'too_many_open_requests';
  readonly facts: Readonly<Record<string, string>>;
};

/**
 * `same_person`: the caller made it, or owns a wallet in it. `maker_gone`: the maker was deleted or suspended, or may no longer do it.
 * `not_yours`: only its maker cancels it.
 */
export type ApprovalRefusal = 'not_found' | 'not_pending' | 'same_person' | 'maker_gone' | 'not_yours';
export type ApprovalDecided = { readonly approval: Approval } | { readonly refusal: ApprovalRefusal; readonly state: ApprovalState | null };

export type Decider = { readonly actor: string; readonly reason?: string | undefined };
