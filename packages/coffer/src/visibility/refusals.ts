/** A refusal as callers see it: the log keeps everything, but the owner of a wallet may not see system balances. */
import { operationId } from '../ledger/index.ts';
import type { Asset, Refusal } from '../ledger/index.ts';

type Refused<Code extends string> = { readonly code: Code; readonly facts: Refusal['facts'] };

/** What presenting a refusal needs of the assets: their codes. */
export type AssetNames = { find(reference: number): Pick<Asset, 'code'> | undefined };

/** `instead` replaces the sentence that would name the system account. */
export type VisibleRefusal<Code extends string = string> = Refused<Code> & { readonly instead: string | null };

/**
 * Removes from the facts which system account could not take part, and its balance; names holds, operations and assets as callers know them.
 * `book`: of the log that has the refusal, or null when the request never reached the ledger.
 */
export function visibleRefusal<Code extends string>(
  { code, facts: given }: Refused<Code>,
  book: number | null,
  assets: AssetNames,
): VisibleRefusal<Code> {
  const named =
    code === 'asset_mismatch' || code === 'asset_retired' ? withCodes(given, assets) : code === 'not_reversible' ? withType(given) : given;
  const facts = book === null ? named : withIds(named, book);
  const account = facts['wallet'];
  const aboutBalance = code === 'insufficient_funds' || code === 'balance_limit';
  if (!aboutBalance || !account?.startsWith('$')) return { code, facts, instead: null };
  const { wallet: _wallet, available: _available, ...visible } = facts;
  const short = code === 'insufficient_funds' && account.startsWith('$treasury/');
  return {
    code,
    facts: visible,
    instead: short ? 'The treasury does not hold enough.' : 'A system account cannot take part in this operation.',
  };
}

/** The ledger names assets by number. */
function withCodes(facts: Refusal['facts'], assets: AssetNames): Refusal['facts'] {
  const codeOf = (number = '') => assets.find(Number(number))?.code ?? number;
  const { walletAsset } = facts;
  return { ...facts, ...(walletAsset !== undefined && { walletAsset: codeOf(walletAsset) }), asset: codeOf(facts['asset']) };
}

/** A transfer in steps is a transfer to its caller. */
function withType({ kind = '', ...facts }: Refusal['facts']): Refusal['facts'] {
  return { ...facts, kind: kind.startsWith('transfer_') ? 'transfer' : kind };
}

/** The ledger names holds and operations by seq; callers know them by the ids in answers. */
function withIds(facts: Refusal['facts'], book: number): Refusal['facts'] {
  const { hold, reverses } = facts;
  return {
    ...facts,
    ...(hold !== undefined && { hold: operationId({ book, operation: Number(hold) }) }),
    ...(reverses !== undefined && { reverses: operationId({ book, operation: Number(reverses) }) }),
  };
}
