/** Converts the answers of the ledger and of the model to one form, so that they can be compared whole. */
import type { Outcome, RecordedEntry } from '../../packages/coffer/src/ledger/index.ts';
import type { ModelAnswer, ModelEntry } from './model.ts';

export type Comparable = { status: string; replayed: boolean; seq: number; refusal: unknown; entry: ModelEntry | null };

export function comparable({ status, replayed, seq, refusal, entry }: ModelAnswer): Comparable {
  return { status, replayed, seq, refusal, entry: entry && comparableEntry(entry) };
}

export function comparableOutcome(outcome: Outcome): Comparable {
  const { status, replayed, seq, entry } = outcome;
  const refusal = outcome.status === 'refused' ? outcome.refusal : null;
  return { status, replayed, seq, refusal, entry: entry && entryAsModel(entry) };
}

/** The model changes an opening's operation after it was answered, so its rows are copied when they are compared. */
export function comparableEntry(entry: ModelEntry): ModelEntry {
  return { ...entry };
}

/** An entry without its digest, which the model does not have. */
export function entryAsModel(entry: RecordedEntry): ModelEntry {
  const { book: _book, digest: _digest, ...rest } = entry;
  return { ...rest, debit: side(rest.debit), credit: side(rest.credit), details: read(rest.details), controls: read(rest.controls) };
}

function side(posted: RecordedEntry['debit']): ModelEntry['debit'] {
  if (!posted) return null;
  const { number, id, balance, held, floor, version } = posted;
  return { number, name: id, balance, held, floor, version };
}

function read(text: string | null): object | null {
  return text === null ? null : (JSON.parse(text) as object);
}
