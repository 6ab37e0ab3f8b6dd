/** The report of a run, for programs and people. */
import type { Check } from './checks.ts';
import type { Entry } from './requests.ts';

export type Report = {
  readonly ok: boolean;
  readonly url: string;
  readonly run: string;
  readonly seed: number;
  readonly requests: number;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly requestsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** By kind of operation and outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly repeated: {
    readonly sentAgain: number;
    readonly sentAtOnce: number;
    readonly withOtherContent: number;
    /** Number of answers that replayed an earlier request with the same key. */
    readonly answeredAsReplays: number;
  };
  readonly unanswered: { readonly count: number; readonly unsettled: number; readonly first: string | null };
  /** Why no user topped up and spent; null if one did. */
  readonly withoutPlayers: string | null;
  /** Why it is unknown whether the worker has caught up; null if it was checked. */
  readonly withoutWorker: string | null;
  readonly checks: readonly Check[];
};

export function reportOf(found: {
  readonly run: string;
  readonly url: string;
  readonly seed: number;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly journal: readonly Entry[];
  readonly settled: readonly Entry[];
  readonly withoutPlayers: string | null;
  readonly withoutWorker: string | null;
  readonly checks: readonly Check[];
}): Report {
  const { journal, settled, durationMs, checks } = found;
  const unanswered = journal.filter((entry) => !isAnswered(entry));
  const unsettled = [...settled, ...journal.filter(({ outcome }) => outcome.status === 'misunderstood')].filter(
    (entry) => !isAnswered(entry),
  );
  const latencies = journal.map((entry) => entry.durationMs).toSorted((a, b) => a - b);
  const percentile = (share: number) => round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
  const countWhy = (why: Entry['why']) => journal.filter((entry) => entry.why === why).length;
  return {
    ok: unsettled.length === 0 && checks.every(({ violations }) => violations === 0),
    url: found.url,
    run: found.run,
    seed: found.seed,
    requests: journal.length,
    concurrency: found.concurrency,
    durationMs: round(durationMs),
    requestsPerSecond: Math.round((journal.length / durationMs) * 1000),
    latencyMs: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99), max: percentile(1) },
    outcomes: Object.fromEntries(
      Object.entries(Object.groupBy(journal, ({ request }) => request.kind)).map(([kind, entries]) => [
        kind,
        countBy(entries, ({ outcome }) => outcome.status),
      ]),
    ),
    refusals: countBy(
      journal.filter(({ outcome }) => outcome.status === 'refused'),
      ({ outcome }) => ('code' in outcome ? outcome.code : ''),
    ),
    repeated: {
      sentAgain: countWhy('again'),
      sentAtOnce: countWhy('at once'),
      withOtherContent: countWhy('other content'),
      answeredAsReplays: journal.filter(({ outcome }) => 'replayed' in outcome && outcome.replayed).length,
    },
    unanswered: { count: unanswered.length, unsettled: unsettled.length, first: reasonOf(unsettled[0] ?? unanswered[0]) },
    withoutPlayers: found.withoutPlayers,
    withoutWorker: found.withoutWorker,
    checks,
  };
}

export function sentences(report: Report): string {
  const { latencyMs, repeated, unanswered } = report;
  const kinds = Object.entries(report.outcomes).map(
    ([kind, counts]) =>
      `  ${kind.padEnd(12)}${Object.entries(counts)
        .map(([status, count]) => `${count} ${status}`)
        .join(', ')}`,
  );
  const refusals = Object.entries(report.refusals).map(([code, count]) => `  ${String(count).padStart(6)}  ${code}`);
  return [
    `${count(report.requests)} requests, ${report.concurrency} concurrent, in ${(report.durationMs / 1000).toFixed(1)} s: ${count(report.requestsPerSecond)} per second.`,
    `Latency: p50 ${latencyMs.p50} ms, p95 ${latencyMs.p95} ms, p99 ${latencyMs.p99} ms, max ${latencyMs.max} ms.`,
    ...kinds,
    ...(refusals.length > 0 ? ['Refused:', ...refusals] : []),
    `Repeated: ${repeated.sentAgain} sent again later, ${repeated.sentAtOnce} sent concurrently, ${repeated.withOtherContent} with other content; ${repeated.answeredAsReplays} answered as replays.`,
    ...(unanswered.count > 0
      ? [`Without an answer: ${unanswered.count}, of which ${unanswered.unsettled} could not be settled. ${unanswered.first ?? ''}`]
      : []),
    ...(report.withoutPlayers === null ? [] : [`No top-ups or spends: ${report.withoutPlayers}`]),
    ...(report.withoutWorker === null ? [] : [`The worker was not checked: ${report.withoutWorker}.`]),
    '',
    ...report.checks.flatMap(checkLines),
    '',
    report.ok
      ? `All invariants hold. Seed ${report.seed}; the wallets are named monkey-${report.run}-….`
      : `An invariant does NOT hold. Seed ${report.seed}; the wallets are named monkey-${report.run}-…; coffer verify checks the ledger itself.`,
  ].join('\n');
}

function checkLines({ id, rule, checked, violations, first }: Check): string[] {
  if (violations === 0) return [`✓ ${id} ${rule} (${count(checked)} checked)`];
  return [`✗ ${id} ${rule}: ${count(violations)} of ${count(checked)} violated; the first:`, `     ${first}`];
}

function isAnswered({ outcome }: Entry): boolean {
  return outcome.status === 'completed' || outcome.status === 'refused';
}

function reasonOf(entry: Entry | undefined): string | null {
  return entry && 'reason' in entry.outcome ? entry.outcome.reason : null;
}

function countBy<T>(items: readonly T[] | undefined, nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items ?? []) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).toSorted(([, a], [, b]) => b - a));
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
