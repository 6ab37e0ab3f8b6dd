/**
 * Every way the ledger can say no, in order of precedence: when several hold, the first is the answer. One thing comes before all:
 * a wallet that is not the owner's whom the caller speaks for (`onlyOwner`) is not found, whatever else is wrong.
 *
 * The domain owns these names; each transport maps them to its own statuses, exhaustively.
 */
export const refusalMeanings = {
  idempotency_key_reused: 'The idempotency key was used before, for an operation with other content.',
  wallet_exists: 'A wallet with this id exists already.',
  amount_invalid: 'An amount is a whole number of minor units from 1 to 38 digits.',
  same_wallet: 'Debit and credit name the same account.',
  other_book: 'The wallets are kept in different books, and this has to happen within one.',
  asset_unknown: 'No asset has this code or number.',
  wallet_not_found: 'The wallet that initiates the operation does not exist.',
  recipient_not_found: 'The wallet to be credited does not exist.',
  hold_not_found: 'The wallet has no such hold.',
  operation_not_found: 'There is no such operation to reverse.',
  not_reversible: 'Only a posting between two accounts can be reversed, and a reversal cannot.',
  asset_mismatch: 'The accounts, or the asset named in the request, are not of one asset.',
  version_stale: 'The wallet has moved on since the version that the caller expected.',
  wallet_closed: 'The wallet is closed for this.',
  wallet_frozen: 'The wallet is frozen for this.',
  nothing_to_change: 'The wallet is already as asked.',
  hold_expired: 'The hold has expired.',
  hold_resolved: 'Nothing is left of the hold: it was captured or released.',
  hold_not_expired: 'The hold has not expired yet.',
  hold_exceeded: 'The hold has less left than that.',
  already_reversed: 'The operation was reversed wholly before.',
  reversal_exceeds_original: 'Reversals together cannot exceed the original amount.',
  wallet_not_empty: 'The wallet still holds money, owes some, or has an open hold.',
  insufficient_funds: 'The debit would take the account below its floor, with what is held left aside.',
  limit_exceeded: "The debit would exceed one of the wallet's limits.",
  balance_below_minimum: 'The operation would leave less than the minimum balance that the caller asked to keep.',
  credit_line_in_use: 'The wallet has drawn more than the new credit line allows.',
  balance_limit: 'The balance after would have more than 38 digits.',
  saga_not_linkable: 'A transfer with mode saga cannot be part of an all-or-nothing group.',
  review_required: 'A fraud rule may want this withdrawal held for review, so it cannot be posted at once.',
  linked_operation_refused: 'Another operation of the same all-or-nothing group was refused.',
} as const;

export type RefusalCode = keyof typeof refusalMeanings;

/** A refusal is a value: a named reason and the facts a person needs to act on it. All facts are strings, amounts in minor units. */
export type Refusal = {
  readonly code: RefusalCode;
  readonly facts: Readonly<Record<string, string>>;
};
