/** Movements out of wallets, as the rules see them: read from the event log. Each way out counts once, as what it is. */
import { isAccountId, isSystemAccountId, systemAccountId } from '../../ledger/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import { reservedMetadata } from '../../metadata/index.ts';
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

type Kinds = (data: LedgerEvent['data']) => MovementKind | null;

/** By the event of the wallet that it leaves; a saga's TransferDebited is the same as that of a transfer within a book. */
const kindOfEvent: Readonly<Record<string, Kinds>> = {
  FundsWithdrawn: () => 'withdrawal',
  FundsSpent: () => 'spend',
  TransferDebited: (data) => kindTo(data),
  // The hold of an asynchronous withdrawal counts from the time of the hold, so its capture does not.
  HoldAuthorized: ({ metadata }) => (memberOf(memberOf(metadata, reservedMetadata), 'purpose') === 'withdrawal' ? 'withdrawal' : null),
  HoldCaptured: ({ purpose, ...data }) => (purpose === 'withdrawal' ? null : kindTo(data)),
  // Without a recipient when there was nothing to sweep.
  WalletClosed: (data) => kindTo(data),
  ReversalDebited: () => 'reversal',
};

/** Null if the event is not a movement. */
export function movementOf({ id, book, seq, part, type, wallet, recordedAt, data }: LedgerEvent): Movement | null {
  const { amount, asset } = data;
  if (typeof amount !== 'string' || typeof asset !== 'number' || isAccountId(wallet)) return null;
  const kind = kindOfEvent[type]?.(data) ?? null;
  return kind && { id, book, seq, part, wallet, kind, asset, amount: BigInt(amount), recordedAt };
}

/** By the account that receives it. */
function kindTo({ to, asset }: LedgerEvent['data']): MovementKind | null {
  if (typeof to !== 'string' || typeof asset !== 'number') return null;
  if (!isSystemAccountId(to)) return 'transfer';
  return to === systemAccountId('cash_out', asset) ? 'withdrawal' : 'spend';
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
