/** Withdrawals that somebody may want held for review are not posted at once: said in one place, whichever transport asks. */
import { bookOfWallet } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { Prepared, WalletMoneyRequest } from './asked.ts';

/** Answered from memory most of the time. */
export type Reviews = {
  areOn(): boolean | Promise<boolean>;
  /** Of an amount of an asset, by its number. */
  mustAsk(asset: number, amount: bigint): boolean | Promise<boolean>;
};

/**
 * The withdrawal as it was prepared, or refused as `review_required`. Nothing of the refusal is remembered. What is on record under
 * its key is answered as always: it was done, or refused, before anybody wanted to review it.
 */
export async function reviewed(ledger: Ledger, reviews: Reviews, asked: WalletMoneyRequest, prepared: Prepared): Promise<Prepared> {
  if (!(await reviews.areOn()) || 'refusal' in prepared) return prepared;
  const wallet = await ledger.read.balance(asked.wallet, asked.onlyOwner);
  // The ledger says what is wrong with it.
  if (!wallet || !(await reviews.mustAsk(wallet.asset, asked.amount))) return prepared;
  const book = ledger.read.in({ book: bookOfWallet(asked.wallet, ledger.books.length) });
  if (await book.entryByKey(wallet.number, prepared.key)) return prepared;
  return { key: prepared.key, refusal: { code: 'review_required', facts: { wallet: asked.wallet } } };
}
