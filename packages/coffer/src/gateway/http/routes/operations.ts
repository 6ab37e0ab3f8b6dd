/** Operations by the id that their answers carried: read, and reversed. */
import Type from 'typebox';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { readReversal, ReversalRequest } from '../control-requests.ts';
import { OperationView, presentOperation } from '../operation-views.ts';
import { presentTransfer, TransferView } from '../transfer-views.ts';
import { keyHeaders, Posting, presentPosting, sendOutcome } from '../postings.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { readContent, readReason } from '../request-content.ts';
import { OperationId, problems, ref, strict } from '../schemas.ts';

const params = Type.Object({ operationId: OperationId }, strict);

export function operationRoutes(app: App, product: Product): void {
  const described = (operationId: string, description: string) => ({
    schema: {
      operationId,
      description,
      tags: ['Operations'],
      params,
      response: { 200: ref(OperationView), ...problems(401, 404) },
    },
  });

  app.get('/operations/:operationId', described('getOperation', 'An operation, completed or refused'), async (request, reply) => {
    const found = await product.queries.operation(request.params.operationId, callerOf(request));
    return found
      ? reply.send(presentOperation(found, product.assets, callerOf(request)))
      : sendProblem(reply, noSuchOperation(request.params.operationId));
  });

  app.get(
    '/transfers/:operationId',
    {
      schema: {
        operationId: 'getTransfer',
        description: 'A transfer between wallets and its steps: done at once, or one after the other between books',
        tags: ['Operations'],
        params,
        response: { 200: ref(TransferView), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const found = await product.queries.transfer(request.params.operationId, callerOf(request));
      return found
        ? reply.send(presentTransfer(found, product.assets, callerOf(request)))
        : sendProblem(reply, noSuchOperation(request.params.operationId));
    },
  );

  app.post(
    '/operations/:operationId/reverse',
    {
      schema: {
        operationId: 'reverseOperation',
        description:
          'Moves back what an operation moved, wholly or in parts, never more than it was. Freezes and limits do not stop it; closed wallets and too little funds do. The key belongs to the wallet that had initiated the operation',
        tags: ['Operations'],
        params,
        headers: keyHeaders,
        body: ReversalRequest,
        response: { 201: ref(Posting), ...problems(401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const asked = readContent(request, reply, body);
      const outcome = await product.commands.reverse({
        ...asked,
        operation: params.operationId,
        ...readReversal(body),
        reason: readReason(body),
        actor: actorOf(request),
      });
      return sendOutcome(reply, outcome, 201, (entry) => presentPosting(entry, product.assets, callerOf(request)));
    },
  );
}

function noSuchOperation(operationId: string): Problem {
  return problem('operation_not_found', { facts: { operationId } });
}
