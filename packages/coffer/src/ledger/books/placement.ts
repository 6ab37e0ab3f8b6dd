/** Maps a wallet to its book. Pure, and never to be changed: existing wallets could no longer be found. */
import { hash } from 'node:crypto';
import { isUuid } from '../../kernel/index.ts';
import { isSystemAccountId } from '../rules/accounts.ts';

/** All wallets of an owner share a book, so transfers between them and lists of them need only that book. */
export function bookOfOwner(owner: string, books: number): number {
  return books === 1 ? 1 : (hash('sha256', owner, 'buffer').readUInt32BE(0) % books) + 1;
}

export function bookOfWallet(wallet: string, books: number): number {
  return bookOfOwner(ownerPart(wallet), books);
}

/** Where an operation that an account initiates is posted. System accounts exist in every book; the first is meant. */
export function bookOfInitiator(account: string, books: number): number {
  return isSystemAccountId(account) ? 1 : bookOfWallet(account, books);
}

/** A wallet id `<uuid>.<ASSET>` begins with its owner; any other id is its own owner. */
function ownerPart(wallet: string): string {
  const owner = wallet.slice(0, 36);
  return wallet[36] === '.' && isUuid(owner) ? owner : wallet;
}
