import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { newId, silentLog } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import { keepRepaired } from './repair.ts';
import type { WalletOpening } from './types.ts';
import { Users } from './users.ts';

let database: TestDatabase;
let opening: WalletOpening = { status: 'opened' };
let opened: string[] = [];
let users: Users;
beforeAll(async () => {
  database = await createTestDatabase();
  const openWallet = (id: string) => {
    opened.push(id);
    return Promise.resolve(opening);
  };
  users = new Users({ pool: database.pool, wallets: { openWallet, hasWallet: () => Promise.resolve('unknown') } });
});
beforeEach(async () => {
  await database.pool.query('delete from identity.users');
  opening = { status: 'opened' };
  opened = [];
});
afterAll(() => database.drop());

/** A user who has been pending for that long. */
async function leftPending(ageSeconds: number): Promise<string> {
  const id = newId();
  await database.pool.query(
    `insert into identity.users (id, email, name, status, created_at)
     values ($1::uuid, $1::text || '@example.com', 'N', 'pending', clock_timestamp() - $2::double precision * interval '1 second')`,
    [id, ageSeconds],
  );
  return id;
}

async function statusOf(id: string): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ status: string }>('select status from identity.users where id = $1', [id]);
  return rows[0]?.status;
}

describe('repair', () => {
  test('skips a user who may still be in creation, and finishes one abandoned half a minute ago', async () => {
    // The margins are for a busy machine: no call that creates a user takes longer than 22 seconds.
    const [young, old] = [await leftPending(1), await leftPending(31)];
    expect(await users.repair()).toEqual({ activated: 1, rolledBack: 0, left: 0 });
    expect([await statusOf(young), await statusOf(old)]).toEqual(['pending', 'active']);
    expect(opened).toEqual([old]);
  });

  test('starts with the oldest of the users old enough', async () => {
    const [one, two] = [await leftPending(500), await leftPending(1_000)];
    await leftPending(100);
    expect(await users.repair({ olderThanMs: 300_000 })).toEqual({ activated: 2, rolledBack: 0, left: 0 });
    expect(opened).toEqual([two, one]);
  });

  test('rolls back a user whose wallet is refused', async () => {
    const id = await leftPending(31);
    opening = { status: 'refused', reason: 'no' };
    expect(await users.repair()).toEqual({ activated: 0, rolledBack: 1, left: 0 });
    expect(await statusOf(id)).toBe('rolled_back');
  });

  test.each(['unavailable', 'unknown'] as const)('decides nothing if the opening of a wallet is %s', async (status) => {
    const ids = [await leftPending(31), await leftPending(32)];
    opening = { status, reason: 'away' };
    expect(await users.repair()).toEqual({ activated: 0, rolledBack: 0, left: 2 });
    expect(await Promise.all(ids.map(statusOf))).toEqual(['pending', 'pending']);
    expect(opened).toHaveLength(1);
  });
});

describe('while the process is running', () => {
  const everyMs = 1_000;
  const report = { activated: 0, rolledBack: 0, left: 0 };
  beforeEach(() => {
    vi.useFakeTimers();
    return () => void vi.useRealTimers();
  });

  function repairing(repair: () => Promise<typeof report>) {
    const counted = vi.fn(repair);
    return { counted, keeper: keepRepaired({ repair: counted } as unknown as Users, silentLog(), everyMs) };
  }

  test('repairs users at the start, and repeatedly until it is stopped', async () => {
    const { counted, keeper } = repairing(() => Promise.resolve(report));
    await vi.advanceTimersByTimeAsync(0);
    expect(counted).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3 * everyMs);
    expect(counted).toHaveBeenCalledTimes(4);
    await keeper.stop();
    await vi.advanceTimersByTimeAsync(3 * everyMs);
    expect(counted).toHaveBeenCalledTimes(4);
  });

  test('an outage during a round does not end it', async () => {
    const { counted, keeper } = repairing(() => Promise.reject(new IdentityUnavailable('not_done')));
    await vi.advanceTimersByTimeAsync(2 * everyMs);
    expect(counted).toHaveBeenCalledTimes(3);
    await keeper.stop();
  });

  test('a round in progress is awaited by the next one, and by the stop', async () => {
    const slow = Promise.withResolvers<typeof report>();
    const { counted, keeper } = repairing(() => slow.promise);
    await vi.advanceTimersByTimeAsync(3 * everyMs);
    expect(counted).toHaveBeenCalledTimes(1);
    let stopped = false;
    const stopping = keeper.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(everyMs);
    expect(stopped).toBe(false);
    slow.resolve(report);
    await stopping;
  });
});
