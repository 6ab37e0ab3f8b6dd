/**
 * The history of a run: every call as its caller saw it. Afterwards unknown outcomes are looked up in the log, everything is
 * replayed through the model in the order of the log, and the order of the log is compared with the order of real time.
 */
import { expect } from 'vitest';
import { LedgerUnavailable } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { postOne, readLog, startWriter } from './books.ts';
import type { Postable } from './books.ts';
import { comparableEntry, comparableOutcome, entryAsModel } from './compare.ts';
import type { Comparable } from './compare.ts';
import type { TestDatabase } from './database.ts';
import { Model } from './model.ts';

/** Times are nanoseconds of the machine's monotonic clock, the same in all processes. */
export type Call = {
  readonly operation: Operation;
  readonly invokedAt: number;
  answeredAt: number | null;
  /** `unknown` until there is an answer; `not_done` is a promise that it will never be done. */
  result: Comparable | 'unknown' | 'not_done';
};

export type History = Call[];

export function now(): number {
  return Number(process.hrtime.bigint());
}

/** Posts and journals; `told` receives the start and the end of each call. Rethrows anything but an answer, "unknown" or "not done". */
export async function postJournalled(
  history: History,
  writer: Postable,
  operation: Operation,
  told?: (call: Call, number: number) => void,
): Promise<Call> {
  const call: Call = { operation, invokedAt: now(), answeredAt: null, result: 'unknown' };
  const number = history.push(call);
  told?.(call, number);
  try {
    const outcome = await postOne(writer, operation);
    call.result = comparableOutcome(outcome);
    call.answeredAt = now();
  } catch (failure) {
    if (!(failure instanceof LedgerUnavailable)) throw failure;
    call.result = failure.outcome;
  }
  told?.(call, number);
  return call;
}

/** Posts until there is an answer: a patient caller. */
export async function postAnswered(history: History, writer: Postable, operation: Operation): Promise<Call> {
  for (;;) {
    const call = await postJournalled(history, writer, operation);
    if (typeof call.result !== 'string') return call;
  }
}

/**
 * Resolves unknown outcomes by a retry: a replay or a first execution, either way one effect. Their number depends on how busy the
 * machine is.
 */
export async function askForUnknown(history: History, database: Pick<TestDatabase, 'pool' | 'url'>, book: number): Promise<HistorySummary> {
  const writer = await startWriter(database.url, book, { patienceMs: 100_000 });
  const open = history.filter(({ result }) => result === 'unknown');
  await Promise.all(open.map(({ operation }) => postJournalled(history, writer, operation)));
  await writer.stop();
  return await checkHistory(history, database, book);
}

/** A call as exchanged between processes. Each line is written whole before the next step, so a killed process leaves a valid journal. */
export function toLine(number: number, call: Call): string {
  return `${withBigints([number, call])}\n`;
}

/** JSON in which bigints and dates are tagged text. */
export function withBigints(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, text: unknown) {
    const original = this[name];
    if (original instanceof Date) return `${original.toISOString()}d`;
    return typeof original === 'bigint' ? `${original}n` : text;
  });
}

export function readWithBigints(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (/^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1));
    return /^\d{4}-\d\d-\d\dT[\d:.]+Zd$/.test(value) ? new Date(value.slice(0, -1)) : value;
  });
}

/** The calls of a journal, each with its last state. A line that a kill cut short is ignored. */
export function fromLines(text: string): History {
  const calls = new Map<number, Call>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [number, call] = readWithBigints(line) as [number, Call];
    calls.set(number, call);
  }
  return [...calls.values()];
}

export type HistorySummary = { calls: number; answered: number; unknown: number; unknownButDone: number; notDone: number; entries: number };

