import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ mode: 'required' });
});
afterAll(async () => await platform.stop());

test('the creation of a user is recorded with the service that asked for it, and a taken address is not', async () => {
  const made = await platform.apiKeys.create({ name: 'a service', scopes: ['users:write'], createdBy: 'cli' });
  assert('secret' in made, 'the key is made');
  const client = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
  const metadata = { authorization: `Bearer ${made.secret}`, 'x-request-id': 'making-jane' };
  const ask = async () => await client.call('CreateUser', { email: 'jane@example.com', name: 'Jane' }, { metadata });
  const first = await ask();
  expect([first.status, (await ask()).status]).toEqual([status.OK, status.ALREADY_EXISTS]);
  client.close();
  const { rows } = await platform.database.pool.query(
    `select subject, actor, request_id, before, after from audit.change where kind = 'users.create'`,
  );
  expect(rows).toEqual([
    { subject: first.message?.['id'], actor: `key:${made.key.id}`, request_id: 'making-jane', before: null, after: null },
  ]);
});
