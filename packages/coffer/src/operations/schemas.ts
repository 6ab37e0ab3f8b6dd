/** The API's vocabulary as schemas. A description says what a value is and, in a refusal, what it should have been. */
import Type from 'typebox';
import type { Static, TSchema, TUnsafe } from 'typebox';
import { momentPattern, signedWrittenAmountPattern, writtenAmountPattern } from '../kernel/index.ts';
import { accountIdLengthMax, accountIdPattern, assetKinds, assetNameLengthMax, assetScaleMax, keyspaces } from '../ledger/index.ts';
import type { AssetKind, Keyspace } from '../ledger/index.ts';
import { walletIdPattern, walletIdRule } from '../wallets/index.ts';
import { keyLengthMax } from './idempotency.ts';
import { assetCodeLengthMax, assetNumberMax, destinations, expiresInSecondsMax, reasonLengthMax, units } from './terms.ts';
import type { Unit } from './terms.ts';

export function ref<T extends TSchema>(schema: T): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>({ $ref: `${String((schema as { $id?: string }).$id)}#` });
}

export function orNull<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type } = schema as { type?: string };
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [type, 'null'] });
}

export function oneOf<const T extends string>(...values: readonly T[]): TUnsafe<T> {
  return Type.Unsafe<T>({ type: 'string', enum: values });
}

/** No unknown properties: a misspelt name is reported, not ignored. */
export const strict = { additionalProperties: false } as const;

export const WalletId = Type.String({ pattern: walletIdPattern, description: `wallet id: ${walletIdRule}`, examples: ['w1'] });

export const Amount = Type.Unsafe<number | string>({
  type: ['string', 'integer'],
  pattern: writtenAmountPattern,
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    "a whole number of the asset's minor units, at least 1: a string of up to 38 digits, or a JSON integer up to 9007199254740991; when in doubt, send it as a string of digits. With unit major, a decimal such as 12.34",
  examples: [1000, '1000'],
});

export const AccountId = Type.String({
  pattern: accountIdPattern,
  maxLength: accountIdLengthMax,
  description: `account id: lower case words of a-z, 0-9, _ and -, joined by colons, beginning with a letter; at most ${accountIdLengthMax} characters`,
  examples: ['revenue:marketplace'],
});

export const CreditLimit = Type.Unsafe<number | string>({
  type: ['string', 'integer'],
  pattern: writtenAmountPattern,
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    'how far below zero the wallet may go, a whole number of minor units: a string of up to 38 digits, or a JSON integer up to 9007199254740991',
  examples: ['500'],
});

/** One limit of a wallet. */
export const Limit = Type.Unsafe<number | string | null>({
  type: ['string', 'integer', 'null'],
  pattern: writtenAmountPattern,
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    'the most that may leave the wallet, a whole number of minor units: a string of up to 38 digits, or a JSON integer up to 9007199254740991; null or absent: no limit',
  examples: ['50000'],
});

const MinimumBalance = Type.Unsafe<number | string>({
  type: ['string', 'integer'],
  pattern: signedWrittenAmountPattern,
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    'how much of the balance, excluding held amounts, must remain, or nothing is done: a whole number of minor units, as a string of up to 38 digits or a JSON integer',
  examples: ['100'],
});

const UpTo = Type.Boolean({ description: 'true: take as much of the amount as is available; refused only when that is nothing' });

const moment = 'a timestamp in RFC 3339 with its zone, to the millisecond, in the years 1 to 9999';
const momentForm = { pattern: momentPattern, examples: ['2026-01-31T12:00:00Z'] };
/** For a query. */
export const Moment = Type.String({ ...momentForm, description: `${moment}; in a URL, write + as %2B` });

export const TransferModeName = Type.Unsafe<'atomic' | 'saga'>({
  type: 'string',
  enum: ['atomic', 'saga'],
  description:
    'atomic: immediately or not at all, which requires two wallets of one book; saga: in steps, debited before it is credited. When absent: atomic within a book, saga between books',
});

export const ExpiresInSeconds = Type.Integer({
  minimum: 1,
  maximum: expiresInSecondsMax,
  description: `after how many seconds what is left of the hold is released: 1 to ${expiresInSecondsMax}; never when absent`,
  examples: [3600],
});

/** The schema counts characters; where it is read, units of UTF-16 are counted, too. */
export const Reason = Type.String({
  minLength: 1,
  maxLength: reasonLengthMax,
  description: `why, in 1 to ${reasonLengthMax} characters; stored in the log`,
  examples: ['chargeback 4711'],
});

export const SidesName = Type.Unsafe<'debits' | 'credits' | 'both'>({
  type: 'string',
  enum: ['debits', 'credits', 'both'],
  description: 'which direction: debits (money out), credits (money in) or both; both when absent',
});

export const DestinationName = Type.Unsafe<(typeof destinations)[number]>({
  type: 'string',
  enum: [...destinations],
  description: `a system account: one of ${destinations.join(', ')}`,
});

export const AssetReference = Type.Unsafe<string | number>({
  type: ['string', 'integer'],
  minLength: 1,
  maxLength: assetCodeLengthMax,
  minimum: 1,
  maximum: assetNumberMax,
  description: "an asset's code or number, as listed by GET /assets",
  examples: ['USD'],
});

export const AssetNumber = Type.Integer({
  minimum: 1,
  maximum: assetNumberMax,
  description: "an asset's number, as listed by GET /assets",
  examples: [1],
});

export const UserId = Type.String({
  pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
  description: "user id; services and staff use it to name the wallets' owner",
  examples: ['0f6d220d-61fa-4be7-b0a2-e05dbd9aee32'],
});

