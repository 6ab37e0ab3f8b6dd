import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdentity } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import type { ApiKey } from './api-key-store.ts';
import { ApiKeys } from './api-keys.ts';

const dayMs = 86_400_000;

let identity: TestIdentity;
let keys: ApiKeys;
beforeAll(async () => {
  identity = await createTestIdentity();
  keys = new ApiKeys(identity.database.pool, 365 * dayMs);
});
afterAll(async () => {
  await identity.database.drop();
});

async function made(input: Partial<Parameters<ApiKeys['create']>[0]> = {}): Promise<{ key: ApiKey; secret: string }> {
  const found = await keys.create({ name: 'a service', scopes: ['keys:manage'], createdBy: 'cli', ...input });
  if ('refusal' in found) throw new Error(found.refusal.code);
  return found;
}

const daysLeft = ({ expiresAt, createdAt }: ApiKey) => expiresAt && Math.round((expiresAt.getTime() - createdAt.getTime()) / dayMs);

test('a key expires after a year, unless its creation or the setting says otherwise', async () => {
  expect(daysLeft((await made()).key)).toBe(365);
  expect(daysLeft((await made({ expiresAfterMs: 7 * dayMs })).key)).toBe(7);
  const endless = await new ApiKeys(identity.database.pool).create({ name: 'endless', scopes: ['keys:manage'], createdBy: 'cli' });
  expect(endless).toMatchObject({ key: { expiresAt: null } });
});

describe('a key that a key created', () => {
  test('expires with it at the latest', async () => {
    const { key: parent } = await made({ expiresAfterMs: 10 * dayMs });
    const { key: child } = await made({ parent: parent.id });
    expect(child.expiresAt).toEqual(parent.expiresAt);
    expect(daysLeft((await made({ parent: parent.id, expiresAfterMs: 3 * dayMs })).key)).toBe(3);
  });

  test('is revoked with it, and so are the keys it created', async () => {
    const { key: parent } = await made();
    const child = await made({ parent: parent.id });
    const grandchild = await made({ parent: child.key.id });
    const other = await made();
    expect(await keys.revoke(parent.id)).toMatchObject({ id: parent.id, revokedAt: expect.any(Date) as Date });
    expect(await keys.authenticate(child.secret)).toBeNull();
    expect(await keys.authenticate(grandchild.secret)).toBeNull();
    expect(await keys.authenticate(other.secret)).toMatchObject({ keyId: other.key.id });
    expect(await keys.create({ name: 'late', scopes: ['keys:manage'], createdBy: 'cli', parent: parent.id })).toMatchObject({
      refusal: { code: 'key_not_found' },
    });
  });

  test('does not work if it was created while the other was revoked', async () => {
    const { key: parent } = await made();
    const child = await made({ parent: parent.id });
    await identity.database.pool.query('update identity.api_key set revoked_at = clock_timestamp() where id = $1', [parent.id]);
    expect(await keys.authenticate(child.secret)).toBeNull();
  });
});
