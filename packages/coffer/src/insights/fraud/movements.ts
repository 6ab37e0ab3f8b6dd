/** Movements out of wallets, as the rules see them: read from the event log. */
import type { LedgerEvent } from '../../ledger/index.ts';
import { reservedMetadata } from '../../operations/index.ts';
import type { MovementKind } from './definitions.ts';

export type Movement = {
  /** The id of the event. */
  readonly id: string;
  readonly book: number;
  readonly seq: number;
  readonly part: number;
  readonly wallet: string;
  readonly kind: MovementKind;
  readonly asset: number;
  readonly amount: bigint;
  readonly recordedAt: Date;
};

const kindOfEvent: Readonly<Record<string, MovementKind>> = {
  FundsWithdrawn: 'withdrawal',
  FundsSpent: 'spend',
  TransferDebited: 'transfer',
};

/** Null if the event is not a movement. A capture is not one: its amount left the wallet's control with the hold. */
export function movementOf({ id, book, seq, part, type, wallet, recordedAt, data }: LedgerEvent): Movement | null {
  const kind = kindOfEvent[type] ?? (type === 'HoldAuthorized' && isForWithdrawal(data['metadata']) ? 'withdrawal' : undefined);
  const { amount, asset } = data;
  if (kind === undefined || typeof amount !== 'string' || typeof asset !== 'number') return null;
  return { id, book, seq, part, wallet, kind, asset, amount: BigInt(amount), recordedAt };
}

/** Asynchronous withdrawals mark their hold, under a name that callers cannot use. */
function isForWithdrawal(metadata: unknown): boolean {
  return memberOf(memberOf(metadata, reservedMetadata), 'purpose') === 'withdrawal';
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
