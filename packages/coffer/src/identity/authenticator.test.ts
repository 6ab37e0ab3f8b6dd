import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createTestIdentity } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { ApiKeys } from './api-keys.ts';
import { Authenticator, principalLivesMs } from './authenticator.ts';

let identity: TestIdentity;
let sessions: TestIdentity['sessions'];
let apiKeys: ApiKeys;
beforeAll(async () => {
  identity = await createTestIdentity();
  sessions = identity.sessions;
  apiKeys = new ApiKeys(identity.database.pool);
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await identity.database.drop();
});

async function newKey(): Promise<{ id: string; secret: string }> {
  const made = await apiKeys.create({ name: 'test', scopes: ['wallets:read'], createdBy: 'cli' });
  if ('refusal' in made) throw new Error(made.refusal.code);
  return { id: made.key.id, secret: made.secret };
}

test('a key revoked in another process works for at most a second, however often it is used', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const here = new Authenticator({ sessions, apiKeys });
  const { id, secret } = await newKey();
  expect(here.known(secret)).toBeUndefined();
  expect(await here.authenticate(secret)).toMatchObject({ kind: 'service', keyId: id });
  await apiKeys.revoke(id);
  vi.advanceTimersByTime(principalLivesMs - 1);
  expect(here.known(secret)).toMatchObject({ keyId: id });
  vi.advanceTimersByTime(1);
  expect(here.known(secret)).toBeUndefined();
  expect(await here.authenticate(secret)).toBeNull();
});

test('a change during a look-up is not cached in its old state', async () => {
  const here = new Authenticator({ sessions, apiKeys });
  const { secret } = await newKey();
  const looking = here.authenticate(secret);
  here.forget();
  expect(await looking).not.toBeNull();
  expect(here.known(secret)).toBeUndefined();
});

test("a user's role is the one at the time of the look-up", async () => {
  const { id } = await identity.signUp('jane@example.com');
  const { token, sessionId } = await identity.login('jane@example.com');
  const here = new Authenticator({ sessions, apiKeys });
  for (const role of ['user', 'operator', 'admin'] as const) {
    await identity.users.setRole(id, role, 'cli');
    expect(await here.authenticate(token)).toEqual({ kind: role, userId: id, sessionId, proved: true, limited: false });
  }
});

test('the last use of a key is recorded, to the minute', async () => {
  const { id, secret } = await newKey();
  await apiKeys.authenticate(secret);
  await expect.poll(async () => (await apiKeys.list()).find((key) => key.id === id)?.lastUsedAt ?? null).toBeInstanceOf(Date);
  const first = (await apiKeys.list()).find((key) => key.id === id)?.lastUsedAt;
  await apiKeys.authenticate(secret);
  expect((await apiKeys.list()).find((key) => key.id === id)?.lastUsedAt).toEqual(first);
});
