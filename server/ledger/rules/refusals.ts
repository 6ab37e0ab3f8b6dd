/**
 * Every way the ledger can say no, in order of precedence: when several hold, the first is the answer.
 *
 * The domain owns these names; each transport maps them to its own statuses, exhaustively.
 */
export const refusalMeanings = {
  idempotency_key_reused: 'The idempotency key was used before, for an operation with other content.',
  wallet_not_found: 'The wallet that initiates the operation does not exist.',
  recipient_not_found: 'The wallet to be credited does not exist.',
  wallet_exists: 'A wallet with this id exists already.',
  asset_unknown: 'No asset has this code or number.',
  amount_invalid: 'An amount is a whole number of minor units from 1 to 38 digits.',
  same_wallet: 'Debit and credit name the same account.',
  asset_mismatch: 'The accounts, or the asset named in the request, are not of one asset.',
  version_stale: 'The wallet has moved on since the version that the caller expected.',
  insufficient_funds: 'The debit would take the account below its floor.',
  balance_limit: 'The balance after would have more than 38 digits.',
  linked_operation_refused: 'Another operation of the same all-or-nothing group was refused.',
} as const;

export type RefusalCode = keyof typeof refusalMeanings;

/** A refusal is a value: a named reason and the facts a person needs to act on it. All facts are strings, amounts in minor units. */
export type Refusal = {
  readonly code: RefusalCode;
  readonly facts: Readonly<Record<string, string>>;
};
