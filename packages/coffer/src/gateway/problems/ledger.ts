/** Refusals of the ledger and the wallets. */
import type { OwnRefusalCode } from '../../operations/index.ts';
import type { RefusalCode } from '../../ledger/index.ts';
import { itemName } from './row.ts';
import type { Facts, ProblemRow } from './row.ts';

const newKey = 'retry with a new key';
const withdrawLater = 'Withdraw it on its own and asynchronously, which REST offers ("async": true); release a hold first.';
const smallerAmount = 'Retry with a new key and a smaller amount';

export const ledgerProblems = {
  idempotency_key_reused: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The idempotency key was already used for a different request.',
    detail: 'The key "‹key›" was already used for a request with different content.',
    remedy: 'Send the original content again, or use a new key.',
  },
  self_approval: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The second person of an operation is neither its maker nor an owner.',
    detail: '"‹approver›" cannot approve this operation.',
    remedy: 'Ask another person.',
  },
  wallet_exists: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'A wallet with this id already exists.',
    detail: 'The wallet "‹wallet›" already exists.',
    remedy: 'Use it as it is, or choose another id.',
  },
  amount_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The amount is not valid.',
    detail: '"‹amount›" is not a valid amount.',
    remedy: 'Send a whole number of minor units, at least 1, of at most 38 digits.',
  },
  same_wallet: {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    title: 'The debit and the credit name the same account.',
    detail: '"‹wallet›" would pay itself.',
    remedy: 'Name another wallet to credit.',
  },
  other_book: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallets are in different books, and this operation needs one.',
    detail: '"‹wallet›" is in another book, and this operation has to happen within one book.',
    remedy:
      'Name a wallet of the same book. Money reaches another book by a transfer that is sent on its own and without mode atomic: to pay a hold there, capture it to a wallet of its own book, and transfer it on.',
  },
  account_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such account in the chart.',
    detail: 'There is no account "‹account›".',
    remedy: 'Add it to the chart first, such as with coffer accounts add; the list of accounts has all that exist.',
  },
  asset_unknown: {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    title: 'There is no such asset.',
    detail: 'There is no asset "‹asset›".',
    remedy: 'List the assets to see their codes.',
  },
  asset_retired: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The asset is retired: no wallet is opened in it any more.',
    detail: 'Asset ‹asset› is retired, so no wallet can be opened in it.',
    remedy: 'Use a wallet that exists, or another asset.',
  },
  wallet_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such wallet.',
    detail: 'There is no wallet "‹wallet›".',
    remedy: 'Check the id, or open the wallet, explicitly or by a first deposit.',
  },
  recipient_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'The wallet to credit does not exist.',
    detail: 'There is no wallet "‹wallet›" to credit.',
    remedy: `Open it first, explicitly or by a first deposit; then ${newKey}.`,
  },
  hold_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such hold.',
    detail: 'There is no hold "‹hold›".',
    remedy: 'The answer that authorised a hold carries its id, and the list of holds of a wallet has the open ones.',
  },
  operation_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such operation.',
    detail: (facts) =>
      'key' in facts
        ? 'The wallet has no operation under the key "‹key›".'
        : `There is no operation "${'operationId' in facts ? '‹operationId›' : '‹reverses›'}".`,
    remedy: (facts) =>
      'key' in facts
        ? 'Nothing was done under this key, so you can safely send the request.'
        : 'The answer to a request carries the id of its operation, and the history of a wallet lists them.',
  },
  not_reversible: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The operation cannot be reversed.',
    detail:
      'Operation ‹reverses› (‹kind›) cannot be reversed: only deposits, top-ups, withdrawals, spends, captures and transfers within a book can.',
    remedy: ({ kind = '' }) =>
      kind.startsWith('transfer_')
        ? 'It moved money between books. To pay it back, transfer the amount from the wallet that received it to the wallet that sent it.'
        : 'To undo a hold, release it; to undo anything else, post the opposite operation.',
  },
  asset_mismatch: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The accounts, or the asset named in the request, do not have the same asset.',
    detail: '"‹wallet›" has the asset ‹walletAsset›, not ‹asset›.',
    remedy: 'Use wallets of the same asset, and name that asset or none. Reading a wallet shows its asset.',
  },
  version_stale: {
    http: 409,
    grpc: 'ABORTED',
    title: 'The wallet has changed since the version that you expected.',
    detail: 'You expected version ‹expectedVersion›; the wallet is at version ‹currentVersion›.',
    remedy: `Read the wallet again, decide again, and ${newKey} and the current version.`,
  },
  wallet_closed: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallet is closed.',
    detail: (facts) => `"‹wallet›" is closed for ${sidesIn(facts)}, which cannot be undone.`,
    remedy: 'Use another wallet.',
  },
  wallet_frozen: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallet is frozen.',
    detail: (facts) => `"‹wallet›" is frozen for ${sidesIn(facts)}.`,
    remedy: `An operator can unfreeze it; then ${newKey}.`,
  },
  nothing_to_change: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallet already has the requested state.',
    detail: '"‹wallet›" already has the requested state.',
    remedy: 'Nothing needs to be done. Reading the wallet shows its state.',
  },
  hold_expired: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The hold has expired.',
    detail: 'Hold ‹hold› expired at ‹expiredAt›.',
    remedy: 'Authorise a new one.',
  },
  hold_resolved: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'Nothing is left on the hold.',
    detail: ({ captured }) =>
      captured === undefined
        ? 'Nothing is left on hold ‹hold›: it was captured or released.'
        : 'Hold ‹hold› was resolved by another operation: ‹captured› of ‹amount› was captured, ‹givenBack› was released.',
    remedy: ({ captured }) => (captured === undefined ? 'Authorise a new one for more.' : ''),
  },
  hold_not_expired: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The hold has not expired yet.',
    detail: 'Hold ‹hold› has not expired.',
    remedy: 'Release it instead.',
  },
  hold_exceeded: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The hold does not have enough left.',
    detail: 'Only ‹left› is left on hold ‹hold› (requested ‹requested›).',
    remedy: `${smallerAmount}, or omit the amount.`,
  },
  already_reversed: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The operation has already been fully reversed.',
    detail: 'Operation ‹reverses› has already been fully reversed.',
    remedy: 'There is nothing left to reverse.',
  },
  reversal_exceeds_original: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'Reversals together cannot exceed the original amount.',
    detail: 'Only ‹left› of operation ‹reverses› can still be reversed (requested ‹requested›).',
    remedy: `${smallerAmount}, or omit the amount.`,
  },
  wallet_not_empty: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallet still holds money, owes some, or has an open hold.',
    detail: '"‹wallet›" has a balance of ‹balance›, of which ‹held› is held.',
    remedy: `Empty it and release its holds, or name a wallet to sweep it to; then ${newKey}.`,
  },
  insufficient_funds: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'Insufficient funds.',
    detail: '"‹wallet›" has ‹available› available (requested ‹requested›).',
    remedy: `${smallerAmount}, or after a deposit.`,
  },
  limit_exceeded: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: "The operation would exceed one of the wallet's limits.",
    detail: ({ limit }) =>
      `The limit "‹limit›" of "‹wallet›" is ‹allowed›${limit === 'perTransfer' ? '' : '; ‹used› is already used'} (requested ‹requested›).`,
    remedy: ({ limit }) =>
      `${smallerAmount}${limit === 'perTransfer' ? '' : ', wait for the next day or month'}, or have an operator raise the limit.`,
  },
  balance_below_minimum: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The operation would leave less than the minimum balance that you asked to keep.',
    detail: '"‹wallet›" would be left with ‹balance›, and you asked to keep at least ‹minimumBalance›.',
    remedy: `${smallerAmount}, or a lower minimum balance.`,
  },
  credit_line_in_use: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The wallet has drawn more than the new credit line allows.',
    detail: '"‹wallet›" has a balance of ‹balance› net of its holds, below ‹floor›.',
    remedy: `Deposit first, or set a longer credit line; then ${newKey}.`,
  },
  balance_limit: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The balance would have more than 38 digits.',
    detail: 'The balance of "‹wallet›" would have more than 38 digits.',
    remedy: `${smallerAmount}.`,
  },
  linked_operation_refused: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'Another operation of the same all-or-nothing group was refused.',
    detail: `Nothing was done, because ${itemName('‹refused›')} of the same group was refused.`,
    remedy: 'Correct that operation and send the group again with new keys.',
  },
} as const satisfies Record<RefusalCode, ProblemRow>;

