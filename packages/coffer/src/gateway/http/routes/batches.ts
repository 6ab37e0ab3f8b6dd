/** Batches: many operations in one request. */
import { ref } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { firstOfUnknownOwner } from '../../access/index.ts';
import { batchMistake, BatchRequest, named, readBatch } from '../batch-items.ts';
import { BatchAnswer, batchProblem, batchRefused, presentBatch } from '../batches.ts';
import { admitted, callerOf } from '../callers.ts';
import { noteOperation } from '../observing.ts';
import { malformed, problem, problemContentType, ProblemError, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';
import { unitOf } from '../units.ts';
import { compileValidator } from '../validation.ts';

export function batchRoutes(app: App, product: Product): void {
  app.post(
    '/operations/batch',
    {
      schema: {
        operationId: 'postBatch',
        description:
          'Runs up to 1000 operations: each succeeds or fails on its own, or, with atomic, all of them or none. Each operation has its own key, or gets a generated one that its result names. The caller also needs the scopes of the operations in the batch',
        tags: ['Operations'],
        body: BatchRequest,
        response: { 200: ref(BatchAnswer), ...problems(401, 403, 404), 422: batchRefused },
      },
      // Items are checked against the schema of their own type: a union of all types could not say what is wrong where.
      validatorCompiler: (route) => (route.httpPart === 'body' ? checkBody : compileValidator(route)),
    },
    async (request, reply) => {
      refuseHeaders(request.headers);
      const { operations, atomic = false } = request.body;
      const caller = callerOf(request);
      const items = await readBatch(operations, (operation) => admitted(product, request, operation), product.commands);
      const requests = items.map((item) => item.request);
      const stranger = await firstOfUnknownOwner(requests, caller, (owners) => product.users.unknownAmong(owners));
      if (stranger !== null) return sendProblem(reply, named(problem('user_not_found'), stranger));
      const outcomes = await product.commands.batch(items, { atomic });
      for (const { entry } of outcomes) if (entry) noteOperation(request, { book: entry.book, seq: entry.operation }, null, null);
      const answer = presentBatch(outcomes, items, { atomic, units: operations.map(unitOf) }, product.assets, caller);
      if (atomic && answer.refused > 0)
        return reply
          .code(422)
          .header('content-type', problemContentType)
          .send(batchProblem(outcomes, answer, product.assets));
      return reply.send(answer);
    },
  );
}

function checkBody(body: unknown): { value: unknown } | { error: Error } {
  const mistake = batchMistake(body);
  return mistake === null ? { value: body } : { error: new ProblemError(malformed(mistake)) };
}

/** Refuses headers that the batch would ignore: a caller who sends one key for all would believe the batch safe to repeat. */
function refuseHeaders(headers: Readonly<Record<string, unknown>>): void {
  for (const header of ['idempotency-key', 'if-match']) {
    if (headers[header] === undefined) continue;
    throw new ProblemError(
      malformed(`A batch takes no ${header} header. Give each operation its own requestId, and expectedVersion where you need it.`),
    );
  }
}
