/**
 * What PostgreSQL cannot hold must not come near a batch: it would be refused there with all its neighbours, and a refusal by the
 * database stops the book. Callers' text is checked where it comes in and answered with a sentence; here it is only asserted.
 */
import { assert } from '../../kernel/index.ts';
import { maximumAmount } from './accounts.ts';
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

/** Throws for an operation that cannot be written down. */
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
  if ('sweepTo' in operation && operation.sweepTo) assertSide(operation.sweepTo);
  if ('metadata' in operation && operation.metadata !== undefined)
    assert(isMetadata(operation.metadata), 'metadata is JSON that PostgreSQL can hold');
  if ('reason' in operation)
    assert(isRemark(operation.reason) && isRemark(operation.actor), 'reason and actor are 1 to 1,000 characters of text');
  assertNumbers(operation);
}

function assertNumbers(operation: Operation): void {
  if ('hold' in operation) assert(isSeq(operation.hold), 'a hold is named by the seq of its entry');
  if ('reverses' in operation) assert(isSeq(operation.reverses), 'what is reversed is named by its seq');
  if ('expiresInSeconds' in operation && operation.expiresInSeconds !== undefined)
    assert(isSeq(operation.expiresInSeconds) && operation.expiresInSeconds <= secondsMax, 'a hold lasts 1 second to 10 years');
  if ('effectiveAt' in operation && operation.effectiveAt)
    assert(isEffective(operation.effectiveAt.getTime()), 'an effective date lies in the years 1 to 9999');
  if (operation.kind === 'credit_line') assert(isFloor(operation.floor), 'a floor has up to 38 digits');
  if (operation.kind === 'limit' && operation.limits)
    for (const limit of [operation.limits.perTransfer, operation.limits.perDay, operation.limits.perMonth])
      assert(limit === null || (limit >= 0n && limit <= maximumAmount), 'a limit has up to 38 digits');
}

/** What the ledger makes itself names wallets and entries that are on record. */
function assertStep(operation: Extract<Operation, { to: string }>): void {
  assertWallet(operation.to, undefined);
  if (operation.kind === 'transfer_debit') return;
  assertWallet(operation.from, undefined);
  if (operation.kind === 'transfer_credit') {
    const { amount } = operation;
    assert(amount >= 1n && amount <= maximumAmount, 'what is in transit is an amount');
  } else {
    assert(isSeq(operation.ends), 'what is ended is named by its seq');
    assert((operation.kind === 'transfer_return') === (operation.refusal !== undefined), 'a return has its reason, a completion none');
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
}

function assertWallet(id: string, opens: WalletSpec | undefined): void {
  assert(isText(id) && id !== '' && Buffer.byteLength(id) <= walletBytesMax, 'a wallet id is 1 to 128 bytes of text');
  assert(id[0] !== '$' && !id.includes('/'), 'a wallet id is no system account and holds no slash');
  if (opens === undefined) return;
  assert(opens.owner === null || (isText(opens.owner) && opens.owner.length <= ownerLengthMax), 'an owner is up to 512 characters of text');
  assert(isFloor(opens.floor), 'a floor has up to 38 digits');
}

/** Half a surrogate pair has no UTF-8, and PostgreSQL has no NUL. */
function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Valid is not enough: the event log reads it as jsonb, which has no NUL, no half pairs, no endless numbers and no bottomless depth. */
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
