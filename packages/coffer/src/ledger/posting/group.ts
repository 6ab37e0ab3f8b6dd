/** Decides the operations of one request: independently, or all or none. */
import { assert } from '../../kernel/index.ts';
import type { NewRows } from '../chain/chain.ts';
import { decide, initiatorOf, isOwnedByOther, isRetry } from '../rules/decide.ts';
import type { Decision, PreparedOperation } from '../rules/decision.ts';
import type { Refusal } from '../rules/refusals.ts';
import type { BookState } from './state.ts';
import type { Outcome, RecordedEntry } from '../rules/types.ts';

export type Group = { readonly operations: readonly PreparedOperation[]; readonly linked: boolean };

/** Returns an outcome for each operation, and appends their log rows to `rows`. */
export function decideTogether(state: BookState, group: Group, recordedAt: Date, rows: NewRows): Outcome[] {
  const mark = state.mark();
  const { openings, entries } = rows;
  const before = { openings: openings.length, entries: entries.length };
  const outcomes: Outcome[] = [];
  for (const prepared of group.operations) {
    const outcome = settle(state, prepared, decide(state, prepared, recordedAt), recordedAt, rows);
    if (outcome.status === 'refused' && group.linked && group.operations.length > 1) {
      state.rollBack(mark);
      openings.length = before.openings;
      entries.length = before.entries;
      return refuseTogether(state, group, outcomes.length, outcome.refusal, recordedAt, rows);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

/** The failing operation keeps its own refusal; the others name it. Each is remembered under its own key. */
function refuseTogether(state: BookState, group: Group, culprit: number, reason: Refusal, recordedAt: Date, rows: NewRows): Outcome[] {
  return group.operations.map((prepared, at) => {
    const refusal: Refusal = at === culprit ? reason : { code: 'linked_operation_refused', facts: { refused: String(culprit) } };
    // A wallet of another owner is neither read for a remembered outcome nor made to remember one.
    const initiator = isOwnedByOther(state, prepared.operation) ? undefined : initiatorOf(state, prepared.operation);
    const before = initiator && state.remembered(prepared);
    if (before && isRetry(before, prepared)) return outcomeOf(before, true);
    // What cannot end now must be able to end later.
    const isForgotten = before !== undefined || prepared.name === null || 'ends' in prepared.operation;
    const scope = isForgotten ? null : (initiator?.number ?? null);
    return settle(state, prepared, { type: 'refused', refusal, scope }, recordedAt, rows);
  });
}

function settle(state: BookState, prepared: PreparedOperation, decision: Decision, recordedAt: Date, rows: NewRows): Outcome {
  if (decision.type === 'replayed') return outcomeOf(decision.entry, true);
  const entry = state.apply(prepared, decision, recordedAt, rows);
  if (entry) return outcomeOf(entry, false);
  assert(decision.type === 'refused', 'only a refusal leaves no trace');
  return {
    status: 'refused',
    replayed: false,
    seq: state.nextSeq - 1,
    refusal: decision.refusal,
    entry: null,
  };
}

function outcomeOf(entry: RecordedEntry, replayed: boolean): Outcome {
  const { seq, refusal } = entry;
  return refusal ? { status: 'refused', replayed, seq, refusal, entry } : { status: 'posted', replayed, seq, entry };
}
