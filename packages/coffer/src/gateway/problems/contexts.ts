/** Refusals of the contexts beside the log: assets, requests, fraud rules, webhooks. */
import type { FraudRefusal } from '../../insights/index.ts';
import type { AssetRefusal, ChartRefusal } from '../../ledger/index.ts';
import type { DecisionRefusal, OwnFailure } from '../../requests/index.ts';
import type { WebhookRefusal } from '../../webhooks/index.ts';
import type { ProblemRow } from './row.ts';

/** The codes of an account that does not exist, and of assets, are the ledger's. */
type ChartCode = Exclude<ChartRefusal['refusal']['code'], 'account_not_found' | 'asset_unknown' | 'asset_retired'>;

export const chartProblems = {
  account_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The definition of the account is not valid.',
    detail: '‹said›',
    remedy: 'Correct it and send the request again.',
  },
  account_exists: {
    http: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'An account with this id exists, with another definition.',
    detail: 'The account "‹account›" exists with another definition.',
    remedy: 'Its asset, type and floor never change. Use it as it is, change its name or parent, or choose another id.',
  },
  account_parent_unknown: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The parent is not an account of the chart.',
    detail: 'There is no account "‹parent›" to be the parent.',
    remedy: 'Add the parent first, or name another one. Built-in accounts and wallets cannot be parents.',
  },
  account_parent_differs: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'An account and its parent must have the same asset and type.',
    detail: '"‹parent›" has another asset or type than "‹account›".',
    remedy: 'Name a parent of the same asset and type: reports add up what is below it.',
  },
  account_cycle: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'An account cannot be below itself.',
    detail: '"‹parent›" is "‹account›" itself, or below it.',
    remedy: 'Name a parent that is not below the account.',
  },
  too_many_accounts: {
    http: 409,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The maximum number of accounts is reached.',
    detail: 'There are already ‹most› accounts.',
    remedy: 'Use one of them. For something that each user or merchant has, open wallets.',
  },
} as const satisfies Record<ChartCode, ProblemRow>;

export const assetProblems = {
  asset_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The definition of the asset is not valid.',
    detail: '‹said›',
    remedy: 'Correct it and send the request again.',
  },
  asset_exists: {
    http: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'An asset with this code exists, with another definition.',
    detail: '‹asset› exists with scale ‹scale› and kind ‹kind›, or under another name.',
    remedy: 'Its code, scale and kind never change. Use it as it is, rename it, or choose another code.',
  },
  asset_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such asset.',
    detail: 'There is no asset "‹asset›".',
    remedy: 'GET /assets lists the assets.',
  },
  asset_is_default: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The default asset cannot be retired.',
    detail: 'The wallets of new users are opened in ‹asset›.',
    remedy: 'Set COFFER_DEFAULT_ASSET to another asset and restart Coffer first.',
  },
  too_many_assets: {
    http: 409,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The maximum number of assets is reached.',
    detail: 'There are already ‹most› assets.',
    remedy: 'Use one of them.',
  },
} as const satisfies Record<AssetRefusal['refusal']['code'], ProblemRow>;

const conflictTitle = 'The state of the request does not allow this.';
const state = 'The request is ‹requestStatus›.';

