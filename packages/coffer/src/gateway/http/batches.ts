/** The answers of batches. */
import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { assert } from '../../kernel/index.ts';
import type { Assets } from '../../ledger/index.ts';
import { definitions, oneOf, ref, strict } from '../../operations/index.ts';
import type { BatchItem, OperationOutcome, Unit } from '../../operations/index.ts';
import type { Reader } from '../../wallets/index.ts';
import { describeRefusal, itemName } from '../problems/index.ts';
import { batchItemSchemas } from './batch-items.ts';
import { inUnit } from './units.ts';
import { problem, problemBody, problemContentType, refusalProblem } from './problem.ts';

type Fields = Record<string, TSchema>;

/** The answer of any operation of the table; `status` and `requestId` come from the result itself. */
const answered = Object.assign({}, ...definitions.map(({ answer }) => answer.schema.properties)) as Fields;
const { status: _status, requestId: _requestId, ...answers } = answered;
const maybe = <P extends Fields>(properties: P) => Type.Partial(Type.Object(properties)).properties;

const BatchResult = Type.Object(
  {
    status: oneOf('completed', 'debited', 'refused'),
    replayed: Type.Boolean({ description: 'true: it was already done or refused under the same key' }),
    ...maybe(answers),
    requestId: Type.String({ description: 'the idempotency key of the operation' }),
    code: Type.Optional(Type.String({ description: 'if refused: a stable code for programs', examples: ['insufficient_funds'] })),
    title: Type.Optional(Type.String({ description: 'if refused: what kind of problem it is' })),
    detail: Type.Optional(Type.String({ description: 'if refused: what went wrong, and what to do about it' })),
    facts: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'if refused: the facts behind the detail' })),
    transferStatus: Type.Optional(Type.String({ description: 'compensated: the money of a transfer in steps was returned' })),
  },
  {
    $id: 'BatchResult',
    ...strict,
    description: 'status and replayed, plus the answer that the operation alone would have, or why it was refused',
  },
);

const outcomeProperties = {
  atomic: Type.Boolean(),
  completed: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  results: Type.Array(ref(BatchResult), { description: 'one per operation, in order' }),
};
export const BatchAnswer = Type.Object(outcomeProperties, { $id: 'Batch', ...strict });
const BatchRefusal = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Literal('batch_refused'),
    detail: Type.String({ description: 'what to do about it' }),
    ...outcomeProperties,
  },
  { $id: 'BatchRefusal', ...strict, description: 'RFC 9457; nothing was done' },
);

export const batchSchemas = [...batchItemSchemas, BatchResult, BatchAnswer, BatchRefusal];

/** The answer of an all-or-nothing batch that was refused. */
export const batchRefused = {
  description: 'The all-or-nothing batch was refused because of one operation',
  content: { [problemContentType]: { schema: { $ref: 'BatchRefusal#' } } },
};

export function presentBatch(
  outcomes: readonly OperationOutcome[],
  items: readonly BatchItem[],
  { atomic, units }: { readonly atomic: boolean; readonly units: readonly (Unit | undefined)[] },
  assets: Assets,
  reader: Reader,
): Static<typeof BatchAnswer> {
  const results = outcomes.map((outcome, at) => inUnit(units[at], presentResult(outcome, items[at], assets, reader)));
  const refused = outcomes.reduce((count, { status }) => count + (status === 'refused' ? 1 : 0), 0);
  return { atomic, completed: results.length - refused, refused, results };
}

function presentResult(outcome: OperationOutcome, item: BatchItem | undefined, assets: Assets, reader: Reader): Static<typeof BatchResult> {
  const { replayed } = outcome;
  if (outcome.status === 'refused') {
    const { code, title, detail, facts, operationId, transferStatus } = refusalProblem(outcome, assets);
    return {
      status: 'refused',
      replayed,
      requestId: outcome.key,
      ...(operationId !== undefined && { operationId }),
      ...(transferStatus !== undefined && { transferStatus }),
      code,
      title,
      detail,
      facts: { ...facts },
    };
  }
  assert(item, 'each outcome has its item');
  const answer = item.definition.answer.present(outcome, { assets, reader, request: item.request });
  // Anything done is completed here, whatever the single request's answer calls it; only a transfer in steps may still be in
  // progress.
  return { ...answer, requestId: outcome.key, status: outcome.saga?.status === 'debited' ? 'debited' : 'completed', replayed };
}

/** Of an all-or-nothing batch that was refused. */
export function batchProblem(outcomes: readonly OperationOutcome[], answer: Static<typeof BatchAnswer>, assets: Assets): string {
  const culprit = outcomes.findIndex((outcome) => outcome.status === 'refused' && outcome.refusal.code !== 'linked_operation_refused');
  const refused = outcomes[culprit];
  const why = refused?.status === 'refused' ? describeRefusal(refused.refusal, refused.entry, assets) : '';
  const batch = problem('batch_refused', { facts: { operation: itemName(culprit), why } });
  return JSON.stringify({ ...(JSON.parse(problemBody({ ...batch, facts: undefined })) as object), ...answer });
}
