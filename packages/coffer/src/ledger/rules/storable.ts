/**
 * Values that PostgreSQL cannot store must not reach a batch: the database would reject the whole batch, and that stops the book. Callers'
 * text is validated at the edge, with a proper message; here it is only asserted.
 */
import { assert } from '../../kernel/index.ts';
import { maximumAmount } from './accounts.ts';
import { initiatingSideOf } from './initiating-side.ts';
import type { AccountRef, Operation, WalletSpec } from './types.ts';

/** In an index with two other columns; PostgreSQL takes 2,704 bytes. */
const keyLengthMax = 512;
const walletBytesMax = 128;
const ownerLengthMax = 512;
const metadataLengthMax = 65_536;
const remarkLengthMax = 1_000;
const secondsMax = 315_360_000;
/** The years 1 to 9999, in milliseconds since 1970. */
const effectiveMs = { from: -62_135_596_800_000, to: 253_402_300_799_999 } as const;

/** Throws for an operation that cannot be stored. */
export function assertStorable(operation: Operation): void {
  if (operation.kind !== 'expire')
    assert(
      isText(operation.key) && operation.key.length >= 1 && operation.key.length <= keyLengthMax,
      'an idempotency key is 1 to 512 characters of text',
    );
  if (operation.kind === 'open') return assertWallet(operation.wallet, operation.opens);
  if ('wallet' in operation) assertWallet(operation.wallet, undefined);
  if ('to' in operation) assertStep(operation);
  if ('debit' in operation) assertSide(operation.debit);
  if ('credit' in operation) assertSide(operation.credit);
  if ('debit' in operation)
    assert(
      !('system' in operation[initiatingSideOf(operation)]) || operation.asset !== undefined,
      'a system account initiates in an asset',
    );
  if ('sweepTo' in operation && operation.sweepTo) assertSide(operation.sweepTo);
  if ('metadata' in operation && operation.metadata !== undefined)
    assert(isMetadata(operation.metadata), 'metadata is JSON that PostgreSQL can store');
  if ('reason' in operation && operation.reason !== undefined)
    assert(isRemark(operation.reason), 'a reason is 1 to 1,000 characters of text');
  for (const person of [operation.actor, operation.approver])
    assert(person === undefined || isRemark(person), 'an actor is 1 to 1,000 characters of text');
  assertNumbers(operation);
}

function assertNumbers(operation: Operation): void {
  if ('hold' in operation) assert(isSeq(operation.hold), 'a hold is named by the seq of its entry');
  if ('reverses' in operation) assert(isSeq(operation.reverses), 'the reversed entry is named by its seq');
  if ('expiresInSeconds' in operation && operation.expiresInSeconds !== undefined)
    assert(isSeq(operation.expiresInSeconds) && operation.expiresInSeconds <= secondsMax, 'a hold lasts 1 second to 10 years');
  if ('effectiveAt' in operation && operation.effectiveAt)
    assert(isEffective(operation.effectiveAt.getTime()), 'an effective date is in the years 1 to 9999');
  if (operation.kind === 'credit_line') assert(isFloor(operation.floor), 'a floor has up to 38 digits');
  if (operation.kind === 'limit' && operation.limits)
    for (const limit of [operation.limits.perTransfer, operation.limits.perDay, operation.limits.perMonth])
      assert(limit === null || (limit >= 0n && limit <= maximumAmount), 'a limit has up to 38 digits');
}

/** Steps that the ledger makes name existing wallets and entries. */
function assertStep(operation: Extract<Operation, { to: string }>): void {
  assertWallet(operation.to, undefined);
  if (operation.kind === 'transfer_debit') return;
  assertWallet(operation.from, undefined);
  if (operation.kind === 'transfer_credit') {
    const { amount } = operation;
    assert(amount >= 1n && amount <= maximumAmount, 'what is in transit is an amount');
  } else {
    assert(isSeq(operation.ends), 'the ended transfer is named by its seq');
    assert((operation.kind === 'transfer_return') === (operation.refusal !== undefined), 'a return has a refusal, a completion does not');
  }
}

function isSeq(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function isEffective(ms: number): boolean {
  return Number.isInteger(ms) && ms >= effectiveMs.from && ms <= effectiveMs.to;
}

function isRemark(text: string): boolean {
  return isText(text) && text !== '' && text.length <= remarkLengthMax;
}

function isFloor(floor: bigint): boolean {
  return floor >= -maximumAmount && floor <= maximumAmount;
}

function assertSide(ref: AccountRef): void {
  if ('wallet' in ref) assertWallet(ref.wallet, ref.opens);
  if ('named' in ref) assertWallet(ref.named, undefined);
}

function assertWallet(id: string, opens: WalletSpec | undefined): void {
  assert(isText(id) && id !== '' && Buffer.byteLength(id) <= walletBytesMax, 'a wallet id is 1 to 128 bytes of text');
  assert(id[0] !== '$' && !id.includes('/'), "a wallet id is not a system account's and has no slash");
  if (opens === undefined) return;
  assert(opens.owner === null || (isText(opens.owner) && opens.owner.length <= ownerLengthMax), 'an owner is up to 512 characters of text');
  assert(isFloor(opens.floor), 'a floor has up to 38 digits');
}

/** PostgreSQL stores UTF-8, which excludes lone surrogates, and rejects NUL. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Valid JSON is not enough: the event log reads it as jsonb, which rejects NUL, lone surrogates, numbers out of range and deep nesting. */
function isMetadata(text: string): boolean {
  if (text.length > metadataLengthMax || !isText(text)) return false;
  try {
    return isHeld(JSON.parse(text), 100);
  } catch {
    return false;
  }
}

function isHeld(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.entries(value).every(([name, item]) => isText(name) && isHeld(item, depth - 1));
}