export const requestProblems = {
  request_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such request.',
    detail: 'There is no request "‹id›".',
    remedy: 'The 202 answer carries its id, and so does its Location header.',
  },
  request_not_waiting: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: conflictTitle,
    detail: `${state} Only a request that is in_review, awaiting_approval, paying or uncertain can be approved or rejected.`,
    remedy: 'Read what became of it: GET /requests/{id}.',
  },
  request_not_failed: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: conflictTitle,
    detail: `${state} Only a request that failed or was released can be replayed.`,
    remedy: 'Read what became of it: GET /requests/{id}.',
  },
  request_not_replayable: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: conflictTitle,
    detail: `${state} Another operation used its key or its hold, so a replay could have a second effect.`,
    remedy: 'Send the request again with a new key.',
  },
  request_needs_second_person: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'A second person has to decide.',
    detail: 'You made this request, or the wallet is yours. API keys that you created count as you.',
    remedy: 'Ask another person.',
  },
  request_busy: {
    http: 409,
    grpc: 'ABORTED',
    title: conflictTitle,
    detail: `${state} A worker is processing it.`,
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 1,
  },
  too_many_open_requests: {
    http: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The wallet has too many unfinished requests.',
    detail: '"‹wallet›" has ‹most› unfinished requests. This one was not accepted.',
    remedy: 'Send it again, with the same key, when some of them are finished.',
    retryAfterSeconds: 5,
  },
  payout_timed_out: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The payout was not decided in time.',
    detail: ({ approved }) =>
      approved === undefined
        ? 'The payout was not made in time, and the amount was released.'
        : 'The payout was approved, but could not be posted before its time was up: the amount had been released.',
    remedy: ({ approved }) =>
      approved === undefined ? 'Send the withdrawal again with a new key.' : 'An operator has to compare it with the payout.',
  },
  payout_rejected: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The payout was rejected.',
    detail: ({ reason = '' }) => `The payout was rejected, and the amount was released${reason === '' ? '.' : ': ‹reason›'}`,
    remedy: ({ reason = '' }) => (reason === '' ? 'Ask the operator for the reason.' : ''),
  },
  review_rejected: {
    http: 422,
    grpc: 'FAILED_PRECONDITION',
    title: 'The review rejected the withdrawal.',
    detail: ({ reason = '' }) => `The withdrawal was rejected, and the amount was released${reason === '' ? '.' : ': ‹reason›'}`,
    remedy: ({ reason = '' }) => (reason === '' ? 'Ask the operator for the reason.' : ''),
  },
} as const satisfies Record<`request_${DecisionRefusal}` | 'too_many_open_requests' | OwnFailure, ProblemRow>;

/** Insights describes what is wrong with a rule in its own sentence, which replaces these. */
export const fraudProblems = {
  rule_invalid: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The rule is not valid.',
    detail: 'The answer says which part of the rule is not valid.',
    remedy: 'Correct it and send the rule again.',
  },
  range_empty: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The time range is empty.',
    detail: 'The range ends before it begins.',
    remedy: 'Send a `since` that is before `until`.',
  },
  rule_exists: {
    http: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'A rule with this id already exists.',
    detail: 'A rule with this id already exists.',
    remedy: 'Change it, or choose another id.',
  },
  rule_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such rule.',
    detail: 'There is no such rule.',
    remedy: 'Check the id: GET /fraud/rules lists the rules.',
  },
  rule_unchanged: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The rule already has the requested content.',
    detail: 'The rule already has the requested content.',
    remedy: 'Read it: GET /fraud/rules/{ruleId}.',
  },
  too_many_rules: {
    http: 409,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The maximum number of rules is reached.',
    detail: 'No more rules can be added.',
    remedy: 'Change one that is disabled.',
  },
} as const satisfies Record<FraudRefusal['refusal'], ProblemRow>;

export const webhookProblems = {
  webhook_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such webhook.',
    detail: 'There is no such webhook.',
    remedy: 'GET /webhooks lists them.',
  },
  delivery_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such delivery.',
    detail: 'The webhook has no such delivery.',
    remedy: 'GET /webhooks/{id}/deliveries lists those of the last month.',
  },
  webhook_url_refused: {
    http: 422,
    grpc: 'INVALID_ARGUMENT',
    title: 'Coffer does not call this address.',
    detail: 'The address cannot be used: ‹why›.',
    remedy: 'Give a public https address; COFFER_WEBHOOKS_PRIVATE allows others.',
  },
  too_many_webhooks: {
    http: 409,
    grpc: 'RESOURCE_EXHAUSTED',
    title: 'The maximum number of webhooks is reached.',
    detail: 'There are already ‹most› webhooks.',
    remedy: 'Delete one first.',
  },
} as const satisfies Record<WebhookRefusal['refusal'], ProblemRow>;
