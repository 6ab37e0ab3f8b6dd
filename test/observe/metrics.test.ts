import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRequests, requestStatuses } from '../../packages/coffer/src/requests/index.ts';
import { startProduct } from '../http/product.ts';
import { startWatched } from './watched.ts';
import type { Watched } from './watched.ts';

let coffer: Watched;
beforeAll(async () => {
  coffer = await startWatched();
  await coffer.call('POST', '/wallet/m1/deposit', { amount: 1000, requestId: 'm' });
  await coffer.call('POST', '/wallet/m1/deposit', { amount: 1000, requestId: 'm' });
  await coffer.call('POST', '/wallet/m1/withdraw', { amount: 5000 });
  await coffer.call('GET', '/wallet/m1');
  await coffer.call('GET', '/nowhere/m3');
});
afterAll(async () => await coffer.stop());

/** The value of a line such as `name{label="x"}`. */
async function value(line: string): Promise<number | undefined> {
  const { text } = await coffer.call('GET', '/metrics');
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

test('each operation is counted by kind and outcome, each refusal by its code', async () => {
  expect(await value('coffer_operations_total{kind="deposit",outcome="posted"}')).toBe(1);
  expect(await value('coffer_operations_total{kind="deposit",outcome="replayed"}')).toBe(1);
  expect(await value('coffer_operations_total{kind="withdrawal",outcome="refused"}')).toBe(1);
  expect(await value('coffer_refusals_total{code="insufficient_funds"}')).toBe(1);
});

test('batches are counted with their sizes and times', async () => {
  const batches = await value('coffer_batches_total{book="1"}');
  expect(batches).toBeGreaterThanOrEqual(2);
  expect(await value('coffer_batch_operations_count')).toBe(batches);
  expect(await value('coffer_batch_operations_bucket{le="+Inf"}')).toBe(batches);
  expect(await value('coffer_batch_commit_seconds_count')).toBe(batches);
  expect(await value('coffer_batch_commit_seconds_sum')).toBeGreaterThan(0);
});

test('requests are timed by route and status class, never by caller input', async () => {
  const count = async (labels: string) => await value(`coffer_http_request_duration_seconds_count{${labels}}`);
  expect(await count('method="POST",route="/wallet/:id/deposit",status="2xx"')).toBe(2);
  expect(await count('method="POST",route="/wallet/:id/withdraw",status="4xx"')).toBe(1);
  expect(await count('method="GET",route="/wallet/:id",status="2xx"')).toBe(1);
  expect(await count('method="GET",route="(no such route)",status="4xx"')).toBe(1);
  expect((await coffer.call('GET', '/metrics')).text).not.toMatch(/m1|m3/);
});

test('the book, the database, the pools, the audit, the process and the build have metrics', async () => {
  expect(await value('coffer_book_ready{book="1"}')).toBe(1);
  expect(await value('coffer_queue_operations{book="1"}')).toBe(0);
  expect(await value('coffer_database_clock_silent_seconds{book="1"}')).toBeLessThan(60);
  expect(await value('coffer_book_ahead_seconds{book="1"}')).toBe(0);
  expect(await value('coffer_pool_connections{pool="main",state="waiting"}')).toBe(0);
  await expect.poll(() => value('coffer_audit_rows_total{outcome="written"}')).toBeGreaterThanOrEqual(3);
  expect(await value('coffer_audit_rows_total{outcome="dropped"}')).toBe(0);
  await expect.poll(() => value('coffer_audit_queue_rows')).toBe(0);
  expect(await value(`coffer_build_info{version="0.0.0",node="${process.version}"}`)).toBe(1);
  expect(await value('nodejs_eventloop_lag_seconds')).toBeDefined();
  expect(await value('process_resident_memory_bytes')).toBeGreaterThan(0);
});

test('unfinished asynchronous requests are counted by state, with the age of the oldest', async () => {
  coffer.metrics.watch({ requests: () => openRequests(coffer.pool) });
  const ids: unknown[] = [];
  for (let number = 0; number < 3; number++)
    ids.push((await coffer.call('POST', '/wallet/m1/withdraw', { amount: 1, async: true })).body['id']);
  await coffer.pool.query(`update requests.request set created_at = created_at - interval '1 hour' where id = $1`, [ids[0]]);
  await coffer.pool.query(
    `update requests.request set status = 'failed', way = 'post', failure_code = 'x', finished_at = clock_timestamp() where id = $1`,
    [ids[2]],
  );
  // A reading is cached for a second.
  await expect.poll(() => value('coffer_requests_open{status="accepted"}')).toBe(2);
  expect(await value('coffer_requests_oldest_seconds{status="accepted"}')).toBeGreaterThanOrEqual(3_600);
  const told = async (status: string) => [
    status,
    await value(`coffer_requests_open{status="${status}"}`),
    await value(`coffer_requests_oldest_seconds{status="${status}"}`),
  ];
  const ends = ['completed', 'released', 'failed'];
  for (const status of requestStatuses.filter((one) => one !== 'accepted'))
    expect(await told(status)).toEqual([status, ...(ends.includes(status) ? [undefined, undefined] : [0, 0])]);
});

test('every line is valid Prometheus text, and no metric is described twice', async () => {
  const { text, headers } = await coffer.call('GET', '/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  const line =
    /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})? (?:[-+]?[0-9.e+-]+|[Nn]a[Nn]|\+Inf))$/;
  expect(text.split('\n').filter((found) => found !== '' && !line.test(found))).toEqual([]);
  const described = text.match(/^# TYPE \S+/gm) ?? [];
  expect(new Set(described).size).toBe(described.length);
});

test('an observer that fails does not stop the ledger', async () => {
  const fail = () => {
    throw new Error('a bug');
  };
  const product = await startProduct({}, { observe: { batchCommitted: fail, answered: fail } });
  try {
    for (let time = 0; time < 2; time++) expect((await product.call('POST', '/wallet/m1/deposit', { amount: 1 })).status).toBe(201);
    expect((await product.call('GET', '/wallet/m1')).body).toMatchObject({ balance: '2' });
  } finally {
    await product.stop();
  }
});
