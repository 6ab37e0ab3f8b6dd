// An invalid name or cursor is refused on input, and does not affect other callers.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

let platform: Platform;
let ledger: ReturnType<typeof outsider>;
beforeAll(async () => {
  platform = await startPlatform();
  ledger = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
});
afterAll(async () => {
  ledger.close();
  await platform.stop();
});

const faults: readonly unknown[] = [status.INTERNAL, status.UNKNOWN];

test.each([
  ['GetWallet', { wallet_id: '\0' }],
  ['GetHistory', { wallet_id: '\0' }],
  ['GetStats', { wallet_id: '\0' }],
  ['GetBalanceAt', { wallet_id: '\0', at: '2026-01-01T00:00:00Z' }],
  ['ListHolds', { wallet_id: '\0' }],
  ['FindOperations', { filter: { key: '\0', text: '\0', metadata: ['\0=\0'], wallet_id: '\0', asset: '\0' } }],
  ['FindOperations', { filter: { metadata: ['a=\0'], refusal: '\0', owner_id: '\0' } }],
  ['FindHolds', { page: { cursor: '\0' } }],
  ['FindWallets', { owner_id: '\0' }],
  ['Search', { q: 'a\0b' }],
  ['GetOperation', { wallet_id: '\0', request_id: 'k' }],
  ['ListEvents', { cursor: 'nowhere' }],
  ['ListEvents', { cursor: '1-999999999999999' }],
  ['Post', { operations: [{ open_wallet: { owner_id: 'o'.repeat(128) } }] }],
  ['Post', { operations: [{ freeze: { wallet_id: 'w', reason: 'a\0b' } }] }],
])('%s with %o does not cause a server fault', async (method, request) => {
  expect(faults).not.toContain((await ledger.call(method, request)).status);
});

test("one caller's invalid wallet id does not fail another caller's read", async () => {
  await ledger.call('Post', { operations: [{ deposit: { wallet_id: 'w1', amount: 1 } }] });
  const calls = Array.from({ length: 200 }, (_, at) => ledger.call('GetWallet', { wallet_id: at % 2 === 0 ? 'w1' : '\0' }));
  const replies = (await Promise.all(calls)).filter((_, at) => at % 2 === 0);
  expect(replies.filter((reply) => reply.status !== status.OK)).toHaveLength(0);
});
