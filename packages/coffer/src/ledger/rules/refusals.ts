/**
 * Every way the ledger can refuse, in order of precedence: when several apply, the first is the answer. One check precedes all: a wallet
 * that does not belong to the owner for whom the caller acts (`onlyOwner`) is not found, whatever else is wrong.
 *
 * The ledger owns these codes; the gateway's table of problems gives each its statuses and sentences.
 */
export const refusalCodes = [
  'idempotency_key_reused',
  'self_approval',
  'wallet_exists',
  'amount_invalid',
  'same_wallet',
  'other_book',
  'account_not_found',
  'asset_unknown',
  'asset_retired',
  'wallet_not_found',
  'recipient_not_found',
  'hold_not_found',
  'operation_not_found',
  'not_reversible',
  'asset_mismatch',
  'version_stale',
  'wallet_closed',
  'wallet_frozen',
  'nothing_to_change',
  'hold_expired',
  'hold_resolved',
  'hold_not_expired',
  'hold_exceeded',
  'already_reversed',
  'reversal_exceeds_original',
  'wallet_not_empty',
  'insufficient_funds',
  'limit_exceeded',
  'balance_below_minimum',
  'credit_line_in_use',
  'balance_limit',
  'linked_operation_refused',
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

/** A refusal is a value: a named reason and the facts you need to act on it. All facts are strings, amounts in minor units. */
export type Refusal = {
  readonly code: RefusalCode;
  readonly facts: Readonly<Record<string, string>>;
};
