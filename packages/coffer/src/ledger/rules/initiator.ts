import type { PostedSide, RecordedEntry } from './types.ts';

/** The account whose idempotency keys an entry's key is one of; null for what Coffer began by itself, and for a refusal, which has no sides. */
export function initiatorOf({ scope, debit, credit }: RecordedEntry): PostedSide | null {
  if (scope === null) return null;
  return [debit, credit].find((side) => side?.number === scope) ?? null;
}
