/** Recognises repeated requests, by the same rule as the ledger: preconditions are not part of the content. */
import { hash } from 'node:crypto';
import type { Content, RequestType } from './types.ts';

/** The asset is excluded, because most callers omit it: see `isSameAsset`. */
export function digestOf(type: RequestType, { to, mode, amount, upTo, effectiveAt, metadata }: Content): string {
  const parts = [type, to ?? null, mode ?? null, amount, upTo === true, effectiveAt ?? null, metadata ?? null];
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}

/** Without a named asset, the wallet's asset applies. */
export function isSameAsset(before: Content, now: Content, ofWallet: number): boolean {
  return (before.asset ?? ofWallet) === (now.asset ?? ofWallet);
}
