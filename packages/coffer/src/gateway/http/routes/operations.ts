/** Operations, by the id that the answer contained. */
import { OperationId, ref, strict } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { OperationView, presentOperation } from '../operation-views.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { problems } from '../schemas.ts';
import { presentTransfer, TransferView } from '../transfer-views.ts';
import { inUnit, unitQuery } from '../units.ts';
import Type from 'typebox';

const params = Type.Object({ operationId: OperationId }, strict);
const unitOnly = Type.Object(unitQuery, strict);

export function operationRoutes(app: App, product: Product): void {
  const described = (operationId: string, description: string) => ({
    schema: {
      operationId,
      description,
      tags: ['Operations'],
      params,
      querystring: unitOnly,
      response: { 200: ref(OperationView), ...problems(401, 404) },
    },
  });

  app.get('/operations/:operationId', described('getOperation', 'Returns an operation, completed or refused'), async (request, reply) => {
    const found = await product.queries.operation(request.params.operationId, callerOf(request));
    return found
      ? reply.send(inUnit(request.query.unit, presentOperation(found, product.assets, callerOf(request))))
      : sendProblem(reply, noSuchOperation(request.params.operationId));
  });

  app.get(
    '/transfers/:operationId',
    {
      schema: {
        operationId: 'getTransfer',
        description: 'Returns a transfer between wallets with its steps: all at the same time, or one after the other between books',
        tags: ['Operations'],
        params,
        querystring: unitOnly,
        response: { 200: ref(TransferView), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const found = await product.queries.transfer(request.params.operationId, callerOf(request));
      return found
        ? reply.send(inUnit(request.query.unit, presentTransfer(found, product.assets, callerOf(request))))
        : sendProblem(reply, noSuchOperation(request.params.operationId));
    },
  );
}

function noSuchOperation(operationId: string): Problem {
  return problem('operation_not_found', { facts: { operationId } });
}
