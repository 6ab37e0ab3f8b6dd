import type { Reader } from '../wallets/index.ts';
import { isOwn } from './entries.ts';

/** Whether a reader may see an operation of these accounts: staff see all, a user those of the user's own wallets. */
export function visibleTo(accounts: readonly string[], reader: Reader): boolean {
  return reader.onlyOwner === undefined || accounts.some((id) => isOwn(id, reader));
}
