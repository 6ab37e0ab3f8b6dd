/** Valid wallet ids. */
import { isUuid } from '../kernel/index.ts';

/** A regular expression: 1 to 128 characters; no `$` (system accounts), no `/` (paths), nothing that needs escaping in a log or a URL. */
export const walletIdPattern = '^[A-Za-z0-9][A-Za-z0-9._:@~+-]{0,127}$';
/** The same for people. */
export const walletIdRule = '1 to 128 of A-Z a-z 0-9 . _ : @ ~ + -, beginning with a letter or digit';

/**
 * A user has one wallet per asset, so its id is derived from the two. No look-up is needed, and two concurrent first deposits name the same
 * wallet.
 */
export function ownedWalletId(owner: string, assetCode: string): string {
  return `${owner}.${assetCode}`;
}

/** Whether an id is that of one of the owner's wallets: only the owner's opening creates such ids. */
export function isWalletOf(id: string, owner: string): boolean {
  return id.startsWith(`${owner}.`);
}

/**
 * True for an id that only its owner's opening may create: a deposit by others does not open it. In any case of letters, so that no other
 * wallet passes for the owner's.
 */
export function isReservedForOwner(id: string): boolean {
  return isUuid(id.slice(0, 36).toLowerCase()) && id[36] === '.';
}
