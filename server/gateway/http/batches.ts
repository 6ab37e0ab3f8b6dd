/** Batches: what one may hold, how it is read item by item, and what it answers. */
import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { refusalMeanings } from '../../ledger/index.ts';
import type { Assets } from '../../ledger/index.ts';
import { batchSizeMax } from '../../wallets/index.ts';
import type { BatchItem, Reach, WalletOutcome } from '../../wallets/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import { captureProperties, holdProperties, readCapture, readRelease, releaseProperties } from './hold-requests.ts';
import { Authorization, presentAuthorization } from './hold-views.ts';
import { OpenedWallet, presentOpened, readOpening } from './openings.ts';
import { Posting, presentPosting } from './postings.ts';
import { problemContentType, ProblemError } from './problem.ts';
import { refusalProblem } from './refusals.ts';
import { readAmount, readMoney, readTerms } from './request-content.ts';
import {
  amountProperties,
  AssetReference,
  CreditLimit,
  EffectiveAt,
  HoldId,
  keyProperties,
  oneOf,
  ref,
  strict,
  termProperties,
  TransferMode,
  WalletId,
} from './schemas.ts';
import { checkerOf } from './validation.ts';

type Fields = Record<string, TSchema>;

/** An operation of a batch is a single request with its type, and with the id that a path would carry. */
function item<const T extends string, P extends Fields>(type: T, properties: P) {
  return Type.Object({ type: Type.Literal(type), ...properties }, { $id: nameOf(type), ...strict });
}

function nameOf(type: string): string {
  return `Batch${type.charAt(0).toUpperCase()}${type.slice(1)}`;
}

const money = { ...amountProperties, effectiveAt: Type.Optional(EffectiveAt), ...termProperties };

const items = {
  open: item('open', {
    walletId: Type.Optional(WalletId),
    asset: Type.Optional(AssetReference),
    creditLimit: Type.Optional(CreditLimit),
    ...keyProperties,
  }),
  deposit: item('deposit', { walletId: WalletId, ...money }),
  withdraw: item('withdraw', { walletId: WalletId, ...money }),
  transfer: item('transfer', { walletId: WalletId, toWalletId: WalletId, ...money, mode: Type.Optional(TransferMode) }),
  hold: item('hold', { walletId: WalletId, ...holdProperties }),
  capture: item('capture', { holdId: HoldId, ...captureProperties }),
  release: item('release', { holdId: HoldId, ...releaseProperties }),
} as const;
const types = Object.keys(items) as (keyof typeof items)[];
type ItemBody = { [T in keyof typeof items]: Static<(typeof items)[T]> }[keyof typeof items];

const size = `a list of 1 to ${batchSizeMax} operations, which are decided in their order`;

export const BatchRequest = Type.Object(
  {
    operations: Type.Unsafe<readonly ItemBody[]>({
      type: 'array',
      minItems: 1,
      maxItems: batchSizeMax,
      items: { oneOf: types.map((type) => ({ $ref: `${nameOf(type)}#` })), discriminator: { propertyName: 'type' } },
      description: size,
    }),
    atomic: Type.Optional(Type.Boolean({ description: 'true: all of them are done, or none' })),
  },
  strict,
);

const checkEnvelope = checkerOf(
  Type.Object(
    { ...BatchRequest.properties, operations: Type.Array(Type.Unknown(), { minItems: 1, maxItems: batchSizeMax, description: size }) },
    strict,
  ),
);
const checkers: ReadonlyMap<unknown, ReturnType<typeof checkerOf>> = new Map(types.map((type) => [type, checkerOf(items[type])]));

/** What is wrong with a batch, naming the operation; null when nothing is. Each is compared with the one schema of its type. */
export function batchMistake(body: unknown): string | null {
  const mistake = checkEnvelope(body, 'The body');
  if (mistake !== null) return mistake;
  const { operations } = body as { operations: readonly unknown[] };
  for (const [at, operation] of operations.entries()) {
    if (typeof operation !== 'object' || operation === null) return `${nameAt(at)} must be a JSON object.`;
    const check = checkers.get('type' in operation ? operation.type : undefined);
    if (!check) return `${nameAt(at)} has no valid "type" (one of ${types.join(', ')}).`;
    const wrong = check(operation, nameAt(at));
    if (wrong !== null) return wrong;
  }
  return null;
}

function nameAt(at: number): string {
  return `operations[${at}]`;
}

/** The operation of the policy that each of them is: whoever may post batches may not for that do everything in one. */
const operationNames = {
  open: 'openWallet',
  deposit: 'deposit',
  withdraw: 'withdraw',
  transfer: 'transfer',
  hold: 'authorizeHold',
  capture: 'captureHold',
  release: 'releaseHold',
} as const satisfies Record<ItemBody['type'], OperationName>;

