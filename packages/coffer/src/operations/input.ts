/**
 * A request as an operation reads it, independent of the transport. A transport passes the values under the operation's field names; the
 * validation of each value is here, once.
 */
import { paysOutDirectly } from '../identity/index.ts';
import type { Principal } from '../identity/index.ts';
import { choiceOf, isUuid, parseAmount, parseAmountOrZero, parseMoment, parseSignedAmount } from '../kernel/index.ts';
import type { Sides } from '../ledger/index.ts';
import { walletIdPattern, walletIdRule } from '../wallets/index.ts';
import { assetCodeLengthMax, destinations, expiresInSecondsMax, reasonLengthMax } from './terms.ts';
import type { AmountTerms, AssetReference, Clearance, Decided, Destination, MoneyTerms, Terms, WalletMoneyRequest } from './terms.ts';

/** Values by field name, and the caller's name for each field, for messages. */
export type Values = { readonly values: Readonly<Record<string, unknown>>; readonly nameOf: (field: string) => string };

export type Input = Values & { readonly terms: Terms & { readonly actor: string }; readonly caller: Caller };

export type Caller = {
  readonly principal: Principal;
  /** The actor as stored in the log. */
  readonly actor: string;
  readonly onlyOwner: string | undefined;
  /** Throws the transport's error when the caller may not grant credit, backdate or name an account. */
  admit(operation: 'setCreditLine' | 'backdate' | 'nameAccount'): unknown;
};

/** What a transport has read, with what follows from the caller. */
export function callersTerms(terms: Terms, { actor, principal }: Pick<Caller, 'actor' | 'principal'>): Input['terms'] {
  return { ...terms, actor, clearance: clearanceOf(principal), maker: principal };
}

export function clearanceOf(principal: Principal): Clearance | undefined {
  return paysOutDirectly(principal) ? 'direct' : undefined;
}

/** A request that is invalid or not allowed to this caller; the message says what to send instead. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly code: 'invalid_request' | 'forbidden' | 'unauthenticated';

  constructor(message: string, code: InvalidInput['code'] = 'invalid_request') {
    super(message);
    this.code = code;
  }
}

export function refuse(message: string, code?: InvalidInput['code']): never {
  throw new InvalidInput(message, code);
}

const walletId = new RegExp(walletIdPattern);
const entryId = /^[0-9]+-[0-9]+$/;
const entryIdLengthMax = 32;

export function walletIn(input: Values, field = 'walletId'): string {
  const id = textIn(input, field);
  return id !== undefined && walletId.test(id) ? id : refuse(`"${input.nameOf(field)}" must be a wallet id: ${walletIdRule}.`);
}

/** The id of an operation or a hold: `book-seq`. */
export function entryIdIn(input: Values, field: 'holdId' | 'operationId'): string {
  const id = textIn(input, field);
  if (id !== undefined && id.length <= entryIdLengthMax && entryId.test(id)) return id;
  return refuse(`"${input.nameOf(field)}" must be an id such as 1-4711, from the answer to the operation.`);
}

/**
 * Users act on their own wallets; services and staff may name any owner. A user who names another one gets the same answer whether or not
 * that user exists.
 */
export function ownerIn(input: Values & { readonly caller: Pick<Caller, 'principal' | 'onlyOwner'> }, field: string): string {
  const { principal, onlyOwner } = input.caller;
  const named = textIn(input, field)?.toLowerCase();
  if (onlyOwner !== undefined && named !== undefined && named !== onlyOwner) refuseOtherOwner(input, field);
  if (named !== undefined) return isUuid(named) ? named : refuse(`"${input.nameOf(field)}" must be the id of a user.`);
  return 'userId' in principal ? principal.userId : refuse(`Send the user's id as "${input.nameOf(field)}".`);
}

export function refuseOtherOwner({ nameOf }: Values, field: string): never {
  return refuse(`You can access only your own wallets. Omit "${nameOf(field)}".`, 'forbidden');
}

/** Absent: the wallet's own, or the default asset. */
export function assetIn(input: Values, field = 'asset'): AssetReference {
  const asset = input.values[field] as AssetReference;
  if (typeof asset !== 'string' || (asset.length <= assetCodeLengthMax && asset.isWellFormed())) return asset;
  return refuse(`"${input.nameOf(field)}" must be the code of an asset: at most ${assetCodeLengthMax} characters.`);
}

/** At least 1. */
export function amountIn(input: Values, field = 'amount'): bigint {
  return (
    exactly(parseAmount, input, field) ??
    refuse(
      `"${input.nameOf(field)}" must be a whole number of minor units, at least 1; when in doubt, send it as a string of digits. With unit major it is a decimal such as "12.34".`,
    )
  );
}

