/** Whether a request is one that was made before. The same rule as the ledger's: preconditions are no content. */
import { hash } from 'node:crypto';
import type { Content, RequestType } from './types.ts';

/** The asset is left out, because most callers leave it out: see `isSameAsset`. */
export function digestOf(type: RequestType, { to, mode, amount, upTo, effectiveAt, metadata }: Content): string {
  const parts = [type, to ?? null, mode ?? null, amount, upTo === true, effectiveAt ?? null, metadata ?? null];
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}

/** Who names no asset means the wallet's. */
export function isSameAsset(before: Content, now: Content, ofWallet: number): boolean {
  return (before.asset ?? ofWallet) === (now.asset ?? ofWallet);
}
