import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../kernel/index.ts';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../../test/support/database.ts';
import { attend, isKnown } from './leases.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => await database.drop());

test('a process proves itself with the newest two of its keys; what an older backup has of it proves nothing', async () => {
  const [self, other] = [newId(), newId()].map((id) => ({ id, address: '127.0.0.1:1', owns: 'share' as const }));
  const [first, second, third] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
  if (!self || !other || !first || !second || !third) throw new Error('unreachable');
  await attend(database.pool, self, first, []);
  expect(await isKnown(database.pool, { process: self.id, key: first })).toBe(true);
  await attend(database.pool, self, second, []);
  await attend(database.pool, other, first, []);
  await attend(database.pool, self, third, []);
  const known = await Promise.all([first, second, third].map((key) => isKnown(database.pool, { process: self.id, key })));
  expect(known).toEqual([false, true, true]);
  expect(await isKnown(database.pool, { process: other.id, key: third })).toBe(false);
});
