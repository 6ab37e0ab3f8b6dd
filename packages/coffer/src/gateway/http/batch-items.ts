/** Batches over REST: which items a batch may contain, and how each is read. All of it derives from the table of operations. */
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { batchSizeMax, definitions, HoldId, InvalidInput, OperationId, strict, WalletId } from '../../operations/index.ts';
import type { BatchItem, Caller, Commands, Definition, Subject } from '../../operations/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import { itemName } from '../problems/index.ts';
import { callerFor, itemInput } from './input.ts';
import { invalidInputProblem, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';
import { readTerms } from './request-content.ts';
import type { TermsBody } from './request-content.ts';
import { checkerOf } from './validation.ts';

export type ItemBody = Readonly<Record<string, unknown>> & { readonly type: string };

const subjects = { walletId: WalletId, holdId: HoldId, operationId: OperationId } as const satisfies Record<Subject, TSchema>;

/** An item is the body of a single request plus its type and the id that would be in the path. */
function itemSchema({ batchType, subject, fields }: Definition): TSchema {
  const named = subject && { [subject]: subjects[subject] };
  return Type.Object({ type: Type.Literal(batchType), ...named, ...fields }, { $id: nameOf(batchType), ...strict });
}

function nameOf(type: string): string {
  return `Batch${type.charAt(0).toUpperCase()}${type.slice(1)}`;
}

const byType = new Map(definitions.map((definition) => [definition.batchType, definition]));
const types = [...byType.keys()];

export const batchItemSchemas = definitions.map(itemSchema);

const size = `a list of 1 to ${batchSizeMax} operations, processed in order`;

export const BatchRequest = Type.Object(
  {
    operations: Type.Unsafe<readonly ItemBody[]>({
      type: 'array',
      minItems: 1,
      maxItems: batchSizeMax,
      items: { oneOf: types.map((type) => ({ $ref: `${nameOf(type)}#` })), discriminator: { propertyName: 'type' } },
      description: size,
    }),
    atomic: Type.Optional(Type.Boolean({ description: 'true: either all operations are done or none' })),
  },
  strict,
);

const checkEnvelope = checkerOf(
  Type.Object(
    { ...BatchRequest.properties, operations: Type.Array(Type.Unknown(), { minItems: 1, maxItems: batchSizeMax, description: size }) },
    strict,
  ),
);
const checkers: ReadonlyMap<unknown, ReturnType<typeof checkerOf>> = new Map(
  definitions.map((definition) => [definition.batchType, checkerOf(itemSchema(definition))]),
);

/**
 * What is wrong with a batch, naming the operation; null if nothing. Each item is checked only against the schema of its own
 * type.
 */
export function batchMistake(body: unknown): string | null {
  const mistake = checkEnvelope(body, 'The body');
  if (mistake !== null) return mistake;
  const { operations } = body as { operations: readonly unknown[] };
  for (const [at, operation] of operations.entries()) {
    if (typeof operation !== 'object' || operation === null) return `${itemName(at)} must be a JSON object.`;
    const check = checkers.get('type' in operation ? operation.type : undefined);
    if (!check) return `${itemName(at)} has an invalid "type" (one of ${types.join(', ')}).`;
    const wrong = check(operation, itemName(at));
    if (wrong !== null) return wrong;
  }
  return null;
}

/** The problem of one item, with its name. */
export function named(problem: Problem, at: number): Problem {
  return { ...problem, detail: `${itemName(at)}: ${problem.detail}` };
}

/**
 * `admit`: the policy's decision on each operation; permission to post batches does not include permission for every operation in
 * one. Throws the problem of the first item that the caller may not post or that cannot be read, and names it.
 */
export async function readBatch(
  bodies: readonly ItemBody[],
  admit: (operation: OperationName) => Admission,
  { counted }: Pick<Commands, 'counted'>,
): Promise<BatchItem[]> {
  const callers = new Map<string, Caller>();
  const items: BatchItem[] = [];
  for (const [at, body] of bodies.entries()) {
    try {
      const definition = byType.get(body.type);
      if (!definition) throw new InvalidInput('The operation has no valid type.');
      const caller = callers.get(body.type) ?? callerFor(admit(definition.name as OperationName), admit);
      callers.set(body.type, caller);
      const counting = counted(definition, itemInput(body, readTerms(body as TermsBody, caller), caller));
      const item = counting instanceof Promise ? await counting : counting;
      items.push({ definition: item.definition, request: item.definition.read(item.input) });
    } catch (failure) {
      const problem =
        failure instanceof ProblemError ? failure.problem : failure instanceof InvalidInput ? invalidInputProblem(failure) : null;
      if (!problem) throw failure;
      throw new ProblemError(named(problem, at));
    }
  }
  return items;
}
