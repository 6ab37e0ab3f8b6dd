/** Operations by the id that their answers carried. */
import Type from 'typebox';
import type { Static } from 'typebox';
import type { App, Product, Request } from '../app.ts';
import { callerOf } from '../callers.ts';
import { notFound, sendProblem } from '../problem.ts';
import { OperationId, problems, ref, strict } from '../schemas.ts';
import { OperationView, presentOperation } from '../wallet-views.ts';

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
    const entry = await find(request);
    return entry
      ? reply.send(presentOperation(entry, product.assets, callerOf(request)))
      : sendProblem(reply, noSuchOperation(request.params.operationId));
  });

  app.get(
    '/transfers/:operationId',
    described('getTransfer', 'A transfer between wallets, completed or refused'),
    async (request, reply) => {
      const entry = await find(request);
      return entry?.kind === 'transfer'
        ? reply.send(presentOperation(entry, product.assets, callerOf(request)))
        : sendProblem(reply, noSuchOperation(request.params.operationId));
    },
  );

  /** A wallet opened on the way to a posting has a row of its own, but is no operation of its own. */
  async function find(request: Request & { params: Static<typeof params> }) {
    const entry = await product.queries.operation(request.params.operationId, callerOf(request));
    return entry?.operation === entry?.seq ? entry : null;
  }
}

function noSuchOperation(id: string) {
  return notFound('operation_not_found', `There is no operation "${id}". Its id is in the answer to the request that asked for it.`, {
    operationId: id,
  });
}
