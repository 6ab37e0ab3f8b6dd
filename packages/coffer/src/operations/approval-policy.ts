/** Approval policies: which operations need a second person. Pure. */
import type { StaffRole } from '../identity/index.ts';

/** Who asks: staff by role, or an API key. Users act on their own wallets only and need no second person. */
export type MakerKind = StaffRole | 'key';

export type ApprovalPolicy = {
  readonly id: string;
  /** The name of an operation of the table; `*` for every one. */
  readonly operation: string;
  /** The number of an asset; null for any. */
  readonly asset: number | null;
  /** Exclusive, in minor units; null: every amount, and operations without one. */
  readonly above: bigint | null;
  readonly makers: readonly MakerKind[];
  /** `own`: only operations that use a right of staff or of a key on a wallet of the person who makes them. */
  readonly wallets: 'any' | 'own';
};

/** Whether a policy may apply, without knowing more than the operation's name and its maker. */
export function concerns(policy: ApprovalPolicy, operation: string, maker: MakerKind): boolean {
  return (policy.operation === '*' || policy.operation === operation) && policy.makers.includes(maker);
}

/** `amount` null: it has none. `asset` undefined: it is not known, so no asset excludes it. */
export type JudgedOperation = { readonly amount: bigint | null; readonly asset: number | undefined; readonly isOwn: boolean };

export function isMet(policy: ApprovalPolicy, { amount, asset, isOwn }: JudgedOperation): boolean {
  if (policy.wallets === 'own' && !isOwn) return false;
  if (policy.asset !== null && asset !== undefined && policy.asset !== asset) return false;
  return policy.above === null || (amount !== null && amount > policy.above);
}
