/** How the ledger's refusals are told over HTTP: a status and a sentence for each. */
import { visibleRefusal } from '../../visibility/index.ts';
import type { RefusedOutcome } from '../../operations/index.ts';
import { operationId, refusalMeanings } from '../../ledger/index.ts';
import type { RecordedEntry, Refusal, RefusalCode } from '../../ledger/index.ts';
import type { Problem } from './problem.ts';

export const refusalStatus = {
  idempotency_key_reused: 409,
  wallet_exists: 409,
  amount_invalid: 400,
  same_wallet: 422,
  other_book: 422,
  asset_unknown: 422,
  wallet_not_found: 404,
  recipient_not_found: 404,
  hold_not_found: 404,
  operation_not_found: 404,
  not_reversible: 422,
  asset_mismatch: 422,
  version_stale: 409,
  wallet_closed: 422,
  wallet_frozen: 422,
  nothing_to_change: 409,
  hold_expired: 422,
  hold_resolved: 422,
  hold_not_expired: 422,
  hold_exceeded: 422,
  already_reversed: 422,
  reversal_exceeds_original: 422,
  insufficient_funds: 422,
  limit_exceeded: 422,
  balance_below_minimum: 422,
  wallet_not_empty: 422,
  credit_line_in_use: 422,
  balance_limit: 422,
  saga_not_linkable: 422,
  review_required: 422,
  linked_operation_refused: 422,
} as const satisfies Record<RefusalCode, number>;

type Facts = Refusal['facts'];

