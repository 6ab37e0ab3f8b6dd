/**
 * Every type of event with the schema of its data and a version. It is the one source of the AsyncAPI document, of the envelope's
 * `type` and of the test that compares it with the log. Within a version, fields may be added; none is removed or changes its
 * meaning.
 */
import Type from 'typebox';
import type { TObject, TProperties, TSchema } from 'typebox';

const Amount = Type.String({ pattern: '^-?[0-9]{1,51}$', description: 'minor units of the asset' });
const OperationId = Type.String({ pattern: '^[1-9][0-9]*-[1-9][0-9]*$', examples: ['1-42'] });
const Version = Type.Integer({ minimum: 0, description: "the wallet's version after it" });
const Moment = Type.String({ format: 'date-time' });
const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });
const orNothing = (schema: TSchema) => Type.Unsafe<unknown>({ anyOf: [schema, { type: 'null' }] });
const Wallet = Type.String({ description: 'a wallet, an account of the chart (@id), or a system account ($kind/asset)' });
const SideStatus = Type.Unsafe<string>({ type: 'string', enum: ['open', 'frozen', 'closed'] });

/** What every event says about its entry. */
const common = {
  operation: Type.String({ ...OperationId, description: 'the operation that caused it' }),
  key: Type.Optional(Type.String({ description: "the operation's idempotency key" })),
  amount: Type.Optional(Amount),
  askedAmount: Type.Optional(Type.String({ ...Amount, description: 'the requested amount, if it was "up to" an amount' })),
  effectiveAt: Type.Optional(Moment),
  asset: Type.Optional(Type.Integer({ minimum: 1, description: 'number of the asset' })),
  metadata: Type.Optional(
    Type.Unsafe<unknown>({
      description: 'metadata of the caller; coffer.erased is true when it was encrypted and its owner has been erased',
    }),
  ),
};
/** The state of the wallet after it. */
const after = {
  balance: Amount,
  held: Type.Optional(Type.String({ ...Amount, description: 'amount of the balance reserved by holds; absent: zero' })),
  version: Version,
};
const sides = { from: Wallet, to: Wallet };
const maybeSides = { from: Type.Optional(Wallet), to: Type.Optional(Wallet) };
/** Of a transfer by saga, whose steps are separate operations. */
const saga = { transfer: Type.Optional(Type.String({ ...OperationId, description: 'the transfer that this step belongs to' })) };
const refused = {
  refusal: Type.String({ description: 'the refusal code', examples: ['insufficient_funds'] }),
  facts: Type.Optional(orNothing(AnyObject)),
  asked: Type.Optional(orNothing(AnyObject)),
};
const ofHold = { hold: OperationId, left: Amount, expiresAt: Type.Optional(Moment) };
const ofPurpose = {
  purpose: Type.Optional(
    Type.Unsafe<string>({ type: 'string', enum: ['withdrawal'], description: 'withdrawal: of the hold of an asynchronous withdrawal' }),
  ),
};
const decided = { reason: orNothing(Type.String()), actor: orNothing(Type.String()) };
const maybeDecided = { reason: Type.Optional(decided.reason), actor: Type.Optional(decided.actor) };
const ofReversal = { ...decided, reverses: OperationId, reversed: Amount };
const Limit = orNothing(Amount);
const Controls = Type.Object({
  debits: SideStatus,
  credits: SideStatus,
  limits: orNothing(Type.Object({ perTransfer: Limit, perDay: Limit, perMonth: Limit })),
});
const controlled = { ...decided, ...maybeSides, ...after, controls: Controls };

type Described = { readonly version: number; readonly summary: string; readonly data: TObject };

function described(summary: string, fields: TProperties, version = 1): Described {
  return { version, summary, data: Type.Object({ ...common, ...fields }) };
}

const failed = (what: string) => described(`${what} was refused; the refusal is recorded under its key`, refused);