/** Checks I4, I5 and I12, and that every log entry was requested. Throws on the first violation. */
export async function checkHistory(history: History, database: Pick<TestDatabase, 'pool'>, book: number): Promise<HistorySummary> {
  const log = (await readLog(database, book)).map(entryAsModel);
  const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
  const byKey = new Map<string, Call[]>();
  for (const call of history) {
    const key = call.operation.key ?? '';
    byKey.set(key, [...(byKey.get(key) ?? []), call]);
  }
  const own = log.filter(({ key }) => key !== null);
  expect(new Set(own.map(({ key }) => key)).size, 'entries per key').toBe(own.length);

  // No acknowledged loss: every answer is in the log, word for word.
  let answered = 0;
  for (const { result } of history) {
    if (typeof result === 'string') continue;
    answered++;
    if (result.entry) expect(bySeq.get(result.seq), `the entry that was answered as seq ${result.seq}`).toEqual(result.entry);
  }

  // No operation reported as not done is in the log, and every entry was requested.
  const done = new Set(own.map(({ key }) => key));
  for (const [key, calls] of byKey) {
    if (calls.every(({ result }) => result === 'not_done'))
      expect(done.has(key), `key ${key}, which was reported as not done, is in the log`).toBe(false);
  }
  const model = new Model([1, 2, 3, 4]);
  for (const { kind, key, hold, debit, recordedAt, actor } of log) {
    // Internal entries: implicit openings, which follow from postings, and expired holds.
    const persons = actor === null ? {} : { actor };
    if (kind === 'expire') model.post({ kind, key: null, wallet: debit?.name ?? '', hold: hold ?? 0, ...persons }, recordedAt);
    if (key === null) continue;
    const call = byKey.get(key)?.[0];
    if (!call) throw new Error(`the log has an entry that was never requested: key ${key}`);
    model.post(call.operation, recordedAt);
  }
  expect(model.log.map(comparableEntry), 'the log replayed through the model').toEqual(log);

  checkRealTimeOrder(history);
  for (const [key, calls] of byKey) if (key !== '') checkOneAnswer(calls);
  const unknown = [...byKey].filter(
    ([, calls]) => calls.every(({ result }) => typeof result === 'string') && calls.some(({ result }) => result === 'unknown'),
  );
  return {
    calls: history.length,
    answered,
    unknown: unknown.length,
    unknownButDone: unknown.filter(([key]) => done.has(key)).length,
    notDone: history.filter(({ result }) => result === 'not_done').length,
    entries: log.length,
  };
}

/** A retry with a key that has a recorded answer gets that answer. */
function checkOneAnswer(calls: readonly Call[]): void {
  const onRecord = calls.find(({ result }) => typeof result !== 'string' && result.entry !== null);
  if (!onRecord || typeof onRecord.result === 'string') return;
  for (const { operation, invokedAt, result } of calls) {
    if (typeof result === 'string' || invokedAt < (onRecord.answeredAt ?? 0)) continue;
    if (result.seq !== onRecord.result.seq || result.status !== onRecord.result.status)
      throw new Error(`key ${operation.key} was answered with seq ${onRecord.result.seq}, and later with ${result.status} ${result.seq}`);
  }
}

/** A call answered before another began has the smaller seq. A replay returns an old seq, which proves nothing. */
function checkRealTimeOrder(history: History): void {
  const answers = history.flatMap((call) =>
    typeof call.result === 'string' || call.answeredAt === null ? [] : [{ at: call.answeredAt, seq: call.result.seq }],
  );
  answers.sort((one, other) => one.at - other.at);
  const fresh = history.filter((call) => typeof call.result !== 'string' && !call.result.replayed && call.result.entry);
  fresh.sort((one, other) => one.invokedAt - other.invokedAt);
  let next = 0;
  let newest = 0;
  for (const call of fresh) {
    for (let answer = answers[next]; answer !== undefined && answer.at < call.invokedAt; answer = answers[++next])
      newest = Math.max(newest, answer.seq);
    if (typeof call.result !== 'string' && call.result.seq <= newest)
      throw new Error(`seq ${call.result.seq} was requested after seq ${newest} had been answered`);
  }
}
