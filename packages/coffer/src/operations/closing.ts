/** Closes everything that an owner has, for good: what comes before an owner can be forgotten. */
import { newId } from '../kernel/index.ts';
import type { Balance, Ledger, Operation, Refusal } from '../ledger/index.ts';
import { refusedUnseen } from './outcome.ts';
import type { RefusedOutcome } from './outcome.ts';
import type { Decided, Destination } from './terms.ts';

/** Asked for by the owner, so what stops the owner's debits stops the sweep. */
export type CloseAllRequest = Decided & { readonly owner: string; readonly sweepTo?: Destination | undefined };

/** An owner has one wallet per asset, and there are fewer assets than this. */
export const walletsMax = 500;
/** Wallets that are opened meanwhile are closed in another round; nobody opens them faster than this. */
const roundsMax = 10;

/**
 * All wallets of the owner, or none, in one group of the log. Answers with what stands against it, or null when all are closed.
 * Repeating it closes what is still open, so it finishes what a crash interrupted. Its keys are made up afresh each time: nobody
 * knows them before they are used, and a refusal is not remembered against the next try.
 */
export async function closeAllOf(ledger: Ledger, asked: CloseAllRequest): Promise<RefusedOutcome | null> {
  let refused: RefusedOutcome | null = null;
  for (let round = 0; round < roundsMax; round++) {
    const open = (await ledger.read.balancesOf(asked.owner, 0, walletsMax)).filter((wallet) => !isClosed(wallet) || wallet.balance > 0n);
    if (open.length === 0) return null;
    const operations = open.map((wallet) => closing(wallet, asked));
    const outcomes = await ledger.postLinked(operations);
    refused = culpritOf(operations, outcomes);
    if (refused && !isOvertaken(refused, asked)) return refused;
    // A transfer came back to a wallet that is closed: it is to be swept, and nobody said where to.
    const stranded = asked.sweepTo ? undefined : open.find(isClosed);
    if (refused && stranded) return refusedUnseen(refused.key, notEmpty(stranded));
  }
  return refused;
}

/** Somebody else closed one of them in between, or paid into one that was empty and would have been swept: worth another look. */
function isOvertaken({ refusal: { code, facts } }: RefusedOutcome, { sweepTo }: CloseAllRequest): boolean {
  return code === 'nothing_to_change' || (code === 'wallet_not_empty' && sweepTo !== undefined && facts['held'] === '0');
}

function isClosed({ controls }: Balance): boolean {
  return controls.debits === 'closed' && controls.credits === 'closed';
}

function notEmpty({ id, balance, held }: Balance): Refusal {
  return { code: 'wallet_not_empty', facts: { wallet: id, balance: String(balance), held: String(held) } };
}

function closing(wallet: Balance, { owner, sweepTo, reason, actor }: CloseAllRequest): Operation & { readonly key: string } {
  const key = newId();
  return {
    kind: 'close',
    key,
    wallet: wallet.id,
    sides: 'both',
    reason,
    actor,
    onlyOwner: owner,
    ...(sweepTo && wallet.balance > 0n && { sweepTo }),
  };
}

function culpritOf(
  operations: readonly { readonly key: string }[],
  outcomes: Awaited<ReturnType<Ledger['postLinked']>>,
): RefusedOutcome | null {
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status === 'refused' && outcome.refusal.code !== 'linked_operation_refused')
      return { ...outcome, key: operations[at]?.key ?? '' };
  }
  return null;
}
