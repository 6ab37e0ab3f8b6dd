// Ledger calls over gRPC write audit rows that link to the operations.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditTrail } from '../../packages/coffer/src/audit/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { service } from '../access/world.ts';
import { outsider } from '../grpc/outsider.ts';
import { startPlatform } from '../grpc/platform.ts';
import type { Platform } from '../grpc/platform.ts';
import { auditedRows } from './watched.ts';

let platform: Platform;
let audit: AuditTrail;
let client: ReturnType<typeof outsider>;
beforeAll(async () => {
  platform = await startPlatform({
    watch: ({ url, pool }) => {
      audit = new AuditTrail({ url, reads: pool, keepDays: 90, log: silentLog() });
      return { audit };
    },
  });
  client = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
});
afterAll(async () => {
  client.close();
  await audit.stop();
  await platform.stop();
});

const deposits = (...amounts: number[]) => amounts.map((amount) => ({ deposit: { wallet_id: 'w1', amount } }));
const withdrawal = (amount: number) => ({ withdraw: { wallet_id: 'w1', amount, terms: { metadata: '{"apiKey":"hunter2"}' } } });
const idsIn = (answer: unknown) => (answer as { results: { operation_id: string }[] }).results.map(({ operation_id }) => operation_id);
const rowsFrom = async (count: number) => (await auditedRows({ pool: platform.database.pool, audit }, count)).slice(-2);

test('Post writes one row with all its operations, including refused ones; reads write none', async () => {
  const posted = await client.call(
    'Post',
    { operations: [...deposits(10, 20), withdrawal(500)] },
    { metadata: { 'x-request-id': 'post-1' } },
  );
  await client.call('GetWallet', { wallet_id: 'w1' });
  await client.call('Post', { operations: [{}] });
  const rows = await rowsFrom(2);
  const ids = idsIn(posted.message);
  expect(ids).toHaveLength(3);
  expect(rows).toMatchObject([
    { url: '/ledger.LedgerService/Post', operation: 'Post', transport: 'grpc', status: 0, actor: 'anonymous', request_id: 'post-1' },
    { url: '/ledger.LedgerService/Post', status: 3, operation_id: null, operation_ids: null },
  ]);
  expect([rows[0]?.['operation_id'], rows[0]?.['operation_ids']]).toEqual([ids[0], ids]);
  expect(String(rows[0]?.['body'])).toContain('"walletId":"w1"');
  expect(String(rows[0]?.['body'])).not.toContain('hunter2');
});

test('each request of a stream writes a row with its operations', async () => {
  const stream = client.open('PostStream');
  const answers: unknown[] = [];
  stream.on('data', (answer) => answers.push(answer));
  stream.write({ id: 7, operations: deposits(1, 2, 3) });
  stream.write({ id: 8, operations: deposits(4), atomic: true });
  stream.end();
  await once(stream, 'end');
  const rows = await rowsFrom(4);
  expect(rows.map(({ url, status, body }) => [url, status, JSON.parse(String(body)) as unknown])).toEqual([
    ['/ledger.LedgerService/PostStream', 0, { id: '7', operations: 3, atomic: false }],
    ['/ledger.LedgerService/PostStream', 0, { id: '8', operations: 1, atomic: true }],
  ]);
  expect(rows.map((row) => row['operation_id'])).toEqual(answers.map((answer) => idsIn(answer)[0]));
  expect(rows[0]?.['operation_ids']).toEqual(idsIn(answers[0]));
});

test('a read that is denied to a known caller writes a row; one without a credential does not', async () => {
  let trail: AuditTrail | undefined;
  const guarded = await startPlatform({
    mode: 'required',
    watch: ({ url, pool }) => {
      trail = new AuditTrail({ url, reads: pool, keepDays: 90, log: silentLog() });
      return { audit: trail };
    },
  });
  if (!trail) throw new Error('the platform asks for its watch');
  const reader = outsider(guarded.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  const authorization = await service(guarded, ['money:deposit']);
  await reader.call('GetWallet', { wallet_id: 'w1' });
  await reader.call('GetWallet', { wallet_id: 'w1' }, { metadata: { authorization } });
  const rows = await auditedRows({ pool: guarded.database.pool, audit: trail }, 1);
  expect(rows).toMatchObject([{ operation: 'GetWallet', status: 7, actor: `key:${authorization.split('_')[1] ?? ''}` }]);
  reader.close();
  await trail.stop();
  await guarded.stop();
});
