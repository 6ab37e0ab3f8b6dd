/**
 * Every type of event with the schema of its data and a version: the one source of the AsyncAPI document, of the envelope's `type` and of the
 * test that holds the log against it. Within a version fields may be added; nothing is taken away and nothing changes its meaning.
 */
import Type from 'typebox';
import type { TObject, TProperties, TSchema } from 'typebox';

const Amount = Type.String({ pattern: '^-?[0-9]{1,51}$', description: 'minor units of the asset' });
const OperationId = Type.String({ pattern: '^[1-9][0-9]*-[1-9][0-9]*$', examples: ['1-42'] });
const Version = Type.Integer({ minimum: 0, description: "the wallet's version after it" });
const Moment = Type.String({ format: 'date-time' });
const AnyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true });
const orNothing = (schema: TSchema) => Type.Unsafe<unknown>({ anyOf: [schema, { type: 'null' }] });
const Wallet = Type.String({ description: 'a wallet, or a system account ($kind/asset)' });
const SideStatus = Type.Unsafe<string>({ type: 'string', enum: ['open', 'frozen', 'closed'] });

/** What every event says of its entry. */
const common = {
  operation: Type.String({ ...OperationId, description: 'the operation that caused it' }),
  key: Type.Optional(Type.String({ description: "the operation's idempotency key" })),
  amount: Type.Optional(Amount),
  askedAmount: Type.Optional(Type.String({ ...Amount, description: 'what was asked for, when it was "up to" an amount' })),
  effectiveAt: Type.Optional(Moment),
  asset: Type.Optional(Type.Integer({ minimum: 1, description: 'number of the asset' })),
  metadata: Type.Optional(Type.Unsafe<unknown>({ description: "the caller's own" })),
};
/** What the wallet stands at after it. */
const after = {
  balance: Amount,
  held: Type.Optional(Type.String({ ...Amount, description: 'what holds reserve of the balance; absent: nothing' })),
  version: Version,
};
const sides = { from: Wallet, to: Wallet };
const maybeSides = { from: Type.Optional(Wallet), to: Type.Optional(Wallet) };
/** Of a transfer by saga, whose steps are operations of their own. */
const saga = { transfer: Type.Optional(Type.String({ ...OperationId, description: 'the transfer that the step belongs to' })) };
const refused = {
  refusal: Type.String({ description: 'the code: see the refusals', examples: ['insufficient_funds'] }),
  facts: Type.Optional(orNothing(AnyObject)),
  asked: Type.Optional(orNothing(AnyObject)),
};
const ofHold = { hold: OperationId, left: Amount, expiresAt: Type.Optional(Moment) };
const decided = { reason: orNothing(Type.String()), actor: orNothing(Type.String()) };
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

const failed = (what: string) => described(`${what} was refused; the refusal is remembered under its key`, refused);

export const catalogue: Readonly<Record<string, Described>> = {
  WalletCreated: described('A wallet was opened', { owner: Type.Optional(Type.String()), floor: Type.Optional(Amount) }),
  FundsDeposited: described('Money came in from outside', after),
  FundsToppedUp: described('Money came from the treasury', after),
  FundsWithdrawn: described('Money left to the outside', after),
  FundsSpent: described('Money went back to the treasury', after),
  FundsIssued: described('Money was issued to the wallet', after),

  TransferInitiated: described('A transfer was asked for; told to the sender', {
    ...maybeSides,
    ...saga,
    refusal: Type.Optional(refused.refusal),
    facts: refused.facts,
    asked: refused.asked,
  }),
  TransferDebited: described('The transfer left the sender', { ...sides, ...saga, ...after }),
  TransferCredited: described('The transfer reached the recipient', { ...sides, ...saga, ...after }),
  TransferCompleted: described('The transfer is done; told to the sender', { ...sides, ...saga }),
  TransferCompensated: described('The transfer could not reach the recipient and went back to the sender', { ...sides, ...saga, ...after }),
  TransferCreditFailed: described("The recipient's book refused the transfer; told to the recipient", {
    ...maybeSides,
    ...saga,
    ...refused,
  }),
  TransferFailed: described('The transfer was refused; told to the sender', { ...maybeSides, ...saga, ...refused }),

  HoldAuthorized: described('A part of the balance was reserved', { ...maybeSides, ...ofHold, ...after }),
  HoldCaptured: described('A part of a hold was posted', { ...sides, ...ofHold, ...after }),
  CaptureCredited: described('A part of a hold was posted to this wallet', { ...sides, ...ofHold, ...after }),
  HoldReleased: described('A part of a hold was given back', { ...maybeSides, ...ofHold, ...after }),
  HoldExpired: described('The time of a hold was up, and what was left of it given back', { ...maybeSides, ...ofHold, ...after }),

  OperationReversed: described('An operation of the wallet was reversed, wholly or in part', { ...sides, ...ofReversal }),
  ReversalDebited: described('A reversal took money from the wallet', { ...sides, ...ofReversal, ...after }),
  ReversalCredited: described('A reversal gave money to the wallet', { ...sides, ...ofReversal, ...after }),

  WalletFrozen: described('Sides of the wallet were frozen', controlled),
  WalletUnfrozen: described('Sides of the wallet were unfrozen', controlled),
  WalletClosed: described('Sides of the wallet were closed for good', controlled),
  SweepCredited: described('The balance of a wallet that was closed came here', { ...decided, ...sides, ...after }),
  WalletLimitsChanged: described('The limits of the wallet changed', controlled),
  CreditLineChanged: described('The credit line of the wallet changed', controlled),

  WalletCreationFailed: failed('Opening the wallet'),
  DepositFailed: failed('A deposit'),
  TopUpFailed: failed('A top-up'),
  WithdrawalFailed: failed('A withdrawal'),
  SpendFailed: failed('Spending'),
  IssueFailed: failed('Issuing'),
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

/** Whether this Coffer has events of that name. */
export function isEventType(name: string): boolean {
  return Object.hasOwn(catalogue, name);
}

/** Of the envelope's `type`: one that the catalogue lacks is told by a newer Coffer, in its first version. */
export function versionOf(type: string): number {
  return catalogue[type]?.version ?? 1;
}

/** The name of a type's schema in the AsyncAPI document. */
export function schemaNameOf(type: string): string {
  return `${type}V${versionOf(type)}`;
}
