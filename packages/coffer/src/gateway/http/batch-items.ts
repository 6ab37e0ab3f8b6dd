/** Batches: what one may hold, and how it is read, item by item. */
import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { actorOf } from '../../identity/index.ts';
import { batchSizeMax } from '../../wallets/index.ts';
import type { BatchItem, WalletRequest } from '../../wallets/index.ts';
import type { Admission, OperationName } from '../access/index.ts';
import { ownerFor } from './callers.ts';
import {
  closeProperties,
  creditLineProperties,
  freezeProperties,
  limitsProperties,
  readClose,
  readCreditLine,
  readFreeze,
  readLimits,
  readReversal,
  reversalProperties,
} from './control-requests.ts';
import { captureProperties, holdProperties, readCapture, readRelease, releaseProperties } from './hold-requests.ts';
import { readOpening } from './openings.ts';
import { ProblemError } from './problem.ts';
import { readAmount, readMoney, readReason, readTerms } from './request-content.ts';
import {
  amountProperties,
  AssetReference,
  closedLoopProperties,
  CreditLimit,
  EffectiveAt,
  HoldId,
  keyProperties,
  OperationId,
  strict,
  termProperties,
  TransferMode,
  UserId,
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
    ownerId: Type.Optional(UserId),
    asset: Type.Optional(AssetReference),
    creditLimit: Type.Optional(CreditLimit),
    ...keyProperties,
  }),
  deposit: item('deposit', { walletId: WalletId, ...money }),
  withdraw: item('withdraw', { walletId: WalletId, ...money }),
  transfer: item('transfer', { walletId: WalletId, toWalletId: WalletId, ...money, mode: Type.Optional(TransferMode) }),
  topup: item('topup', closedLoopProperties),
  spend: item('spend', closedLoopProperties),
  hold: item('hold', { walletId: WalletId, ...holdProperties }),
  capture: item('capture', { holdId: HoldId, ...captureProperties }),
  release: item('release', { holdId: HoldId, ...releaseProperties }),
  reverse: item('reverse', { operationId: OperationId, ...reversalProperties }),
  freeze: item('freeze', { walletId: WalletId, ...freezeProperties }),
  unfreeze: item('unfreeze', { walletId: WalletId, ...freezeProperties }),
  close: item('close', { walletId: WalletId, ...closeProperties }),
  setLimits: item('setLimits', { walletId: WalletId, ...limitsProperties }),
  setCreditLine: item('setCreditLine', { walletId: WalletId, ...creditLineProperties }),
} as const;
const types = Object.keys(items) as (keyof typeof items)[];
export type ItemBody = { [T in keyof typeof items]: Static<(typeof items)[T]> }[keyof typeof items];
type DecidedBody = Extract<ItemBody, { readonly reason: string }>;

/** Whose wallet an operation says it is about, where it says so by the user. */
export function ownerNamedIn(body: ItemBody): string | undefined {
  if (body.type === 'open') return body.ownerId;
  return body.type === 'topup' || body.type === 'spend' ? body.user_id : undefined;
}

export const batchItemSchemas = types.map((type) => items[type]);

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
    if (!check) return `${nameAt(at)} has an invalid "type" (one of ${types.join(', ')}).`;
    const wrong = check(operation, nameAt(at));
    if (wrong !== null) return wrong;
  }
  return null;
}

export function nameAt(at: number): string {
  return `operations[${at}]`;
}

/** The operation of the policy that each of them is: whoever may post batches may not for that do everything in one. */
const operationNames = {
  open: 'openWallet',
  deposit: 'deposit',
  withdraw: 'withdraw',
  transfer: 'transfer',
  topup: 'topUp',
  spend: 'spend',
  hold: 'authorizeHold',
  capture: 'captureHold',
  release: 'releaseHold',
  reverse: 'reverseOperation',
  freeze: 'freezeWallet',
  unfreeze: 'unfreezeWallet',
  close: 'closeWallet',
  setLimits: 'setLimits',
  setCreditLine: 'setCreditLine',
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
    case 'topup':
    case 'spend': {
      const owner = ownerFor(admission, body.user_id, 'user_id');
      return { type: body.type === 'spend' ? 'spend' : 'topUp', ...terms, ...readMoney(body), owner, asset: body.asset_type_id };
    }
    case 'hold':
      return { type: 'hold', ...terms, ...readAmount(body), wallet: body.walletId, expiresInSeconds: body.expiresInSeconds };
    case 'capture':
      return { type: 'capture', ...terms, ...readCapture(body), hold: body.holdId };
    case 'release':
      return { type: 'release', ...terms, ...readRelease(body), hold: body.holdId };
    default:
      return readDecided(body, terms, actorOf(admission.principal));
  }
}

/** What is decided about others' money has a reason, and says who decided it. */
function readDecided(body: DecidedBody, terms: WalletRequest, actor: string): BatchItem {
  const decided = { ...terms, reason: readReason(body), actor };
  switch (body.type) {
    case 'reverse':
      return { type: 'reverse', ...decided, ...readReversal(body), operation: body.operationId };
    case 'freeze':
    case 'unfreeze':
      return { type: body.type, ...decided, ...readFreeze(body), wallet: body.walletId };
    case 'close':
      return { type: 'close', ...decided, ...readClose(body), wallet: body.walletId };
    case 'setLimits':
      return { type: 'limit', ...decided, ...readLimits(body), wallet: body.walletId };
    case 'setCreditLine':
      return { type: 'creditLine', ...decided, ...readCreditLine(body), wallet: body.walletId };
  }
}
