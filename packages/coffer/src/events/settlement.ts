/** The record of what an operator did with dead letters. */
import type { NewChange } from '../audit/index.ts';

/** Null if no letter was there. */
export function settlement(verb: 'replay' | 'drop', ids: readonly string[] | 'all', letters: number | null): NewChange | null {
  if (!letters) return null;
  return { kind: `deadletters.${verb}`, subject: ids !== 'all' && ids.length === 1 ? (ids[0] ?? '') : 'several', after: { ids, letters } };
}
