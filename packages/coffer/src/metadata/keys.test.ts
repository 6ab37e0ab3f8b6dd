import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alice } from '../../../../test/http/product.ts';
import { vaultOn } from '../../../../test/privacy/world.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { silentLog } from '../kernel/index.ts';
import { startVault } from '../compose/metadata.ts';
import { eraseDataKey } from './index.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const text = '{"a":1}';
const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const of = (owner: string) => ({ owner, key: 'k' });

test('processes that create the key of an owner at once agree on one, and each has the same result', async () => {
  for (let round = 0; round < 20; round++) {
    const vaults = Array.from({ length: 4 }, () => vaultOn(database.pool));
    const sealed = await Promise.all(vaults.map(async (vault) => await vault.sealed(text, of(`owner-${round}`))));
    expect(new Set(sealed).size).toBe(1);
    expect(sealed[0]).toContain('encrypted');
  }
});

test('a backup of the log opens neither with another COFFER_DATA_KEY nor with a later table of keys', async () => {
  const { pool } = database;
  const stored = await vaultOn(pool).sealed(text, of('backup'));
  const unreadable = ['{"coffer":{"unreadable":true}}'];
  expect(await vaultOn(pool, { secret: first }).opened([stored])).toEqual(unreadable);
  await expect(vaultOn(pool, { secret: first }).sealed(text, of('backup'))).rejects.toThrow('COFFER_DATA_KEY does not open');
  await pool.query("delete from metadata.data_key where owner = 'backup'");
  expect(await vaultOn(pool).opened([stored])).toEqual(['{"coffer":{"erased":true}}']);
  await vaultOn(pool).sealed('{"b":1}', of('backup'));
  expect(await vaultOn(pool).opened([stored])).toEqual(unreadable);
});

test('what belongs to one owner does not open as that of another', async () => {
  const vault = vaultOn(database.pool);
  const [one] = [await vault.sealed(text, of(alice)), await vault.sealed(text, of('bob'))];
  expect(await vault.opened([one.replace(alice, 'bob')])).toEqual(['{"coffer":{"unreadable":true}}']);
});

test('an erased key is used for half a minute at most, and never replaced', async () => {
  const { pool } = database;
  let nowMs = 0;
  const vault = vaultOn(pool, { nowMs: () => nowMs });
  const stored = await vault.sealed(text, of('erased'));
  await eraseDataKey(pool, 'erased');
  const erased = '{"coffer":{"erased":true}}';
  expect(await vault.opened([stored])).toEqual([text]);
  // What it encrypts meanwhile is unreadable like the rest.
  const late = await vault.sealed('{"late":1}', of('erased'));
  nowMs = 30_001;
  expect(await vault.opened([stored, late])).toEqual([erased, erased]);
  expect(await vault.sealed(text, of('erased'))).toBe(erased);
  expect(await vaultOn(pool).opened([stored])).toEqual([erased]);
  await eraseDataKey(pool, 'never had one');
  expect(await vault.sealed(text, of('never had one'))).toBe(erased);
});

describe('at the start', () => {
  let own: TestDatabase;
  beforeAll(async () => {
    own = await createTestDatabase();
  });
  afterAll(() => own.drop());
  const start = async (secret: Buffer | null, { previous, encrypts = true }: { previous?: Buffer; encrypts?: boolean } = {}) =>
    await startVault({ metadata: { encrypts, keys: secret && { secret, previous } } }, own.pool, silentLog());

  test('COFFER_DATA_KEY rotates: a retry has the same result, and a wrong key is refused', async () => {
    const stored = await (await start(first)).sealed(text, of(alice));
    await expect(start(second)).rejects.toThrow('COFFER_DATA_KEY does not open the keys of this database (1 of them)');
    await expect(start(second, { encrypts: false })).rejects.toThrow('COFFER_DATA_KEY does not open');
    expect(await (await start(second, { previous: first })).sealed(text, of(alice))).toBe(stored);
    expect(await (await start(second)).opened([stored])).toEqual([text]);
    await expect(start(first)).rejects.toThrow('COFFER_DATA_KEY does not open');
  });

  test('off stores new metadata as it is and reads the old; without the key, it stays visibly encrypted', async () => {
    const stored = await (await start(second)).sealed(text, of(alice));
    const off = await start(second, { encrypts: false });
    expect(await off.sealed(text, of(alice))).toBe(text);
    expect(await off.opened([stored, text])).toEqual([text, text]);
    expect(await (await start(null, { encrypts: false })).opened([stored])).toEqual([stored]);
  });
});