const advice = {
  idempotency_key_reused: ({ key }) =>
    `The key ${quoted(key)} was used for an operation with other content. Send what you sent then, or take a fresh key.`,
  wallet_not_found: ({ wallet }) => `There is no wallet ${quoted(wallet)}. A first deposit opens it, or POST /wallet.`,
  recipient_not_found: ({ wallet }) =>
    `There is no wallet ${quoted(wallet)} to credit. Open it first (POST /wallet, or a first deposit), then send this with a fresh key.`,
  wallet_exists: ({ wallet }) => `The wallet ${quoted(wallet)} exists already. Use it as it is: GET /wallet/${wallet ?? ''}.`,
  asset_unknown: ({ asset }) => `There is no asset ${quoted(asset)}. GET /assets lists those that there are.`,
  amount_invalid: ({ amount }) =>
    `The amount ${quoted(amount)} is none. Send a whole number of minor units, at least 1, of at most 38 digits.`,
  same_wallet: ({ wallet }) => `${quoted(wallet)} would pay itself. Name two different wallets.`,
  asset_mismatch: () =>
    "Both wallets must be of one asset, and of the asset named in the request, if it names one. GET /wallet/{id} tells a wallet's asset.",
  version_stale: ({ expectedVersion, currentVersion }) =>
    `You expected version ${expectedVersion ?? ''}; the wallet is at version ${currentVersion ?? ''}. Read it again, decide again, and send that version with a fresh key.`,
  insufficient_funds: ({ wallet, available, requested }) =>
    `${quoted(wallet)} has ${available ?? ''} available, ${requested ?? ''} were asked for. Ask for less, or fund it first; either way with a fresh key.`,
  other_book: ({ wallet }) =>
    `${quoted(wallet)} is kept in another book, and this would have to happen within one. A transfer by itself, without "mode":"atomic", may go to another book.`,
  // Whoever names a hold names no wallet.
  hold_not_found: ({ hold }) =>
    `There is no hold ${quoted(hold)}. Its id is in the answer that authorised it, and GET /wallet/{id}/holds lists those that are open.`,
  operation_not_found: ({ reverses }) =>
    `There is no operation ${reverses ?? ''}. Its id is in the answer to the request that asked for it, and in GET /wallet/{id}/history.`,
  not_reversible: ({ reverses, kind }) =>
    `Operation ${reverses ?? ''} is of the kind ${quoted(kind)}. Only a posting between two accounts can be reversed; undo a hold by releasing it, and a reversal by posting again.`,
  wallet_closed: ({ wallet, side }) => `${quoted(wallet)} is closed for ${side ?? ''}, which cannot be undone. Use another wallet.`,
  wallet_frozen: ({ wallet, side }) =>
    `${quoted(wallet)} is frozen for ${side ?? ''}. An operator can unfreeze it (POST /wallet/${wallet ?? ''}/unfreeze); then send this with a fresh key.`,
  nothing_to_change: ({ wallet }) => `${quoted(wallet)} is already as asked. Read it: GET /wallet/${wallet ?? ''}.`,
  hold_expired: ({ hold, expiredAt }) => `Hold ${hold ?? ''} expired at ${expiredAt ?? ''}. Authorise a new one.`,
  hold_resolved: ({ hold }) => `Nothing is left of hold ${hold ?? ''}. Authorise a new one for more.`,
  hold_not_expired: ({ hold }) => `Hold ${hold ?? ''} has not expired. Release it instead (POST /holds/${hold ?? ''}/release).`,
  hold_exceeded: ({ hold, left, requested }) =>
    `Hold ${hold ?? ''} has ${left ?? ''} left, ${requested ?? ''} were asked for. Ask for what is left, or leave the amount away, with a fresh key.`,
  already_reversed: ({ reverses }) => `Operation ${reverses ?? ''} was reversed wholly before. There is nothing left to reverse.`,
  reversal_exceeds_original: ({ reverses, left, requested }) =>
    `Of operation ${reverses ?? ''}, ${left ?? ''} can still be reversed, ${requested ?? ''} were asked for. Ask for that, or leave the amount away, with a fresh key.`,
  limit_exceeded: ({ wallet, limit, allowed, used, requested }) =>
    `The limit ${quoted(limit)} of ${quoted(wallet)} is ${allowed ?? ''}; ${used ?? ''} of it are used, ${requested ?? ''} were asked for. Ask for less${limit === 'perTransfer' ? '' : ', wait for the next day or month'}, or have an operator raise it (PUT /wallet/${wallet ?? ''}/limits); in each case with a fresh key.`,
  balance_below_minimum: ({ wallet, minimumBalance, balance }) =>
    `${quoted(wallet)} would be left with ${balance ?? ''}, and you asked to keep at least ${minimumBalance ?? ''}. Ask for less, or keep less, with a fresh key.`,
  wallet_not_empty: ({ wallet, balance, held }) =>
    `${quoted(wallet)} has a balance of ${balance ?? ''}, of which ${held ?? ''} are held. Empty it and release its holds, or name a wallet to sweep it to; then send this with a fresh key.`,
  credit_line_in_use: ({ wallet, balance, floor }) =>
    `${quoted(wallet)} stands at ${balance ?? ''} with its holds left aside, below ${floor ?? ''}. Fund it first, or grant a longer line, with a fresh key.`,
  balance_limit: ({ wallet }) => `The balance of ${quoted(wallet)} would have more than 38 digits. Ask for less, with a fresh key.`,
  saga_not_linkable: () => 'Send the transfer by itself, or without "mode": within one book it can then be part of the group.',
  review_required: ({ wallet }) =>
    `Withdrawals from ${quoted(wallet)} may have to be reviewed first. Nothing was done: ask for it asynchronously ("async": true), with the same key or a fresh one.`,
  linked_operation_refused: ({ refused }) =>
    `Nothing was done, because operations[${refused ?? ''}] of the same group was refused. Mend that one and send the group again with fresh keys.`,
} as const satisfies Record<RefusalCode, (facts: Facts) => string>;

/** What the operation's own answer and every later look at it say. */
export function presentRefusal(
  refusal: Refusal,
  entry: Pick<RecordedEntry, 'book'> | null,
): { code: RefusalCode; detail: string; facts: Record<string, string> } {
  const { code, facts, instead } = visibleRefusal(refusal, entry && entry.book);
  return { code, detail: instead === null ? advice[code](facts) : `${instead} Ask for less, with a fresh key.`, facts: { ...facts } };
}

export function refusalProblem(outcome: RefusedOutcome): Problem {
  const { entry, key, saga } = outcome;
  const { code, detail, facts } = presentRefusal(outcome.refusal, entry);
  return {
    status: refusalStatus[code],
    code,
    title: refusalMeanings[code],
    detail: saga && entry?.debit ? `${detail} What had left ${quoted(entry.debit.id)} has come back to it.` : detail,
    facts,
    requestId: key,
    operationId: entry ? operationId(entry) : undefined,
    transferStatus: saga?.status,
  };
}

function quoted(text: string | undefined): string {
  return `"${text ?? ''}"`;
}