export const catalogue: Readonly<Record<string, Described>> = {
  WalletCreated: described('A wallet was opened', { owner: Type.Optional(Type.String()), floor: Type.Optional(Amount) }),
  FundsDeposited: described('Money was deposited from outside', after),
  FundsToppedUp: described('Money was topped up from the treasury', after),
  FundsWithdrawn: described('Money was withdrawn to the outside', after),
  FundsSpent: described('Money was spent to the treasury', after),
  FundsIssued: described('Money was issued: to a treasury, or to the wallet', { ...maybeDecided, ...after }),
  FundsBurned: described('Money of a treasury was burned: the opposite of issuing it', { ...maybeDecided, ...after }),

  TransferInitiated: described("A transfer was requested; sent for the sender's wallet", {
    ...maybeSides,
    ...saga,
    refusal: Type.Optional(refused.refusal),
    facts: refused.facts,
    asked: refused.asked,
  }),
  TransferDebited: described('The transfer was debited from the sender', { ...sides, ...saga, ...after }),
  TransferCredited: described('The transfer was credited to the recipient', { ...sides, ...saga, ...after }),
  TransferCompleted: described("The transfer is complete; sent for the sender's wallet", { ...sides, ...saga }),
  TransferCompensated: described('The transfer could not be credited to the recipient and was returned to the sender', {
    ...sides,
    ...saga,
    ...after,
  }),
  TransferCreditFailed: described("The recipient's book refused the transfer; sent for the recipient's wallet", {
    ...maybeSides,
    ...saga,
    ...refused,
  }),
  TransferFailed: described("The transfer was refused; sent for the sender's wallet", { ...maybeSides, ...saga, ...refused }),

  HoldAuthorized: described('Part of the balance was reserved', { ...maybeSides, ...ofHold, ...after }),
  HoldCaptured: described('Part or all of a hold was captured', { ...sides, ...ofHold, ...after, ...ofPurpose }),
  CaptureCredited: described('Part or all of a hold was credited to this wallet', { ...sides, ...ofHold, ...after }),
  HoldReleased: described('Part or all of a hold was released', { ...maybeSides, ...ofHold, ...after }),
  HoldExpired: described('A hold expired, and the rest of it was released', { ...maybeSides, ...ofHold, ...after }),

  OperationReversed: described('An operation of the wallet was reversed, fully or partly', { ...sides, ...ofReversal }),
  ReversalDebited: described('A reversal debited the wallet', { ...sides, ...ofReversal, ...after }),
  ReversalCredited: described('A reversal credited the wallet', { ...sides, ...ofReversal, ...after }),

  WalletFrozen: described('Sides of the wallet were frozen', controlled),
  WalletUnfrozen: described('Sides of the wallet were unfrozen', controlled),
  WalletClosed: described('Sides of the wallet were closed permanently', controlled),
  SweepCredited: described('The balance of a closed wallet was moved to this wallet', { ...decided, ...sides, ...after }),
  WalletLimitsChanged: described('The limits of the wallet changed', controlled),
  CreditLineChanged: described('The credit line of the wallet changed', controlled),

  WalletCreationFailed: failed('Opening the wallet'),
  DepositFailed: failed('A deposit'),
  TopUpFailed: failed('A top-up'),
  WithdrawalFailed: failed('A withdrawal'),
  SpendFailed: failed('Spending'),
  IssueFailed: failed('Issuing'),
  BurnFailed: failed('Burning'),
  HoldFailed: failed('A hold'),
  CaptureFailed: failed('A capture'),
  ReleaseFailed: failed('A release'),
  ReversalFailed: failed('A reversal'),
  FreezeFailed: failed('A freeze'),
  UnfreezeFailed: failed('An unfreeze'),
  CloseFailed: failed('Closing the wallet'),
  LimitChangeFailed: failed('A change of limits'),
  CreditLineChangeFailed: failed('A change of the credit line'),
};

/** Whether this version of Coffer has events of that name. */
export function isEventType(name: string): boolean {
  return Object.hasOwn(catalogue, name);
}

/** For the envelope's `type`. An event missing from the catalogue comes from a newer Coffer, in its first version. */
export function versionOf(type: string): number {
  return catalogue[type]?.version ?? 1;
}

/** The name of a type's schema in the AsyncAPI document. */
export function schemaNameOf(type: string): string {
  return `${type}V${versionOf(type)}`;
}
