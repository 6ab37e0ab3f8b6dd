import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jwtSecret, walletsThatOpen as wallets } from '../../../../test/support/identity.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { startProxy } from '../../../../test/support/proxy.ts';
import type { FaultyProxy } from '../../../../test/support/proxy.ts';
import { createPool } from '../database/index.ts';
import { newId, silentLog } from '../kernel/index.ts';
import { keepRepaired } from './repair.ts';
import { Sessions } from './sessions.ts';
import { Users } from './users.ts';

let database: TestDatabase;
let proxy: FaultyProxy;
/** Connects to the database through the proxy. */
let pool: pg.Pool;
let users: Users;
let sessions: Sessions;

const notDone = { name: 'IdentityUnavailable', outcome: 'not_done' };
const unknown = { name: 'IdentityUnavailable', outcome: 'unknown' };

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  const url = new URL(database.url);
  proxy = await startProxy({ host: url.hostname, port: Number(url.port) });
  url.host = `${proxy.address.host}:${proxy.address.port}`;
  pool = createPool(url.href, silentLog(), { connectionsMax: 1 });
  users = new Users({ pool, wallets });
  sessions = new Sessions({ pool, jwtSecret });
});

afterEach(async () => {
  await pool.end();
  await proxy.stop();
});

async function statusOf(email: string): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ status: string }>('select status from identity.users where email = $1', [email]);
  return rows[0]?.status;
}

describe('while the database is unavailable', () => {
  test('every call reports that nothing was done', async () => {
    await proxy.stop();
    await expect(users.create({ email: 'away@example.com', name: 'A' })).rejects.toMatchObject(notDone);
    await expect(users.get(newId())).rejects.toMatchObject(notDone);
    await expect(users.list({ limit: 1 })).rejects.toMatchObject(notDone);
    await expect(sessions.login({ email: 'away@example.com', password: 'some password' })).rejects.toMatchObject(notDone);
    expect(await statusOf('away@example.com')).toBeUndefined();
  });

  test('repair waits for it, and finishes once it is back', async () => {
    const id = newId();
    await database.pool.query(
      "insert into identity.users (id, email, name, status, created_at) values ($1, 'old@example.com', 'O', 'pending', now() - interval '1 hour')",
      [id],
    );
    proxy.holdAnswers();
    const repairs = keepRepaired(users, silentLog(), 50);
    await expect.poll(() => proxy.faults).toBeGreaterThan(0);
    expect(await statusOf('old@example.com')).toBe('pending');
    proxy.heal();
    await expect.poll(() => statusOf('old@example.com')).toBe('active');
    // And again in every round.
    await database.pool.query("update identity.users set status = 'pending' where id = $1", [id]);
    await expect.poll(() => statusOf('old@example.com')).toBe('active');
    await repairs.stop();
    await database.pool.query("update identity.users set status = 'pending' where id = $1", [id]);
    expect(await users.repair()).toMatchObject({ activated: 1 });
  });

  test('a failed round of repair is not the last one', async () => {
    await database.pool.query(
      "insert into identity.users (id, email, name, status, created_at) values ($1, 'cut@example.com', 'C', 'pending', now() - interval '1 hour')",
      [newId()],
    );
    await users.get(newId());
    proxy.loseNextAnswer();
    const repairs = keepRepaired(users, silentLog(), 50);
    await expect.poll(() => statusOf('cut@example.com')).toBe('active');
    expect(proxy.faults).toBe(1);
    await repairs.stop();
  });
});

describe('when the answer to a write is lost', () => {
  test('the outcome is reported as unknown, and repair finishes what was committed', async () => {
    await users.get(newId());
    proxy.loseNextAnswer();
    const input = { email: 'lost@example.com', name: 'L', password: 'correct horse battery staple' };
    // One statement, so the lost answer is that of its commit.
    await expect(users.signUp(input)).rejects.toMatchObject(unknown);
    expect(proxy.faults).toBe(1);
    await expect.poll(() => statusOf('lost@example.com')).toBe('pending');
    expect(await users.repair({ olderThanMs: 0 })).toEqual({ activated: 1, rolledBack: 0, left: 0 });
    expect(await statusOf('lost@example.com')).toBe('active');
  });

  test('a lost answer to a read changed nothing', async () => {
    await users.get(newId());
    proxy.loseNextAnswer();
    await expect(users.get(newId())).rejects.toMatchObject(notDone);
    expect(proxy.faults).toBe(1);
  });

  test('a database outage after the wallet was opened leaves the outcome unknown, whatever the error says', async () => {
    const cutAfterOpening = new Users({
      pool,
      wallets: {
        ...wallets,
        async openWallet() {
          await proxy.stop();
          // The pool knows by now, so the next statement is refused before it is sent.
          await pool.query('select').catch(() => undefined);
          return { status: 'opened' };
        },
      },
    });
    await expect(cutAfterOpening.create({ email: 'after@example.com', name: 'A' })).rejects.toMatchObject(unknown);
    expect(await statusOf('after@example.com')).toBe('pending');
    const repaired = new Users({ pool: database.pool, wallets });
    expect(await repaired.repair({ olderThanMs: 0 })).toMatchObject({ activated: 1 });
  });
});
