/** A batch: requests decided one after another, each independently or all or none, and the rows they add to the log. */
import { assert } from '../../kernel/index.ts';
import { seal } from '../chain/chain.ts';
import type { NewRows, SealedBatch } from '../chain/chain.ts';
import { decide, initiatorOf, isOwnedByOther, isRetry } from '../rules/decide.ts';
import type { Decision, PreparedOperation } from '../rules/decision.ts';
import type { Refusal } from '../rules/refusals.ts';
import { releaseDue } from './due.ts';
import type { Group, Request } from './queue.ts';
import type { BookState, SealedChanges } from './state.ts';
import type { Head } from './store.ts';
import type { Outcome, RecordedEntry } from '../rules/types.ts';

export type Batch = {
  readonly requests: readonly Request[];
  /** The outcomes of each request. They hold only once the batch is committed. */
  readonly answers: readonly Outcome[][];
  /** The rows that it adds to the log. */
  readonly entries: readonly RecordedEntry[];
  /** The in-memory changes, to be rolled back when the batch is not committed. */
  readonly changes: SealedChanges;
  /** Null when there is nothing to write: only retries, and refusals without an account to remember them for. */
  readonly sealed: SealedBatch | null;
  /** The end of the log before and after it. */
  readonly follows: Head;
  readonly head: Head;
  /** Settles when the batch is committed and answered, or is known not to be. */
  done: Promise<void>;
};

/** Decides requests in order, on the state of the log at `follows`. */
export function decideBatch(book: number, state: BookState, follows: Head, requests: readonly Request[], recordedAt: Date): Batch {
  const start = state.mark();
  const rows: NewRows = { openings: [], entries: [] };
  const answers = requests.map((request) => decideTogether(state, request, recordedAt, rows));
  const declarations = rows.entries.length === 0 ? [] : state.takeDeclarations();
  const changes = state.seal(start);
  const done = Promise.resolve();
  if (rows.entries.length === 0) return { requests, answers, entries: rows.entries, changes, sealed: null, follows, head: follows, done };
  const sealed = seal(book, follows, { ...rows, declarations }, recordedAt);
  const head = { batchNo: sealed.header.batchNo, lastSeq: follows.lastSeq + sealed.count, hash: sealed.hash, recordedAt };
  return { requests, answers, entries: rows.entries, changes, sealed, follows, head, done };
}

/** Returns an outcome for each operation, and appends their log rows to `rows`. */
export function decideTogether(state: BookState, group: Group, recordedAt: Date, rows: NewRows): Outcome[] {
  releaseDue(state, group, recordedAt, rows);
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

/**
 * Whether it refuses, without writing it, an operation whose key may have been used before. The log's unique index notices a used key only
 * when it is written again, so such a key is looked up before the refusal is answered.
 */
export function mayMissRetry(state: BookState, { requests, answers }: Batch): boolean {
  return requests.some(({ operations }, request) =>
    operations.some((prepared, at) => {
      const outcome = answers[request]?.[at];
      if (outcome?.status !== 'refused' || outcome.entry || prepared.name === null || state.remembered(prepared)) return false;
      return initiatorOf(state, prepared.operation) !== undefined && !isOwnedByOther(state, prepared.operation);
    }),
  );
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
