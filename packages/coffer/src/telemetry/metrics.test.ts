import { beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../ledger/index.ts';
import { Metrics } from './metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics('1.2.3');
});

/** The sample lines of a metric, without those of the process. */
async function linesOf(name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(name) && /[{ ]/.test(line[name.length] ?? ''));
}

/** The upper bounds of a histogram's buckets, in order. */
async function boundsOf(name: string): Promise<string[]> {
  return (await linesOf(`${name}_bucket`)).flatMap((line) => /le="([^"]+)"/.exec(line)?.[1] ?? []);
}

/** The first bucket that is not empty. */
async function bucketHit(name: string): Promise<string | undefined> {
  const line = (await linesOf(`${name}_bucket`)).find((one) => !one.endsWith(' 0'));
  return /le="([^"]+)"/.exec(line ?? '')?.[1];
}

const posted = { status: 'posted', replayed: false } as Outcome;
const refused = { status: 'refused', replayed: false, refusal: { code: 'insufficient_funds', facts: {} } } as unknown as Outcome;

describe('times and sizes', () => {
  const seconds = ['0.0005', '0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

  test('have buckets from half a millisecond to ten seconds, and from one operation to a full batch', async () => {
    metrics.httpAnswered('GET', '/health', 200, 0.003);
    expect(await boundsOf('coffer_batch_commit_seconds')).toEqual(seconds);
    expect(await boundsOf('coffer_http_request_duration_seconds')).toEqual(seconds);
    const operations = ['1', '2', '4', '8', '16', '32', '64', '128', '250', '500', '1000', '+Inf'];
    expect(await boundsOf('coffer_batch_operations')).toEqual(operations);
  });

  test('a commit of 7 ms is recorded in seconds, and a batch of 250 operations in the bucket up to 250', async () => {
    metrics.ledger.batchCommitted({ book: 1, operations: 250, entries: 250, elapsedMs: 7 });
    expect(await bucketHit('coffer_batch_commit_seconds')).toBe('0.01');
    expect(await linesOf('coffer_batch_commit_seconds_sum')).toEqual(['coffer_batch_commit_seconds_sum 0.007']);
    expect(await bucketHit('coffer_batch_operations')).toBe('250');
  });

  test('a batch that added nothing to the log is not counted', async () => {
    metrics.ledger.batchCommitted({ book: 1, operations: 3, entries: 0, elapsedMs: 1 });
    expect(await linesOf('coffer_batches_total')).toEqual([]);
    expect(await linesOf('coffer_batch_operations_count')).toEqual(['coffer_batch_operations_count 0']);
  });
});

describe('counting', () => {
  test('operations are counted by outcome, a replayed refusal as a replay; refusals are counted by code each time', async () => {
    metrics.ledger.answered('deposit', posted);
    metrics.ledger.answered('deposit', posted);
    metrics.ledger.answered('deposit', { ...posted, replayed: true });
    metrics.ledger.answered('withdrawal', refused);
    metrics.ledger.answered('withdrawal', { ...refused, replayed: true });
    const counts = (await linesOf('coffer_operations_total')).filter((line) => !line.endsWith(' 0'));
    expect(counts.toSorted()).toEqual([
      'coffer_operations_total{kind="deposit",outcome="posted"} 2',
      'coffer_operations_total{kind="deposit",outcome="replayed"} 1',
      'coffer_operations_total{kind="withdrawal",outcome="refused"} 1',
      'coffer_operations_total{kind="withdrawal",outcome="replayed"} 1',
    ]);
    expect(await linesOf('coffer_refusals_total')).toEqual(['coffer_refusals_total{code="insufficient_funds"} 2']);
  });

  test('requests are counted by method, route and status class', async () => {
    metrics.httpAnswered('GET', '/wallet/:id', 200, 0.001);
    metrics.httpAnswered('GET', '/wallet/:id', 204, 0.001);
    metrics.httpAnswered('GET', '/wallet/:id', 503, 0.001);
    metrics.httpAnswered('POST', '/wallet/:id', 200, 0.001);
    expect(await linesOf('coffer_http_request_duration_seconds_count')).toEqual([
      'coffer_http_request_duration_seconds_count{method="GET",route="/wallet/:id",status="2xx"} 2',
      'coffer_http_request_duration_seconds_count{method="GET",route="/wallet/:id",status="5xx"} 1',
      'coffer_http_request_duration_seconds_count{method="POST",route="/wallet/:id",status="2xx"} 1',
    ]);
  });

  test('gRPC calls are counted by method and status', async () => {
    metrics.grpcAnswered('/ledger.LedgerService/Post', 'OK');
    metrics.grpcAnswered('/ledger.LedgerService/Post', 'RESOURCE_EXHAUSTED');
    expect(await linesOf('coffer_grpc_calls_total')).toEqual([
      'coffer_grpc_calls_total{method="/ledger.LedgerService/Post",code="OK"} 1',
      'coffer_grpc_calls_total{method="/ledger.LedgerService/Post",code="RESOURCE_EXHAUSTED"} 1',
    ]);
  });
});

describe('metrics read at each scrape', () => {
  test('are summed over the books of a projection, with the age of the book furthest behind', async () => {
    const books = [
      { applied: 10, behindEntries: 2, behindSeconds: 1, aheadEntries: 0 },
      { applied: 5, behindEntries: 3, behindSeconds: 7, aheadEntries: 4 },
    ];
    metrics.watch({ projections: () => Promise.resolve([{ name: 'stats', setAside: 4, books }]) });
    expect(await linesOf('coffer_projection_events')).toEqual(['coffer_projection_events{projection="stats"} 15']);
    expect(await linesOf('coffer_projection_lag_entries')).toEqual(['coffer_projection_lag_entries{projection="stats"} 5']);
    expect(await linesOf('coffer_projection_lag_seconds')).toEqual(['coffer_projection_lag_seconds{projection="stats"} 7']);
    expect(await linesOf('coffer_projection_set_aside_events')).toEqual(['coffer_projection_set_aside_events{projection="stats"} 4']);
  });

  test('disappear when their source disappears', async () => {
    let sizes = { totalCount: 2, idleCount: 1, waitingCount: 0 };
    metrics.watch({
      pools: {
        get main() {
          return sizes;
        },
      },
    });
    expect(await linesOf('coffer_pool_connections')).toContain('coffer_pool_connections{pool="main",state="total"} 2');
    sizes = { totalCount: 1, idleCount: 1, waitingCount: 3 };
    expect(await linesOf('coffer_pool_connections')).toEqual([
      'coffer_pool_connections{pool="main",state="total"} 1',
      'coffer_pool_connections{pool="main",state="idle"} 1',
      'coffer_pool_connections{pool="main",state="waiting"} 3',
    ]);
  });

  test('are absent without an answer of the database, unlike the others', async () => {
    metrics.watch({ projections: () => Promise.reject(new Error('away')), requests: () => Promise.reject(new Error('away')) });
    expect(await linesOf('coffer_projection_events')).toEqual([]);
    expect(await linesOf('coffer_requests_open')).toEqual([]);
    expect(await linesOf('coffer_build_info')).toEqual([`coffer_build_info{version="1.2.3",node="${process.version}"} 1`]);
  });

  test('count open requests by state, with the age of the oldest', async () => {
    metrics.watch({ requests: () => Promise.resolve([{ status: 'paying', count: 3, oldestSeconds: 90 }]) });
    expect(await linesOf('coffer_requests_open')).toEqual(['coffer_requests_open{status="paying"} 3']);
    expect(await linesOf('coffer_requests_oldest_seconds')).toEqual(['coffer_requests_oldest_seconds{status="paying"} 90']);
  });
});
