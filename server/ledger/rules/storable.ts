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

/** Throws for an operation that cannot be written down. */
export function assertStorable(operation: Operation): void {
  assert(
    isText(operation.key) && operation.key.length >= 1 && operation.key.length <= keyLengthMax,
    'an idempotency key is 1 to 512 characters of text',
  );
  if (operation.kind === 'open') {
    assertWallet(operation.wallet, operation.opens);
    return;
  }
  assertSide(operation.debit);
  assertSide(operation.credit);
  if (operation.metadata !== undefined) assert(isMetadata(operation.metadata), 'metadata is JSON that PostgreSQL can hold');
}

function assertSide(ref: AccountRef): void {
  if ('wallet' in ref) assertWallet(ref.wallet, ref.opens);
}

function assertWallet(id: string, opens: WalletSpec | undefined): void {
  assert(isText(id) && id !== '' && Buffer.byteLength(id) <= walletBytesMax, 'a wallet id is 1 to 128 bytes of text');
  assert(id[0] !== '$' && !id.includes('/'), 'a wallet id is no system account and holds no slash');
  if (opens === undefined) return;
  assert(opens.owner === null || (isText(opens.owner) && opens.owner.length <= ownerLengthMax), 'an owner is up to 512 characters of text');
  assert(opens.floor >= -maximumAmount && opens.floor <= maximumAmount, 'a floor has up to 38 digits');
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
