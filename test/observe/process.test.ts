import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCofferProcess } from '../support/coffer-process.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { startCollector } from './collector.ts';
import type { Collector } from './collector.ts';

let database: TestDatabase;
let collector: Collector;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  collector = await startCollector();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-logs-'));
});
afterAll(async () => {
  await collector.stop();
  await database.drop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test('a server that stops flushes every audit row, span and log line', async () => {
  const coffer = await startCofferProcess(database.url, {
    LOG_LEVEL: 'info',
    COFFER_LOG_FOLDER: folder,
    COFFER_LOG_REQUESTS: 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
  });
  const answer = await fetch(`${coffer.api}/wallet/p1/deposit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'process-1' },
    body: '{"amount":5}',
  });
  expect(answer.status).toBe(201);
  const metrics = await (await fetch(`${coffer.api}/metrics`)).text();
  expect(metrics).toContain('coffer_operations_total{kind="deposit",outcome="posted"} 1');
  expect(metrics).toContain('coffer_pool_connections{pool="audit",state="total"}');
  expect(await coffer.end('SIGTERM')).toBe(0);

  const { rows } = await database.pool.query('select * from api_audit');
  expect(rows).toMatchObject([{ request_id: 'process-1', status: 201, wallet: 'p1' }]);
  expect(collector.spans.map(({ name, service }) => [name, service])).toContainEqual(['POST /wallet/:id/deposit', 'coffer']);
  expect(collector.spans.map(({ name }) => name)).toContain('ledger.post');
  const lines = fs
    .readFileSync(path.join(folder, 'api.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find(({ requestId }) => requestId === 'process-1')).toMatchObject({
    msg: 'Request',
    route: '/wallet/:id/deposit',
    status: 201,
  });
  expect(lines.at(-1)).toMatchObject({ msg: 'Stopped' });
});

test('a disabled signal is not recorded', async () => {
  const off = path.join(folder, 'off');
  const coffer = await startCofferProcess(database.url, { COFFER_AUDIT: 'off', COFFER_LOG_FILES: 'off', COFFER_LOG_FOLDER: off });
  const before = (await database.pool.query('select from api_audit')).rowCount;
  const body = '{"amount":5}';
  expect(
    (await fetch(`${coffer.api}/wallet/p1/deposit`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status,
  ).toBe(201);
  expect(await coffer.end('SIGTERM')).toBe(0);
  expect((await database.pool.query('select from api_audit')).rowCount).toBe(before);
  expect(fs.existsSync(off)).toBe(false);
});

test.skipIf(!fs.existsSync('/dev/full'))('a full disk under standard output loses log lines but does not stop the service', async () => {
  const full = fs.openSync('/dev/full', 'w');
  try {
    const coffer = await startCofferProcess(database.url, { LOG_LEVEL: 'info', COFFER_LOG_FOLDER: folder }, full);
    expect((await fetch(`${coffer.api}/wallet/p1`)).status).toBe(200);
    expect(await coffer.end('SIGTERM')).toBe(0);
  } finally {
    fs.closeSync(full);
  }
  expect(fs.readFileSync(path.join(folder, 'api.log'), 'utf8')).toContain('"msg":"Stopped"}\n');
});
