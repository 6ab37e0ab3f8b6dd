/** Operations by the id that their answers carried. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { optionalLogin } from '../callers.ts';
import { notFound, sendProblem } from '../problem.ts';
import { OperationId, problems, ref, strict } from '../schemas.ts';
import { OperationView, presentOperation } from '../wallet-views.ts';

const params = Type.Object({ operationId: OperationId }, strict);

export function operationRoutes(app: App, product: Product): void {
  const onRequest = optionalLogin(product);
  const described = (operationId: string, description: string) => ({
    schema: {
      operationId,
      description,
      tags: ['Operations'],
      params,
      response: { 200: ref(OperationView), ...problems(401, 404) },
      security: [{}, { bearer: [] }],
    },
  });

  app.get(
    '/operations/:operationId',
    { onRequest, ...described('getOperation', 'An operation, completed or refused') },
    async (request, reply) => {
      const entry = await find(request.params.operationId);
      return entry ? reply.send(presentOperation(entry, product.assets)) : sendProblem(reply, noSuchOperation(request.params.operationId));
    },
  );

  app.get(
    '/transfers/:operationId',
    { onRequest, ...described('getTransfer', 'A transfer between wallets, completed or refused') },
    async (request, reply) => {
      const entry = await find(request.params.operationId);
      return entry?.kind === 'transfer'
        ? reply.send(presentOperation(entry, product.assets))
        : sendProblem(reply, noSuchOperation(request.params.operationId));
    },
  );

  /** A wallet opened on the way to a posting has a row of its own, but is no operation of its own. */
  async function find(id: string) {
    const entry = await product.queries.operation(id);
    return entry?.operation === entry?.seq ? entry : null;
  }
}

function noSuchOperation(id: string) {
  return notFound('operation_not_found', `There is no operation "${id}". Its id is in the answer to the request that asked for it.`, {
    operationId: id,
  });
}