const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: keyLengthMax,
  description: `idempotency key: 1 to ${keyLengthMax} characters of printable text; the same key with the same content is one operation, however often you send it`,
  examples: ['d1'],
});

/** Whose key an idempotency key is. */
export const KeyspaceName = Type.Unsafe<Keyspace>({
  type: 'string',
  enum: [...keyspaces],
  description: 'whose key requestId is: user, service (API keys and staff) or anonymous (open mode, without credentials)',
});

/** One idempotency key, under the name of each route. */
export const keyProperties = {
  requestId: Type.Optional(IdempotencyKey),
  txId: Type.Optional(IdempotencyKey),
  payment_id: Type.Optional(IdempotencyKey),
};

export const Metadata = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'your own JSON object, stored with the operation: at most 4 KiB of JSON, nested at most 5 levels deep',
  examples: [{ order: 'A-17' }],
});

export const Version = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "a wallet's version: how many postings have named it",
  examples: [3],
});

/** Fields of every request that changes something. */
export const termProperties = {
  ...keyProperties,
  expectedVersion: Type.Optional(Version),
  metadata: Type.Optional(Metadata),
};

/** How amounts are written in a request and in its answer. */
export const UnitName = Type.Unsafe<Unit>({
  type: 'string',
  enum: [...units],
  description: `minor (the default): amounts are whole numbers of the asset's minor units. major: they are decimals of its major unit, such as "12.34", exact or refused`,
});
export const unitProperty = { unit: Type.Optional(UnitName) };

/** Fields of every request for an amount of a wallet. */
export const amountProperties = {
  amount: Amount,
  ...unitProperty,
  upTo: Type.Optional(UpTo),
  asset: Type.Optional(AssetReference),
  minimumBalance: Type.Optional(MinimumBalance),
};
export const EffectiveAt = Type.String({
  ...momentForm,
  description: `when it counts as having happened: ${moment}; not in the future, before a wallet was opened, or in a closed period. Needs the scope money:backdate`,
});

/** For operations that move money of a wallet. */
export const moneyProperties = { ...amountProperties, effectiveAt: Type.Optional(EffectiveAt), ...termProperties };
/** For corrections and controls. */
export const decidedProperties = { reason: Reason, ...termProperties };

const { asset: _named, ...closedLoopAmounts } = amountProperties;
/** For the closed loop: the wallet is named by its owner and the asset's number. */
export const closedLoopProperties = {
  ...closedLoopAmounts,
  asset_type_id: AssetNumber,
  user_id: Type.Optional(UserId),
  effectiveAt: Type.Optional(EffectiveAt),
  ...termProperties,
};

/** Fields of answers. */
export const amountTextPattern = '^-?[0-9]+([.][0-9]+)?$';
/** In minor units, unless the caller asks for major ones: see gateway/http/units.ts, which knows the names of all of them. */
export function amountText(description: string) {
  return Type.String({ pattern: amountTextPattern, description, examples: ['1000'] });
}
export const AmountText = amountText('minor units');
export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-01-31T12:00:00.000Z'] });
export const Seq = Type.Integer({ minimum: 0, description: 'position in the log: everything answered with a smaller one came before' });
export const OperationId = Type.String({
  pattern: '^[0-9]+-[0-9]+$',
  maxLength: 32,
  description: "operation id, from the operation's answer",
  examples: ['1-42'],
});

export const HoldId = Type.String({
  pattern: '^[0-9]+-[0-9]+$',
  maxLength: 32,
  description: 'hold id: the id of the operation that authorised the hold',
  examples: ['1-42'],
});

export const AssetBrief = Type.Object(
  {
    id: Type.Integer(),
    code: Type.String(),
    scale: Type.Integer({ description: 'decimal places of the major unit: 2 means that amount 1050 is 10.50' }),
  },
  { $id: 'AssetBrief', ...strict },
);
const AssetKindName = Type.Unsafe<AssetKind>({
  type: 'string',
  enum: [...assetKinds],
  description: 'currency, crypto, virtual (coins, points and vouchers of your own) or other',
});
const assetRetired = 'true: no wallet is opened in it any more; those that exist go on';
export const AssetName = Type.String({
  minLength: 1,
  maxLength: assetNameLengthMax,
  description: `for people: 1 to ${assetNameLengthMax} characters, without emoji and invisible characters`,
  examples: ['Yen'],
});
/** Fields of a request that adds an asset. */
export const assetProperties = {
  code: Type.String({
    minLength: 1,
    maxLength: assetCodeLengthMax,
    description: '1 to 16 capital letters A to Z, digits and underscores, beginning with a letter; it never changes',
    examples: ['JPY'],
  }),
  scale: Type.Integer({
    minimum: 0,
    maximum: assetScaleMax,
    description: `decimal places of the major unit, 0 to ${assetScaleMax}: 2 means that amount 1050 is 10.50; it never changes`,
    examples: [0],
  }),
  name: AssetName,
  kind: AssetKindName,
};
/** What may change about one. */
export const assetChangeProperties = {
  name: Type.Optional(AssetName),
  retired: Type.Optional(Type.Boolean({ description: assetRetired })),
};
export const AssetView = Type.Object(
  {
    id: Type.Integer(),
    code: Type.String(),
    scale: Type.Integer(),
    name: Type.String(),
    kind: AssetKindName,
    retired: Type.Boolean({ description: assetRetired }),
  },
  { $id: 'Asset', ...strict },
);

export const freeObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });

/** Metadata as it is read: it may be encrypted with a key that is gone. */
export const MetadataRead = Type.Unsafe<Record<string, unknown>>({
  ...freeObject,
  description:
    'what the caller stored with the operation. The property coffer is a note of Coffer: coffer.erased is true when the metadata was encrypted and its owner has been erased',
});
