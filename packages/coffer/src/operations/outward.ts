/**
 * Money that leaves for the outside: one gate for every operation and transport, on the destination. A withdrawal, a capture and the
 * sweep of a close all send money to cash-out; a review rule and COFFER_PAYOUT hold back each of them.
 */
import { newId } from '../kernel/index.ts';
import { bookOfWallet, initiatorId, keyspaceOf } from '../ledger/index.ts';
import type { AccountRef, Ledger, Operation } from '../ledger/index.ts';
import { walletsMax } from './closing.ts';
import type { CloseAllRequest } from './closing.ts';
import { refusedUnseen } from './outcome.ts';
import type { OperationRefusal, Prepared, RefusedOutcome } from './outcome.ts';
import type { Terms } from './terms.ts';
import { isOnRecord } from './touched.ts';

/** Mostly answered from memory. */
export type Reviews = {
  areOn(): boolean | Promise<boolean>;
  /** For an amount of an asset, by its number. */
  mustReview(asset: number, amount: bigint): boolean | Promise<boolean>;
};

/** What decides about money that leaves, before it is posted. */
export type OutwardGate = {
  readonly ledger: Ledger;
  /** Absent: no withdrawal needs a review. */
  readonly reviews: Reviews | undefined;
  /** Whether somebody decides about payouts (COFFER_PAYOUT). */
  readonly isPayoutDecided: boolean;
};

/**
 * The prepared operation, or its refusal as `payout_required` or `review_required`, which is not remembered. An outcome recorded under its
 * key is answered as always: it was decided before. `opened`: wallets that the same batch may open, with their assets.
 */
export function gated(
  gate: OutwardGate,
  request: Terms,
  prepared: Prepared,
  opened: ReadonlyMap<string, number>,
): Prepared | Promise<Prepared> {
  if ('refusal' in prepared || request.clearance === 'decided' || (!gate.reviews && !gate.isPayoutDecided)) return prepared;
  const leaving = leavingBy(prepared.operation);
  return leaving ? decided(gate, request, { key: prepared.key, operation: prepared.operation }, leaving, opened) : prepared;
}

/** Whether a prepared operation sends money to the outside. */
export function leaves(prepared: Prepared): boolean {
  return 'operation' in prepared && leavingBy(prepared.operation) !== null;
}

/** `amount` null: all of the wallet's balance. `hold`: at most what is left of it. `isAccount`: not a wallet, so that no rule reviews it. */
type Leaving = { readonly wallet: string; readonly isAccount?: true; readonly amount: bigint | null; readonly hold?: number };

function leavingBy(operation: Operation): Leaving | null {
  if (operation.kind === 'close')
    return operation.sweepTo && isOutside(operation.sweepTo) ? { wallet: operation.wallet, amount: null } : null;
  if (!('credit' in operation) || !isOutside(operation.credit)) return null;
  if (operation.kind === 'capture') return { wallet: operation.wallet, amount: operation.amount, hold: operation.hold };
  const { debit, amount } = operation;
  if ('wallet' in debit) return { wallet: debit.wallet, amount };
  return operation.kind === 'transfer' ? { wallet: initiatorId(operation), amount, isAccount: true } : null;
}

function isOutside(account: AccountRef): boolean {
  return 'system' in account && account.system === 'cash_out';
}

async function decided(
  gate: OutwardGate,
  request: Terms,
  prepared: { readonly key: string; readonly operation: Operation },
  leaving: Leaving,
  opened: ReadonlyMap<string, number>,
): Promise<Prepared> {
  const { ledger, reviews } = gate;
  const needsPayout = gate.isPayoutDecided && request.clearance !== 'direct';
  if (leaving.isAccount) return needsPayout ? await heldBack(ledger, prepared, leaving.wallet) : prepared;
  if (!needsPayout && !(await reviews?.areOn())) return prepared;
  const wallet = await ledger.read.balance(leaving.wallet, request.onlyOwner);
  const asset = wallet?.asset ?? opened.get(leaving.wallet);
  // The ledger decides what is wrong with it.
  if (asset === undefined) return prepared;
  const book = ledger.read.in({ book: bookOfWallet(leaving.wallet, ledger.books.length) });
  if (!needsPayout) {
    const left = leaving.hold === undefined ? null : ((await book.hold(leaving.hold))?.hold.left ?? null);
    const asked = leaving.amount ?? wallet?.balance ?? 0n;
    const amount = left !== null && left < asked ? left : asked;
    if (amount === 0n || !(await reviews?.mustReview(asset, amount))) return prepared;
  }
  if (wallet && (await book.entryByKey(wallet.number, prepared.key, keyspaceOf(request.actor)))) return prepared;
  return { key: prepared.key, refusal: required(needsPayout, leaving.wallet) };
}

/** An account cannot be paid out asynchronously: only a caller who needs no payout decision may do it. */
async function heldBack(
  ledger: Ledger,
  prepared: { readonly key: string; readonly operation: Operation },
  account: string,
): Promise<Prepared> {
  return (await isOnRecord(ledger, prepared.key, prepared.operation)) ? prepared : { key: prepared.key, refusal: required(true, account) };
}

function required(needsPayout: boolean, wallet: string): OperationRefusal {
  return { code: needsPayout ? 'payout_required' : 'review_required', facts: { wallet } };
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

/** A sweep to the outside is a withdrawal of everything: returns the refusal of the first wallet that is held back. */
export async function sweepHeldBack(gate: OutwardGate, { owner, sweepTo, clearance }: CloseAllRequest): Promise<RefusedOutcome | null> {
  const { ledger, reviews } = gate;
  const needsPayout = gate.isPayoutDecided && clearance !== 'direct';
  if (!sweepTo || !isOutside(sweepTo) || !(needsPayout || (await reviews?.areOn()))) return null;
  for (const { id, asset, balance } of await ledger.read.balancesOf(owner, 0, walletsMax)) {
    if (balance > 0n && (needsPayout || (await reviews?.mustReview(asset, balance))))
      return refusedUnseen(newId(), required(needsPayout, id));
  }
  return null;
}