export function amountTermsIn(input: Input): AmountTerms {
  const { minimumBalance } = input.values;
  return {
    ...input.terms,
    amount: amountIn(input),
    upTo: flagIn(input, 'upTo'),
    asset: assetIn(input),
    minimumBalance: minimumBalance === undefined ? undefined : signedIn(input, 'minimumBalance'),
  };
}

export function moneyTermsIn(input: Input): MoneyTerms {
  return { ...amountTermsIn(input), effectiveAt: effectiveIn(input) };
}

/** An amount, and the wallet it moves to or from. */
export function walletMoneyIn(input: Input): WalletMoneyRequest {
  return { ...moneyTermsIn(input), wallet: walletIn(input) };
}

/** Absent: all that is left. */
export function partIn(input: Values): bigint | undefined {
  return input.values['amount'] === undefined ? undefined : amountIn(input);
}

/** A limit, 0 or more; null and absent: no limit. */
export function limitIn(input: Values, field: string): bigint | null {
  const given = input.values[field];
  return given === undefined || given === null ? null : amountOrZeroIn(input, field);
}

export function amountOrZeroIn(input: Values, field: string): bigint {
  return exactly(parseAmountOrZero, input, field) ?? refuse(`"${input.nameOf(field)}" must be a whole number of minor units, 0 or more.`);
}

function signedIn(input: Values, field: string): bigint {
  return exactly(parseSignedAmount, input, field) ?? refuse(`"${input.nameOf(field)}" must be a whole number of minor units.`);
}

/** Amounts arrive as JSON integers, as digits, or as the int64 of gRPC. */
function exactly(parse: (given: string | number) => bigint | null, { values }: Values, field: string): bigint | null {
  const given = values[field];
  if (typeof given === 'bigint') return parse(given.toString());
  return typeof given === 'string' || typeof given === 'number' ? parse(given) : null;
}

/** Only callers who may backdate set it: it changes balances of the past. */
export function effectiveIn(input: Input): Date | undefined {
  if (textIn(input, 'effectiveAt') === undefined) return undefined;
  if (input.caller.onlyOwner !== undefined) refuse(`Users cannot set "${input.nameOf('effectiveAt')}". Omit it.`, 'forbidden');
  input.caller.admit('backdate');
  return requiredMomentIn(input, 'effectiveAt');
}

export function requiredMomentIn(input: Values, field: string): Date {
  return (
    parseMoment(textIn(input, field) ?? '') ??
    refuse(`"${input.nameOf(field)}" is not a valid timestamp. Send one such as 2026-01-31T12:00:00Z, in the years 1 to 9999.`)
  );
}

export function secondsIn(input: Values, field: string): number | undefined {
  const given = input.values[field];
  if (given === undefined) return undefined;
  const seconds = Number(given);
  return seconds >= 1 && seconds <= expiresInSecondsMax
    ? seconds
    : refuse(`"${input.nameOf(field)}" must be 1 to ${expiresInSecondsMax} seconds.`);
}

export function flagIn({ values }: Values, field: string): boolean | undefined {
  return values[field] as boolean | undefined;
}

export function textIn({ values }: Values, field: string): string | undefined {
  return values[field] as string | undefined;
}

/** One of a few words; undefined when absent. */
export function wordIn<const W extends string>(input: Values, field: string, words: readonly W[]): W | undefined {
  const given = textIn(input, field);
  if (given === undefined) return undefined;
  return words.find((word) => word === given) ?? refuse(`"${input.nameOf(field)}" must be ${choiceOf(words)}.`);
}

export function sidesIn(input: Values): Sides {
  return wordIn(input, 'sides', ['debits', 'credits', 'both']) ?? 'both';
}

/** A wallet or a system account, in one of two fields. */
export function destinationIn(input: Values, walletField: string, systemField: string): Destination | undefined {
  const system = wordIn(input, systemField, destinations);
  if (input.values[walletField] === undefined) return system === undefined ? undefined : { system };
  if (system !== undefined) refuse(`Send either "${input.nameOf(walletField)}" or "${input.nameOf(systemField)}", not both.`);
  return { wallet: walletIn(input, walletField) };
}

/** Corrections and controls have a reason, and record their actor. */
export function decidedIn(input: Input): Terms & Decided {
  return { ...input.terms, reason: reasonIn(input), actor: input.caller.actor };
}

export function reasonIn(input: Values): string {
  const reason = textIn(input, 'reason') ?? '';
  if (reason.trim() !== '' && reason.length <= reasonLengthMax && !reason.includes('\0')) return reason;
  return refuse(`"${input.nameOf('reason')}" must be 1 to ${reasonLengthMax} characters of text, not only spaces.`);
}
