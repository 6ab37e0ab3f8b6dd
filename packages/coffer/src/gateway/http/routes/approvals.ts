/** Approvals: staff decide about operations that need a second person, and admins change the policies that ask for one. */
import Type from 'typebox';
import { neededFor } from '../../../approvals/index.ts';
import type { ApprovalDecided, ApprovalRefusal, Approval } from '../../../approvals/index.ts';
import { orUnknown } from '../../../ledger/index.ts';
import { Reason, ref, strict } from '../../../operations/index.ts';
import type { ApprovalState } from '../../../operations/index.ts';
import type { OperationName } from '../../access/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import {
  ApprovalId,
  ApprovalStateName,
  ApprovalView,
  policyFields,
  PolicyAnswer,
  PolicyId,
  presentApproval,
  presentPolicy,
} from '../approval-views.ts';
import { admitted } from '../callers.ts';
import { forbidden, problem, ProblemError, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { readReason } from '../request-content.ts';
import { page, pageQuery, problems } from '../schemas.ts';

const tags = ['Approvals'];
const params = Type.Object({ approvalId: ApprovalId }, strict);
const policyParams = Type.Object({ policyId: PolicyId }, strict);
const listQuery = Type.Object(
  { ...pageQuery('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$').properties, state: Type.Optional(ApprovalStateName) },
  strict,
);

export function approvalRoutes(app: App, product: Product): void {
  const { approvals, approvalRunner } = product;
  const shown = async (approval: Approval) => presentApproval(await approvals.opened(approval));
  const decided = async (reply: Reply, id: string, outcome: ApprovalDecided) =>
    'refusal' in outcome ? sendProblem(reply, refusal(id, outcome)) : reply.send(await orUnknown(() => shown(outcome.approval)));

  app.get(
    '/approvals',
    {
      schema: {
        operationId: 'listApprovals',
        description: 'Lists operations that wait or waited for a second person, newest first',
        tags,
        querystring: listQuery,
        response: { 200: page(ref(ApprovalView)), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit = 50, cursor, state } = request.query;
      const { items, next } = await approvals.list({ limit, cursor, state });
      return reply.send({ items: await Promise.all(items.map(shown)), next });
    },
  );

  app.get(
    '/approvals/:approvalId',
    {
      schema: {
        operationId: 'getApproval',
        description: 'An approval',
        tags,
        params,
        response: { 200: ref(ApprovalView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const found = await approvals.find(request.params.approvalId);
      if (!found) return sendProblem(reply, notFound(request.params.approvalId));
      return reply.send(await shown(found));
    },
  );

  const answers = { 200: ref(ApprovalView), ...problems(404, 409) };
  app.post(
    '/approvals/:approvalId/approve',
    {
      schema: {
        operationId: 'approveOperation',
        description:
          'Approves an operation as its second person, and posts it under its key. You need the role or the scope of the operation, and are neither its maker nor the owner of a wallet in it. Answers with the state approved while the posting takes longer',
        tags,
        params,
        body: Type.Object({ reason: Type.Optional(Reason) }, strict),
        response: answers,
      },
    },
    async (request, reply) => {
      const { approvalId: id } = request.params;
      const found = await decidable(product, request, id);
      if (!found) return sendProblem(reply, notFound(id));
      const { reason } = request.body;
      const decider = { actor: actorOf(request), reason: reason === undefined ? undefined : readReason({ reason }) };
      return await decided(reply, id, await approvalRunner.approve(id, decider));
    },
  );

  app.post(
    '/approvals/:approvalId/reject',
    {
      schema: {
        operationId: 'rejectOperation',
        description: 'Rejects an operation that waits for a second person. The same rules apply as for approving it',
        tags,
        params,
        body: Type.Object({ reason: Reason }, strict),
        response: answers,
      },
    },
    async (request, reply) => {
      const { approvalId: id } = request.params;
      if (!(await decidable(product, request, id))) return sendProblem(reply, notFound(id));
      return await decided(reply, id, await approvals.reject(id, { actor: actorOf(request), reason: readReason(request.body) }));
    },
  );

  app.post(
    '/approvals/:approvalId/cancel',
    {
      schema: {
        operationId: 'cancelOperation',
        description: 'Cancels an operation that you asked for and that waits for a second person',
        tags,
        params,
        response: answers,
      },
    },
    async (request, reply) => {
      const { approvalId: id } = request.params;
      return await decided(reply, id, await approvals.cancel(id, { actor: actorOf(request) }));
    },
  );
}

export function approvalPolicyRoutes(app: App, { approvals }: Product): void {
  app.get(
    '/approval-policies',
    {
      schema: {
        operationId: 'listApprovalPolicies',
        description: 'Lists the policies that ask for a second person',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(PolicyAnswer)) }, strict), ...problems() },
      },
    },
    async (_request, reply) => reply.send({ items: (await approvals.readPolicies()).map(presentPolicy) }),
  );

  const waits = 'The change waits for another admin (202), unless no policy is in force';
  const answers = { 200: ref(PolicyAnswer), 202: ref(ApprovalView), ...problems() };
  app.put(
    '/approval-policies/:policyId',
    {
      schema: {
        operationId: 'setApprovalPolicy',
        description: `Adds or replaces an approval policy. ${waits}`,
        tags,
        params: policyParams,
        body: Type.Object({ ...policyFields, reason: Reason }, strict),
        response: answers,
      },
    },
    async (request, reply) => {
      const { policyId: id } = request.params;
      const { operation, asset = null, above, makers, wallets = 'any', reason } = request.body;
      const policy = { id, operation, asset, above: above === undefined ? null : BigInt(above), makers, wallets };
      const waiting = await approvals.requestChange({ id, policy, reason: readReason({ reason }) }, actorOf(request));
      return waiting ? accepted(reply, waiting) : reply.send(presentPolicy(policy));
    },
  );

  app.delete(
    '/approval-policies/:policyId',
    {
      schema: {
        operationId: 'removeApprovalPolicy',
        description: 'Removes an approval policy. The change waits for another admin',
        tags,
        params: policyParams,
        body: Type.Object({ reason: Reason }, strict),
        response: { 202: ref(ApprovalView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { policyId: id } = request.params;
      const isKnown = (await approvals.readPolicies()).some((policy) => policy.id === id);
      const waiting = isKnown
        ? await approvals.requestChange({ id, policy: null, reason: readReason(request.body) }, actorOf(request))
        : null;
      return waiting ? accepted(reply, waiting) : sendProblem(reply, problem('approval_policy_not_found', { facts: { id } }));
    },
  );
}

function accepted(reply: Reply, approval: Approval): Reply {
  return reply.code(202).header('location', `/approvals/${approval.id}`).send(presentApproval(approval));
}

/** The approval, if the caller may do what it is about to any wallet. Null if there is none. */
async function decidable(product: Product, request: Request, id: string): Promise<Approval | null> {
  const found = await product.approvals.find(id);
  if (!found) return null;
  for (const operation of neededFor(found)) {
    const { onlyOwner } = admitted(product, request, operation as OperationName);
    if (onlyOwner !== undefined)
      throw new ProblemError(forbidden('You may do this only to your own wallets, so you cannot decide about it.'));
  }
  return found;
}

function refusal(
  id: string,
  { refusal: why, state }: { readonly refusal: ApprovalRefusal; readonly state: ApprovalState | null },
): Problem {
  return problem(`approval_${why}`, { facts: { id, ...(state !== null && { approvalState: state }) } });
}

function notFound(id: string): Problem {
  return problem('approval_not_found', { facts: { id } });
}
