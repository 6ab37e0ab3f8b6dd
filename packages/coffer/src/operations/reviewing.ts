/** Withdrawals that somebody may want held for review are not posted at once: said in one place, whichever transport asks. */
import { newId } from '../kernel/index.ts';
import { bookOfWallet } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { walletsMax } from './closing.ts';
import type { CloseAllRequest } from './closing.ts';
import { refusedUnseen } from './outcome.ts';
import type { Prepared, RefusedOutcome } from './outcome.ts';
import type { WalletMoneyRequest } from './terms.ts';

/** Answered from memory most of the time. */
export type Reviews = {
  areOn(): boolean | Promise<boolean>;
  /** Of an amount of an asset, by its number. */
  mustAsk(asset: number, amount: bigint): boolean | Promise<boolean>;
};

/**
 * The withdrawal as it was prepared, or refused as `review_required`. Nothing of the refusal is remembered. What is on record under
 * its key is answered as always: it was done, or refused, before anybody wanted to review it. `opened`: wallets that may come into
 * being together with it, with their assets.
 */
export async function reviewed(
  ledger: Ledger,
  reviews: Reviews,
  asked: WalletMoneyRequest,
  prepared: Prepared,
  opened: ReadonlyMap<string, number> = new Map(),
): Promise<Prepared> {
  if (!(await reviews.areOn()) || 'refusal' in prepared) return prepared;
  const wallet = await ledger.read.balance(asked.wallet, asked.onlyOwner);
  const asset = wallet?.asset ?? opened.get(asked.wallet);
  // The ledger says what is wrong with it.
  if (asset === undefined || !(await reviews.mustAsk(asset, asked.amount))) return prepared;
  const required: Prepared = { key: prepared.key, refusal: { code: 'review_required', facts: { wallet: asked.wallet } } };
  if (!wallet) return required;
  const book = ledger.read.in({ book: bookOfWallet(asked.wallet, ledger.books.length) });
  if (await book.entryByKey(wallet.number, prepared.key)) return prepared;
  return required;
}

/** The wallets that operations may open, with their assets. */
export function openedBy(prepared: readonly Prepared[]): ReadonlyMap<string, number> {
  const opened = new Map<string, number>();
  for (const one of prepared) {
    if (!('operation' in one)) continue;
    const { operation } = one;
    if (operation.kind === 'open') opened.set(operation.wallet, operation.opens.asset);
    else if ('credit' in operation && 'opens' in operation.credit && operation.credit.opens)
      opened.set(operation.credit.wallet, operation.credit.opens.asset);
  }
  return opened;
}

/** A sweep to the outside is a withdrawal of all that there is: answers with the refusal of the first that may have to be reviewed. */
export async function sweepReviewed(ledger: Ledger, reviews: Reviews, { owner, sweepTo }: CloseAllRequest): Promise<RefusedOutcome | null> {
  if (!sweepTo || !('system' in sweepTo) || sweepTo.system !== 'cash_out' || !(await reviews.areOn())) return null;
  for (const { id, asset, balance } of await ledger.read.balancesOf(owner, 0, walletsMax)) {
    if (balance > 0n && (await reviews.mustAsk(asset, balance)))
      return refusedUnseen(newId(), { code: 'review_required', facts: { wallet: id } });
  }
  return null;
}