export const walletProblems = {
  saga_not_linkable: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'A transfer with mode saga cannot be part of an all-or-nothing group.',
    detail: 'A transfer with mode saga runs in steps, so it cannot be part of an all-or-nothing group.',
    remedy: 'Send the transfer on its own, or omit the mode when both wallets are in one book.',
  },
  review_required: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'A fraud rule may require a review of this withdrawal, so it cannot be posted immediately.',
    detail: 'Money that leaves "‹wallet›" for cash_out may need a review first, so nothing was posted.',
    remedy: withdrawLater,
  },
  approval_required: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'A second person has to approve this operation.',
    detail: ({ approvalId, wallet }) => {
      if (approvalId !== undefined) return 'The operation waits for a second person as approval ‹approvalId›. Nothing was posted yet.';
      return wallet === undefined
        ? 'An approval policy asks for a second person, for whom an all-or-nothing group cannot wait. Nothing was done.'
        : 'An approval policy asks for a second person to close the wallet "‹wallet›", for whom a deletion cannot wait. Nothing was done.';
    },
    remedy: ({ approvalId, wallet }) => {
      if (approvalId !== undefined)
        return 'It is posted once another person approves it. Read the approval to follow it, or send the same request again.';
      return wallet === undefined
        ? 'Send the operation alone.'
        : 'Close the wallet on its own, have that approved, then send the deletion again.';
    },
  },
  approval_closed: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The operation was not approved.',
    detail: 'Approval ‹approvalId› of this operation is ‹approvalState›. Nothing was posted.',
    remedy: 'Send it again with a new key, if it is still wanted.',
  },
  effective_in_future: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The effective date is in the future.',
    detail: 'The effective date ‹effectiveAt› is in the future: it is ‹now›.',
    remedy: 'Omit it, or send a date that has passed.',
  },
  effective_before_opening: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'A wallet of the operation was not open on the effective date.',
    detail: 'The wallet "‹wallet›" was not open at ‹effectiveAt›.',
    remedy: 'Omit the effective date, or send one after the opening of the wallet.',
  },
  period_closed: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The effective date is in a closed period.',
    detail: 'The period before ‹before› is closed, and the effective date is ‹effectiveAt›.',
    remedy: 'Omit the effective date, or send one in an open period.',
  },
  payout_required: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'Payouts are decided first, so this withdrawal cannot be posted immediately.',
    detail: 'A payout of money from "‹wallet›" is decided before it leaves for cash_out, so nothing was posted.',
    remedy: `${withdrawLater} Staff, and API keys with the scope money:withdraw:direct, need no payout decision.`,
  },
} as const satisfies Record<OwnRefusalCode, ProblemRow>;

/** The remedy when a system account could not take part; the detail reveals nothing else about that account. */
export const systemAccountRemedy = `${smallerAmount}.`;

function sidesIn({ side }: Facts): string {
  return side === 'both' ? 'debits and credits' : '‹side›';
}
