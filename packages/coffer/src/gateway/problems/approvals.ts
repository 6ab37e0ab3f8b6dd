/** Refusals of approvals: decisions about operations that wait for a second person, and changes of the policies. */
import type { ApprovalRefusal } from '../../approvals/index.ts';
import type { ProblemRow } from './row.ts';

const notDone = 'Nothing was decided.';

export const approvalProblems = {
  approval_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such approval.',
    detail: 'There is no approval "‹id›".',
    remedy: 'GET /approvals lists them.',
    only: 'REST',
  },
  approval_not_pending: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The approval is not pending.',
    detail: `The approval is ‹approvalState›. ${notDone}`,
    remedy: 'Read what became of it: GET /approvals/{id}.',
    only: 'REST',
  },
  approval_same_person: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'A second person has to decide.',
    detail: `You asked for this operation, or a wallet in it is yours. API keys that you created count as you. ${notDone}`,
    remedy: 'Ask another person.',
    only: 'REST',
  },
  approval_maker_gone: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'The maker may no longer do this.',
    detail: `The maker was suspended or deleted, or has lost the role or the scope. ${notDone}`,
    remedy: 'Reject it. Another person may ask for the operation with a new key.',
    only: 'REST',
  },
  approval_not_yours: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'Only its maker can cancel it.',
    detail: `Another caller asked for this operation. ${notDone}`,
    remedy: 'Reject it instead.',
    only: 'REST',
  },
  approval_policy_not_found: {
    http: 404,
    grpc: 'NOT_FOUND',
    title: 'There is no such approval policy.',
    detail: 'There is no approval policy "‹id›".',
    remedy: 'GET /approval-policies lists them.',
    only: 'REST',
  },
} as const satisfies Record<`approval_${ApprovalRefusal}` | 'approval_policy_not_found', ProblemRow>;
