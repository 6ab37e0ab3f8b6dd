/** How every refusal and every outage is told over gRPC: a status, a stable code for programs and a sentence for people. */
import { visibleRefusal } from '../../visibility/index.ts';
import { status } from '@grpc/grpc-js';
import { identityRefusalMeanings, IdentityOverloaded, IdentityUnavailable } from '../../identity/index.ts';
import type { IdentityRefusal, IdentityRefusalCode } from '../../identity/index.ts';
import { isOutage, LedgerHalted, LedgerOverloaded, LedgerUnavailable, refusalMeanings } from '../../ledger/index.ts';
import type { Refusal, RefusalCode } from '../../ledger/index.ts';

export type Failure = { readonly status: status; readonly code: string; readonly details: string };

export const ledgerRefusalStatus = {
  idempotency_key_reused: status.FAILED_PRECONDITION,
  wallet_exists: status.FAILED_PRECONDITION,
  amount_invalid: status.INVALID_ARGUMENT,
  same_wallet: status.INVALID_ARGUMENT,
  other_book: status.FAILED_PRECONDITION,
  asset_unknown: status.INVALID_ARGUMENT,
  wallet_not_found: status.NOT_FOUND,
  recipient_not_found: status.NOT_FOUND,
  hold_not_found: status.NOT_FOUND,
  operation_not_found: status.NOT_FOUND,
  not_reversible: status.FAILED_PRECONDITION,
  asset_mismatch: status.FAILED_PRECONDITION,
  version_stale: status.ABORTED,
  wallet_closed: status.FAILED_PRECONDITION,
  wallet_frozen: status.FAILED_PRECONDITION,
  nothing_to_change: status.FAILED_PRECONDITION,
  hold_expired: status.FAILED_PRECONDITION,
  hold_resolved: status.FAILED_PRECONDITION,
  hold_not_expired: status.FAILED_PRECONDITION,
  hold_exceeded: status.FAILED_PRECONDITION,
  already_reversed: status.FAILED_PRECONDITION,
  reversal_exceeds_original: status.FAILED_PRECONDITION,
  insufficient_funds: status.FAILED_PRECONDITION,
  limit_exceeded: status.FAILED_PRECONDITION,
  balance_below_minimum: status.FAILED_PRECONDITION,
  wallet_not_empty: status.FAILED_PRECONDITION,
  credit_line_in_use: status.FAILED_PRECONDITION,
  balance_limit: status.FAILED_PRECONDITION,
  saga_not_linkable: status.FAILED_PRECONDITION,
  review_required: status.FAILED_PRECONDITION,
  linked_operation_refused: status.FAILED_PRECONDITION,
} as const satisfies Record<RefusalCode, status>;

export const identityRefusalStatus = {
  email_invalid: status.INVALID_ARGUMENT,
  name_invalid: status.INVALID_ARGUMENT,
  password_too_short: status.INVALID_ARGUMENT,
  password_too_long: status.INVALID_ARGUMENT,
  nothing_to_update: status.INVALID_ARGUMENT,
  cursor_invalid: status.INVALID_ARGUMENT,
  email_taken: status.ALREADY_EXISTS,
  user_not_found: status.NOT_FOUND,
  credentials_wrong: status.UNAUTHENTICATED,
  current_password_wrong: status.PERMISSION_DENIED,
  token_invalid: status.UNAUTHENTICATED,
  wallet_provisioning_failed: status.UNAVAILABLE,
  key_not_found: status.NOT_FOUND,
  scopes_exceeded: status.PERMISSION_DENIED,
} as const satisfies Record<IdentityRefusalCode, status>;

