/** Reads the operations of ledger.proto into requests, by the table of operations, and describes what is wrong with one. */
import { readStrictJson } from '../../kernel/index.ts';
import {
  batchSizeMax,
  callersTerms,
  definitions,
  InvalidInput,
  isIdempotencyKey,
  keyLengthMax,
  metadataMistake,
} from '../../operations/index.ts';
import type { BatchItem, Caller, Commands, Definition, Input, Terms, Unit } from '../../operations/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import { itemName } from '../problems/index.ts';
import type { MoneyTerms, Operation, PostRequest, Terms as TermsMessage } from './generated/ledger.ts';

/** The policy's decision on each kind of operation; throws if one is denied. */
export type Poster = { readonly actor: string; readonly admit: (operation: OperationName) => Admission };

type Message = Readonly<Record<string, unknown>> & { readonly terms: TermsMessage | null; readonly money?: MoneyTerms | null };

const byField = new Map(definitions.map((definition) => [definition.grpc.field, definition]));

/** Throws InvalidInput, which names the invalid operation. */
export async function readOperations(
  { operations }: PostRequest,
  poster: Poster,
  commands: Pick<Commands, 'counted'>,
): Promise<BatchItem[]> {
  if (operations.length === 0 || operations.length > batchSizeMax)
    refuse(`A request has 1 to ${batchSizeMax} operations; this one has ${operations.length}.`);
  const callers = new Map<Definition, Caller>();
  const items: BatchItem[] = [];
  for (const [at, operation] of operations.entries()) {
    try {
      const { definition, message } = theOneSet(operation);
      const caller = callers.get(definition) ?? callerOf(definition, poster);
      callers.set(definition, caller);
      const counting = commands.counted(definition, inputOf(definition, message, caller));
      // Awaits only an actual promise: most requests are in minor units.
      const item = counting instanceof Promise ? await counting : counting;
      items.push({ definition: item.definition, request: item.definition.read(item.input) });
    } catch (failure) {
      if (failure instanceof InvalidInput) throw new InvalidInput(`${itemName(at)}: ${failure.message}`, failure.code);
      throw failure;
    }
  }
  return items;
}

/** The unit of an operation that was read. */
export function unitAt({ operations }: PostRequest, at: number): Unit {
  for (const message of Object.values(operations[at] ?? {}) as (Message | null)[]) if (message?.terms?.unit === 'major') return 'major';
  return 'minor';
}

/**
 * A client generated from the contract cannot set two fields of a oneof; hand-written bytes can, and one would be dropped
 * silently.
 */
function theOneSet(operation: Operation): { readonly definition: Definition; readonly message: Message } {
  let found: { readonly definition: Definition; readonly message: Message } | null = null;
  for (const field in operation) {
    const message = operation[field as keyof Operation];
    if (message === null) continue;
    const definition = byField.get(field);
    if (found || !definition) return refuse('The operation sets several fields. Set exactly one.');
    found = { definition, message: message as unknown as Message };
  }
  return found ?? refuse('The operation is empty. Set exactly one of its fields.');
}

function callerOf({ name }: Definition, { actor, admit }: Poster): Caller {
  const { principal, onlyOwner } = admit(name as OperationName);
  return { principal, onlyOwner, actor, admit };
}

function inputOf(definition: Definition, { terms, money, ...fields }: Message, caller: Caller): Input {
  const given = presentIn(fields);
  if (money) Object.assign(given, presentIn(money));
  preferTexts(given);
  if (terms && terms.unit !== '') given['unit'] = terms.unit;
  const values = definition.grpc.values ? presentIn(definition.grpc.values(given)) : given;
  return { values, terms: callersTerms(readTerms(terms, caller.onlyOwner), caller), caller, nameOf: snakeCase };
}

/** An amount that was sent as a text, in place of its number; a number that was not set may be 0. */
function preferTexts(given: Record<string, unknown>): void {
  for (const [field, text] of Object.entries(given)) {
    if (!field.endsWith('Text')) continue;
    const name = field.slice(0, -'Text'.length);
    if (given[name] !== undefined && given[name] !== 0n) refuse(`Send "${snakeCase(name)}" or "${snakeCase(field)}", not both.`);
    given[name] = text;
    delete given[field];
  }
}

/** In proto3 an empty string is an absent one. */
function presentIn(fields: object): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null && value !== '' && value !== undefined) values[name] = value;
  return values;
}

function readTerms(terms: TermsMessage | null, onlyOwner: string | undefined): Terms {
  const expectedVersion = terms?.expectedVersion ?? null;
  if (expectedVersion !== null && (expectedVersion < 0n || expectedVersion > BigInt(Number.MAX_SAFE_INTEGER)))
    refuse('"expected_version" must be 0 or more.');
  return {
    key: readKey(terms),
    metadata: readMetadata(terms?.metadata ?? ''),
    expectedVersion: expectedVersion === null ? undefined : Number(expectedVersion),
    onlyOwner,
  };
}

function readKey(terms: TermsMessage | null): string | undefined {
  const key = terms?.requestId ?? '';
  if (key === '') return undefined;
  return isIdempotencyKey(key) ? key : refuse(`"request_id" must be 1 to ${keyLengthMax} characters of printable text.`);
}

/** Read as strictly as a body over REST, and stored in JSON's usual spelling. */
function readMetadata(text: string): string | undefined {
  if (text === '') return undefined;
  const read = readStrictJson(Buffer.from(text), 'metadata');
  if ('mistake' in read) return refuse(read.mistake);
  const mistake = metadataMistake(read.value);
  return mistake === null ? JSON.stringify(read.value) : refuse(mistake);
}

/** Names such as `user_id` are kept: these operations are named after the documented REST routes. */
const renamed: Readonly<Record<string, string>> = { user_id: 'owner_id', asset_type_id: 'asset', sweepToWalletId: 'sweep_to' };

export function snakeCase(field: string): string {
  return renamed[field] ?? field.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

function refuse(sentence: string): never {
  throw new InvalidInput(sentence);
}
