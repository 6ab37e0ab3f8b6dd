/** The state of one account while the verifier follows the log. */
import type { Content } from '../rules/content.ts';

export type Limits = NonNullable<Content['limits']>;

/** The controls of a wallet; `isSet` once an entry has set one. */
export type ControlState = { debits: string; credits: string; limits: Limits | null; isSet: boolean };

/** Days and months since 1970, and what left the wallet in them. */
export type SpentState = { day: number; month: number; ofDay: bigint; ofMonth: bigint };

export type AccountState = {
  readonly id: string;
  readonly kind: string;
  readonly asset: number;
  floor: bigint | null;
  /** According to the newest entry. */
  balance: bigint;
  version: number;
  /** Of its newest entry. */
  seq: number;
  /** Of its newest entry that `ledger.newest` was moved past, and whether that has to be there: one that does not name the previous one need not. */
  moved: { readonly seq: number; readonly isKept: boolean };
  /** The sum of what is left of its open holds. */
  held: bigint;
  readonly controls: ControlState;
  readonly spent: SpentState;
  /** Credits minus debits, summed from the amounts alone. */
  sum: bigint;
};

/** The details of a correction or a control. */
export type Decided = {
  readonly reason?: string;
  readonly actor?: string;
  readonly sides?: string;
  readonly limits?: Limits | null;
  readonly floor?: string;
  readonly sweepTo?: string;
};
