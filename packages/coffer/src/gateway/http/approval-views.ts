/** The answers about approvals and their policies. For staff and services only. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { changeOfText, policyChanges } from '../../approvals/index.ts';
import type { Approval } from '../../approvals/index.ts';
import { rolesWith } from '../../identity/index.ts';
import { approvalStates, definitions, oneOf, orNull, ref, requestOfText, strict, Timestamp } from '../../operations/index.ts';
import type { ApprovalPolicy, MakerKind } from '../../operations/index.ts';

export const ApprovalId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'the id of an approval, from the refusal approval_required',
});
export const ApprovalStateName = oneOf(...approvalStates);
export const PolicyId = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', examples: ['large-deposits'] });

const Above = Type.String({
  pattern: '^(0|[1-9][0-9]{0,37})$',
  description: 'minor units: only operations with a larger amount. Omitted: every amount, and operations without one',
  examples: ['100000'],
});
const makers: readonly MakerKind[] = [...rolesWith('self'), 'key'];

/** Of a policy, without its id. */
export const policyFields = {
  operation: oneOf('*', ...definitions.map(({ name }) => name)),
  asset: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'the number of an asset; omitted: any' })),
  above: Type.Optional(Above),
  makers: Type.Array(oneOf(...makers), {
    minItems: 1,
    maxItems: makers.length,
    uniqueItems: true,
    description: 'roles of staff; key: API keys',
  }),
  wallets: Type.Optional({
    ...oneOf('any', 'own'),
    description: 'own: only operations with a right of staff or of a key on a wallet of the person who makes them',
  }),
};

const PolicyView = Type.Object({ id: PolicyId, ...policyFields, wallets: oneOf('any', 'own') }, { $id: 'ApprovalPolicy', ...strict });

const ApprovalFailureView = Type.Object(
  { code: Type.String(), facts: Type.Record(Type.String(), Type.String()) },
  { $id: 'ApprovalFailure', ...strict },
);

export const ApprovalView = Type.Object(
  {
    id: Type.String(),
    operation: oneOf(...policyChanges, ...definitions.map(({ name }) => name)),
    state: { ...ApprovalStateName, description: 'approved: it is being carried out. done: see operationId. failed: see failure' },
    policy: Type.String({ description: 'the policy that asks for a second person, or that is changed' }),
    maker: Type.String({ description: 'who asked for it' }),
    walletIds: Type.Array(Type.String()),
    amount: orNull(Type.String({ description: 'the most that it moves, reserves or grants, in minor units' })),
    asset: orNull(Type.Integer({ description: 'the number of the asset' })),
    input: Type.Record(Type.String(), Type.Unknown(), { description: 'what was asked for' }),
    createdAt: Timestamp,
    expiresAt: Timestamp,
    decidedBy: orNull(Type.String({ description: 'the second person; for a cancelled one, its maker' })),
    decidedAt: orNull(Timestamp),
    reason: orNull(Type.String()),
    operationId: Type.Optional(Type.String({ description: 'the operation that it became' })),
    asyncRequestId: Type.Optional(Type.String({ description: 'the asynchronous request that it became' })),
    failure: Type.Optional(ref(ApprovalFailureView)),
  },
  { $id: 'Approval', ...strict, description: 'an operation, or a change of an approval policy, that waits or waited for a second person' },
);

export const approvalSchemas = [PolicyView, ApprovalFailureView, ApprovalView];
export const PolicyAnswer = PolicyView;

export function presentPolicy({ id, operation, asset, above, makers: who, wallets }: ApprovalPolicy): Static<typeof PolicyView> {
  return { id, operation, ...(asset !== null && { asset }), ...(above !== null && { above: above.toString() }), makers: [...who], wallets };
}

export function presentApproval(approval: Approval): Static<typeof ApprovalView> {
  const { id, operation, state, policy, maker, wallets, amount, asset, decidedBy, decidedAt, reason, result, later, failure } = approval;
  return {
    id,
    operation,
    state,
    policy,
    maker,
    asset,
    decidedBy,
    reason,
    walletIds: [...wallets],
    amount: amount === null ? null : amount.toString(),
    input: inputOf(approval),
    createdAt: approval.createdAt.toISOString(),
    expiresAt: approval.expiresAt.toISOString(),
    decidedAt: decidedAt?.toISOString() ?? null,
    ...(result !== null && { [later ? 'asyncRequestId' : 'operationId']: result }),
    ...(failure && { failure: { code: failure.code, facts: { ...failure.facts } } }),
  };
}

function inputOf({ operation, input }: Approval): Record<string, unknown> {
  if (policyChanges.some((name) => name === operation)) {
    const { policy, ...change } = changeOfText(input);
    return { ...change, policy: policy && presentPolicy(policy) };
  }
  const { actor: _actor, clearance: _clearance, key, metadata, ...asked } = requestOfText(input);
  const text = JSON.stringify(asked, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return {
    ...(JSON.parse(text) as object),
    ...(key !== undefined && { requestId: key }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as unknown }),
  };
}
