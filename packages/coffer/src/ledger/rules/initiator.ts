import type { PostedSide, RecordedEntry } from './types.ts';

/** The account in whose scope an entry's key is; null for what Coffer started itself, and for a refusal, which has no sides. */
export function initiatorOf({ scope, debit, credit }: RecordedEntry): PostedSide | null {
  if (scope === null) return null;
  return [debit, credit].find((side) => side?.number === scope) ?? null;
}
