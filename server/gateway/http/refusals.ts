/** How the ledger's refusals are told over HTTP: a status and a sentence for each. */
import { operationId, refusalMeanings } from '../../ledger/index.ts';
import type { Refusal, RefusalCode } from '../../ledger/index.ts';
import { toldRefusal } from '../../wallets/index.ts';
import type { WalletOutcome } from '../../wallets/index.ts';
import type { Problem } from './problem.ts';

export const refusalStatus = {
  idempotency_key_reused: 409,
  wallet_not_found: 404,
  recipient_not_found: 404,
  wallet_exists: 409,
  asset_unknown: 422,
  amount_invalid: 400,
  same_wallet: 422,
  asset_mismatch: 422,
  version_stale: 409,
  insufficient_funds: 422,
  balance_limit: 422,
  linked_operation_refused: 422,
} as const satisfies Record<RefusalCode, number>;

type Facts = Refusal['facts'];

const advice = {
  idempotency_key_reused: ({ key }) =>
    `The key ${quoted(key)} was used for an operation with other content. Send what you sent then, or take a fresh key.`,
  wallet_not_found: ({ wallet }) => `There is no wallet ${quoted(wallet)}. A first deposit opens it, or POST /wallet.`,
  recipient_not_found: ({ wallet }) => `There is no wallet ${quoted(wallet)} to credit. Open it first: POST /wallet, or a first deposit.`,
  wallet_exists: ({ wallet }) => `The wallet ${quoted(wallet)} exists already. Use it as it is: GET /wallet/${wallet ?? ''}.`,
  asset_unknown: ({ asset }) => `There is no asset ${quoted(asset)}. GET /assets lists those that there are.`,
  amount_invalid: ({ amount }) =>
    `The amount ${quoted(amount)} is none. Send a whole number of minor units, at least 1, of at most 38 digits.`,
  same_wallet: ({ wallet }) => `${quoted(wallet)} would pay itself. Name two different wallets.`,
  asset_mismatch: () =>
    "Both wallets must be of one asset, and of the asset named in the request, if it names one. GET /wallet/:id tells a wallet's asset.",
  version_stale: ({ expectedVersion, currentVersion }) =>
    `You expected version ${expectedVersion ?? ''}; the wallet is at version ${currentVersion ?? ''}. Read it again, decide again, and send that version with a fresh key.`,
  insufficient_funds: ({ wallet, available, requested }) =>
    `${quoted(wallet)} has ${available ?? ''} available, ${requested ?? ''} were asked for. Ask for less, or fund it first.`,
  balance_limit: ({ wallet }) => `The balance of ${quoted(wallet)} would have more than 38 digits. Ask for less.`,
  linked_operation_refused: ({ refused }) =>
    `Nothing was done, because operation ${refused ?? ''} of the same group was refused. Mend that one and send the group again with fresh keys.`,
} as const satisfies Record<RefusalCode, (facts: Facts) => string>;

/** What the operation's own answer and every later look at it say. */
export function presentRefusal(refusal: Refusal): { code: RefusalCode; detail: string; facts: Record<string, string> } {
  const { code, facts, instead } = toldRefusal(refusal);
  return { code, detail: instead === null ? advice[code](facts) : `${instead} Ask for less.`, facts: { ...facts } };
}

export function refusalProblem(outcome: WalletOutcome & { readonly status: 'refused' }): Problem {
  const { entry, key } = outcome;
  const { code, detail, facts } = presentRefusal(outcome.refusal);
  return {
    status: refusalStatus[code],
    code,
    title: refusalMeanings[code],
    detail,
    facts,
    requestId: key,
    operationId: entry ? operationId(entry) : undefined,
  };
}

function quoted(text: string | undefined): string {
  return `"${text ?? ''}"`;
}