/** `admit`: the policy's word on an operation. Throws the problem of the first that may not be done or cannot be read, naming it. */
export function readBatch(bodies: readonly ItemBody[], admit: (operation: OperationName) => Admission): BatchItem[] {
  const admissions = new Map<ItemBody['type'], Admission>();
  return bodies.map((body, at) => {
    try {
      const admission = admissions.get(body.type) ?? admit(operationNames[body.type]);
      admissions.set(body.type, admission);
      return readItem(body, admission, admit);
    } catch (failure) {
      if (!(failure instanceof ProblemError)) throw failure;
      throw new ProblemError({ ...failure.problem, detail: `${nameAt(at)}: ${failure.problem.detail}` });
    }
  });
}

function readItem(body: ItemBody, admission: Admission, admit: (operation: OperationName) => Admission): BatchItem {
  const terms = readTerms(body, admission);
  switch (body.type) {
    case 'open':
      return { type: 'open', key: terms.key, ...readOpening({ ...body, id: body.walletId }, admission, admit) };
    case 'deposit':
    case 'withdraw':
      return { type: body.type, ...terms, ...readMoney(body), wallet: body.walletId };
    case 'transfer':
      return { type: 'transfer', ...terms, ...readMoney(body), from: body.walletId, to: body.toWalletId, mode: body.mode };
    case 'hold':
      return { type: 'hold', ...terms, ...readAmount(body), wallet: body.walletId, expiresInSeconds: body.expiresInSeconds };
    case 'capture':
      return { type: 'capture', ...terms, ...readCapture(body), hold: body.holdId };
    case 'release':
      return { type: 'release', ...terms, ...readRelease(body), hold: body.holdId };
  }
}

const { status: _hold, ...authorized } = Authorization.properties;
const { status: _opened, ...opened } = OpenedWallet.properties;
const { status: _posted, ...posted } = Posting.properties;
const maybe = <P extends Fields>(properties: P) => Type.Partial(Type.Object(properties)).properties;

const BatchResult = Type.Object(
  {
    status: oneOf('completed', 'debited', 'refused'),
    replayed: Type.Boolean({ description: 'true: it was done or refused before, under the same key' }),
    ...maybe({ ...opened, ...authorized, ...posted }),
    requestId: posted.requestId,
    code: Type.Optional(Type.String({ description: 'of a refusal: stable, for programs', examples: ['insufficient_funds'] })),
    title: Type.Optional(Type.String({ description: 'of a refusal' })),
    detail: Type.Optional(Type.String({ description: 'of a refusal: what to do about it' })),
    facts: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'of a refusal: what the detail speaks of' })),
    transferStatus: Type.Optional(Type.String({ description: 'of a transfer in steps that came back: compensated' })),
  },
  {
    $id: 'BatchResult',
    ...strict,
    description: 'beside status and replayed: what the operation alone would have answered, or why it was refused',
  },
);

const outcomeProperties = {
  atomic: Type.Boolean(),
  completed: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  results: Type.Array(ref(BatchResult), { description: 'one for each operation, in their order' }),
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

export const batchSchemas = [...types.map((type) => items[type]), BatchResult, BatchAnswer, BatchRefusal];

/** The answer of a batch of which all or none is done, when it is none. */
export const batchRefused = {
  description: 'All or nothing was asked for, and one was refused',
  content: { [problemContentType]: { schema: { $ref: 'BatchRefusal#' } } },
};

/** `items` says whose wallets were opened. */
export function presentBatch(
  outcomes: readonly WalletOutcome[],
  items: readonly BatchItem[],
  atomic: boolean,
  assets: Assets,
  reach: Reach,
): Static<typeof BatchAnswer> {
  const results = outcomes.map((outcome, at) => presentResult(outcome, items[at], assets, reach));
  const refused = outcomes.reduce((count, { status }) => count + (status === 'refused' ? 1 : 0), 0);
  return { atomic, completed: results.length - refused, refused, results };
}

function presentResult(outcome: WalletOutcome, item: BatchItem | undefined, assets: Assets, reach: Reach): Static<typeof BatchResult> {
  const { replayed } = outcome;
  if (outcome.status === 'refused') {
    const { code, title, detail, facts, operationId, transferStatus } = refusalProblem(outcome);
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
  const { entry, saga } = outcome;
  switch (entry.kind) {
    case 'open': {
      const owner = item && 'owner' in item ? item.owner : null;
      return { ...presentOpened(entry, owner, assets), status: 'completed', replayed };
    }
    case 'hold':
      return { ...presentAuthorization(entry, assets), status: 'completed', replayed };
    default:
      return { ...presentPosting(entry, assets, reach, saga), replayed };
  }
}

/** Of a batch that is all or nothing, and was refused. */
export function batchProblem(answer: Static<typeof BatchAnswer>): string {
  const culprit = answer.results.findIndex(({ code }) => code !== undefined && code !== 'linked_operation_refused');
  const problem = {
    type: 'urn:coffer:problem:batch_refused',
    title: refusalMeanings.linked_operation_refused,
    status: 422,
    code: 'batch_refused',
    detail: `Nothing was done: ${nameAt(culprit)} was refused. ${answer.results[culprit]?.detail ?? ''} Then send the batch again with fresh keys.`,
  };
  return JSON.stringify({ ...problem, ...answer });
}