/** Refusals that only this transport knows: the request never reached a context, or its answer does not fit the contract. */
export const requestFailures = {
  message_malformed: { status: status.INVALID_ARGUMENT, details: 'The bytes are no message of the type that this call takes.' },
  request_invalid: { status: status.INVALID_ARGUMENT, details: 'The request is not valid.' },
  not_open_yet: { status: status.NOT_FOUND, details: 'The wallet was not open yet at that moment.' },
  user_id_invalid: { status: status.INVALID_ARGUMENT, details: 'A user id is a UUID, such as 0f6d220d-61fa-4be7-b0a2-e05dbd9aee32.' },
  amount_invalid: { status: status.INVALID_ARGUMENT, details: 'An amount is a whole number of minor units from 1 to 9223372036854775807.' },
  idempotency_key_invalid: {
    status: status.INVALID_ARGUMENT,
    details: 'An idempotency key is one value of 1 to 128 printable ASCII characters without a comma.',
  },
  metadata_unreadable: {
    status: status.INVALID_ARGUMENT,
    details: 'The metadata idempotency-key and authorization are printable ASCII. Nothing was done.',
  },
  balance_exceeds_int64: {
    status: status.OUT_OF_RANGE,
    details: 'The balance does not fit an int64. Read the wallet over REST, which answers it exactly.',
  },
  posted_balance_exceeds_int64: {
    status: status.OUT_OF_RANGE,
    details:
      'The operation was done, at the position that coffer-seq names, but the balance after it does not fit an int64. Read the wallet over REST, which answers it exactly.',
  },
  users_unavailable: {
    status: status.UNAVAILABLE,
    details: 'The users service cannot be asked for the user. Nothing was done: try again.',
  },
  deadline: {
    status: status.DEADLINE_EXCEEDED,
    details: 'No answer within the time that a call without a deadline gets. The outcome is unknown.',
  },
  stopping: {
    status: status.UNAVAILABLE,
    details:
      'The server is stopping. Everything that was answered is done; send what was not answered again, to another server or in a moment.',
  },
  internal: {
    status: status.INTERNAL,
    details: 'Coffer met an error of its own; its log has the details. Whether anything was done is unknown.',
  },
} as const satisfies Record<string, Omit<Failure, 'code'>>;

export function requestFailure(code: keyof typeof requestFailures): Failure {
  return { code, ...requestFailures[code] };
}

/** `book`: of the log that has the refusal, if one has. */
export function ledgerFailure(refusal: Refusal, book: number | null = null): Failure {
  const { code, facts, instead } = visibleRefusal(refusal, book);
  return { status: ledgerRefusalStatus[code], code, details: sentence(instead ?? refusalMeanings[code], facts) };
}

export function identityFailure({ code, facts }: IdentityRefusal): Failure {
  return { status: identityRefusalStatus[code], code, details: sentence(identityRefusalMeanings[code], facts) };
}

/** Null for what is no outage: a bug of ours. */
export function outageFailure(thrown: unknown): Failure | null {
  if (thrown instanceof LedgerUnavailable || thrown instanceof IdentityUnavailable) {
    return { status: status.UNAVAILABLE, code: thrown.outcome === 'unknown' ? 'outcome_unknown' : 'unavailable', details: thrown.message };
  }
  if (thrown instanceof LedgerOverloaded || thrown instanceof IdentityOverloaded) {
    return { status: status.RESOURCE_EXHAUSTED, code: 'overloaded', details: thrown.message };
  }
  if (thrown instanceof LedgerHalted) {
    return { status: status.UNAVAILABLE, code: 'ledger_halted', details: `${thrown.message} The outcome is unknown.` };
  }
  // Only reads reach the database without a context's own wrapping.
  if (isOutage(thrown))
    return { status: status.UNAVAILABLE, code: 'unavailable', details: 'The database is away. Nothing was done: try again.' };
  return null;
}

/** Facts can hold what a caller sent; a status message must be well-formed text. */
function sentence(meaning: string, facts: Readonly<Record<string, string>>): string {
  const listed = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return listed.length === 0 ? meaning : `${meaning} (${listed.join(', ')})`.toWellFormed();
}
