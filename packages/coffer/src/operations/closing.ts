/** Permanently closes all wallets of an owner, before the owner's account is deleted. */
import { newId } from '../kernel/index.ts';
import type { Principal } from '../identity/index.ts';
import type { Balance, Ledger, Operation, Refusal } from '../ledger/index.ts';
import { refusedUnseen } from './outcome.ts';
import type { OperationRefusal, RefusedOutcome } from './outcome.ts';
import type { Clearance, Decided, Destination } from './terms.ts';

/**
 * Requested by the owner, so anything that stops the owner's debits stops the sweep. `maker`: staff or a key that closes the wallets of
 * another; absent when the owner does, or the command line.
 */
export type CloseAllRequest = Decided & {
  readonly owner: string;
  readonly sweepTo?: Destination | undefined;
  readonly clearance?: Clearance | undefined;
  readonly maker?: Principal | undefined;
};

export type Closing = Extract<Operation, { kind: 'close' }> & { readonly key: string };
/** What keeps Coffer from closing them, whatever the ledger says: a policy that asks for a second person. */
export type Closable = (operation: Closing) => Promise<OperationRefusal | null>;

/** An owner has one wallet per asset, and there are fewer assets than this. */
export const walletsMax = 500;
/** Wallets that are opened concurrently are closed in another round; they are not opened faster than this. */
const roundsMax = 10;

/**
 * Closes all wallets of the owner or none, in one group of the log. Returns the refusal that prevents it, or null when all are closed.
 * Idempotent: it closes what is still open, so it finishes what a crash interrupted. Its keys are random each time, so they cannot be
 * guessed, and a refusal is not replayed to the next attempt.
 */
export async function closeAllOf(ledger: Ledger, request: CloseAllRequest, obstacleTo: Closable): Promise<RefusedOutcome | null> {
  let refused: RefusedOutcome | null = null;
  for (let round = 0; round < roundsMax; round++) {
    const open = (await ledger.read.balancesOf(request.owner, 0, walletsMax)).filter((wallet) => !isClosed(wallet) || wallet.balance > 0n);
    if (open.length === 0) return null;
    const operations = open.map((wallet) => closing(wallet, request));
    for (const operation of operations) {
      const obstacle = await obstacleTo(operation);
      if (obstacle) return refusedUnseen(operation.key, obstacle);
    }
    const outcomes = await ledger.postLinked(operations);
    refused = culpritOf(operations, outcomes);
    if (refused && !isOvertaken(refused, request)) return refused;
    // A transfer returned to a closed wallet and must be swept, but no destination was named.
    const stranded = request.sweepTo ? undefined : open.find(isClosed);
    if (refused && stranded) return refusedUnseen(refused.key, notEmpty(stranded));
  }
  return refused;
}

/** One of them was closed concurrently, or an empty one received money that would have to be swept: retry. */
function isOvertaken({ refusal: { code, facts } }: RefusedOutcome, { sweepTo }: CloseAllRequest): boolean {
  return code === 'nothing_to_change' || (code === 'wallet_not_empty' && sweepTo !== undefined && facts['held'] === '0');
}

function isClosed({ controls }: Balance): boolean {
  return controls.debits === 'closed' && controls.credits === 'closed';
}

function notEmpty({ id, balance, held }: Balance): Refusal {
  return { code: 'wallet_not_empty', facts: { wallet: id, balance: String(balance), held: String(held) } };
}

function closing(wallet: Balance, { owner, sweepTo, reason, actor }: CloseAllRequest): Closing {
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
