// Metadata that the gRPC library drops before it reaches the handler.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walletService } from '../../packages/coffer/src/gateway/grpc/generated/wallet.ts';
import { framed, outsider, rawCall } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

let platform: Platform;
let userId: string;
beforeAll(async () => {
  platform = await startPlatform();
  const users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  userId = (await users.call('CreateUser', { email: 'jane@example.com', name: 'Jane' })).message?.['id'] ?? '';
  users.close();
});
afterAll(async () => {
  await platform.stop();
});

const credit = async (headers: Record<string, string | string[]>) =>
  await rawCall(
    platform.walletsAddress,
    '/wallet.WalletService/CreditWallet',
    framed(walletService.creditWallet.request.encode({ userId, amount: 100n })),
    headers,
  );

test('an unreadable idempotency key is refused, not dropped: a retry would credit twice', async () => {
  for (const key of ['clé', 'ключ', 'a\tb', '\u00a0'])
    for (let attempt = 0; attempt < 2; attempt++)
      expect(await credit({ 'idempotency-key': Buffer.from(key).toString('latin1') })).toMatchObject({
        status: status.INVALID_ARGUMENT,
        code: 'metadata_unreadable',
      });
  expect((await platform.queries.walletOf(userId))?.balance).toBe(0n);
});

test('an unreadable credential is refused, not treated as absent', async () => {
  expect(await credit({ authorization: 'Bearer \u00ff' })).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'metadata_unreadable' });
  expect((await platform.queries.walletOf(userId))?.balance).toBe(0n);
});

test('other unreadable metadata is ignored', async () => {
  expect(await credit({ 'x-note': 'cl\u00e9', 'idempotency-key': 'k1' })).toMatchObject({ status: status.OK });
});
