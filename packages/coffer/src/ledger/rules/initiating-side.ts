/** The side of a transfer that initiates it. */
import type { TransferKind, TransferOperation } from './types.ts';

/** The side that initiates a transfer of each kind, and whose scope contains its idempotency key. */
const initiatingSide = {
  issue: 'credit',
  burn: 'debit',
  deposit: 'credit',
  withdrawal: 'debit',
  topup: 'credit',
  spend: 'debit',
  transfer: 'debit',
} as const satisfies Record<TransferKind, 'debit' | 'credit'>;

/**
 * The side that initiates a transfer. Between a wallet and an account that every book has, it is the wallet: its book decides, and its keys are
 * remembered in one place.
 */
export function initiatingSideOf({ kind, debit, credit }: Pick<TransferOperation, 'kind' | 'debit' | 'credit'>): 'debit' | 'credit' {
  return kind === 'transfer' && !('wallet' in debit) && 'wallet' in credit ? 'credit' : initiatingSide[kind];
}
