/** Withdrawals that need a review are not posted immediately: one rule for every transport. */
import { newId } from '../kernel/index.ts';
import { bookOfWallet } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { walletsMax } from './closing.ts';
import type { CloseAllRequest } from './closing.ts';
import { refusedUnseen } from './outcome.ts';
import type { Prepared, RefusedOutcome } from './outcome.ts';
import type { WalletMoneyRequest } from './terms.ts';

/** Mostly answered from memory. */
export type Reviews = {
  areOn(): boolean | Promise<boolean>;
  /** For an amount of an asset, by its number. */
  mustReview(asset: number, amount: bigint): boolean | Promise<boolean>;
};

/**
 * The prepared withdrawal, or its refusal as `review_required`, which is not remembered. An outcome recorded under its key is answered as
 * always: it was decided before a review was required. `opened`: wallets that the same batch may open, with their assets.
 */
export async function reviewed(
  ledger: Ledger,
  reviews: Reviews,
  request: WalletMoneyRequest,
  prepared: Prepared,
  opened: ReadonlyMap<string, number> = new Map(),
): Promise<Prepared> {
  if (!(await reviews.areOn()) || 'refusal' in prepared) return prepared;
  const wallet = await ledger.read.balance(request.wallet, request.onlyOwner);
  const asset = wallet?.asset ?? opened.get(request.wallet);
  // The ledger decides what is wrong with it.
  if (asset === undefined || !(await reviews.mustReview(asset, request.amount))) return prepared;
  const required: Prepared = { key: prepared.key, refusal: { code: 'review_required', facts: { wallet: request.wallet } } };
  if (!wallet) return required;
  const book = ledger.read.in({ book: bookOfWallet(request.wallet, ledger.books.length) });
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

/** A sweep to the outside is a withdrawal of everything: returns the refusal of the first one that may need a review. */
export async function sweepReviewed(ledger: Ledger, reviews: Reviews, { owner, sweepTo }: CloseAllRequest): Promise<RefusedOutcome | null> {
  if (!sweepTo || !('system' in sweepTo) || sweepTo.system !== 'cash_out' || !(await reviews.areOn())) return null;
  for (const { id, asset, balance } of await ledger.read.balancesOf(owner, 0, walletsMax)) {
    if (balance > 0n && (await reviews.mustReview(asset, balance)))
      return refusedUnseen(newId(), { code: 'review_required', facts: { wallet: id } });
  }
  return null;
}
