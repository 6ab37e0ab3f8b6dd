/** Decides the operations of one request: each by itself, or all or none. */
import { assert } from "../kernel/index.ts";
import { decide, initiatorOf } from "./decide.ts";
import type { Decision } from "./decide.ts";
import type { Refusal } from "./refusals.ts";
import type { BookState } from "./state.ts";
import type { Operation, Outcome, RecordedEntry } from "./types.ts";

type Asked = { readonly operations: readonly Operation[]; readonly digests: readonly Buffer[]; readonly linked: boolean };

/** Answers with an outcome for each operation; the rows that these add to the log are appended to `log`. */
export function decideTogether(state: BookState, asked: Asked, recordedAt: Date, log: RecordedEntry[]): Outcome[] {
  const mark = state.mark();
  const length = log.length;
  const outcomes: Outcome[] = [];
  for (const [at, operation] of asked.operations.entries()) {
    const digest = digestAt(asked, at);
    const decision = decide(state, operation, digest);
    const outcome = settle(state, operation, digest, decision, recordedAt, log);
    if (outcome.status === "refused" && asked.linked && asked.operations.length > 1) {
      state.rollBack(mark);
      log.length = length;
      return refuseTogether(state, asked, at, outcome.refusal, recordedAt, log);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

/** The culprit keeps its own refusal, the others say whose it was. Each is remembered under its own key. */
function refuseTogether(state: BookState, asked: Asked, culprit: number, reason: Refusal, recordedAt: Date, log: RecordedEntry[]): Outcome[] {
  return asked.operations.map((operation, at) => {
    const digest = digestAt(asked, at);
    const scope = initiatorOf(state, operation)?.number ?? null;
    const before = scope === null ? undefined : state.remembered(scope, operation.key);
    if (before?.digest.equals(digest)) return outcomeOf(before, true);
    const refusal: Refusal = at === culprit ? reason : { code: "linked_operation_refused", facts: { refused: String(culprit) } };
    return settle(state, operation, digest, { type: "refused", refusal, scope: before ? null : scope }, recordedAt, log);
  });
}

function settle(state: BookState, operation: Operation, digest: Buffer, decision: Decision, recordedAt: Date, log: RecordedEntry[]): Outcome {
  if (decision.type === "replayed") return outcomeOf(decision.entry, true);
  const entries = state.apply(operation, decision, digest, recordedAt);
  for (const entry of entries) log.push(entry);
  const own = entries.at(-1);
  if (own) return outcomeOf(own, false);
  assert(decision.type === "refused", "only a refusal leaves no trace");
  return { status: "refused", replayed: false, seq: state.nextSeq - 1, refusal: decision.refusal, entry: null };
}

export function outcomeOf(entry: RecordedEntry, replayed: boolean): Outcome {
  const { seq, refusal } = entry;
  return refusal ? { status: "refused", replayed, seq, refusal, entry } : { status: "posted", replayed, seq, entry };
}

function digestAt(asked: Asked, at: number): Buffer {
  const digest = asked.digests[at];
  assert(digest, "each operation has its digest");
  return digest;
}
