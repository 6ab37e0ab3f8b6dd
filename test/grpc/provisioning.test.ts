import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { outsider } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

/** Longer than a busy machine needs to open a wallet. */
const openMs = 2_500;

let platform: Platform;
let users: ReturnType<typeof outsider>;

beforeEach(async () => {
  platform = await startPlatform({ openMs });
  users = outsider(platform.usersAddress, 'user.proto', 'user.UserService');
});

afterEach(async () => {
  users.close();
  await platform.stop();
});

const jane = { email: 'jane@example.com', name: 'Jane Doe' };

async function rowsOf(email: string): Promise<{ id: string; status: string }[]> {
  const { rows } = await platform.database.pool.query<{ id: string; status: string }>(
    'select id, status from identity.users where email = $1 order by created_at',
    [email],
  );
  return rows;
}

async function expectWallet(userId: string): Promise<void> {
  expect(await platform.queries.walletOf(userId)).toMatchObject({ owner: userId, balance: 0n });
}

/** Connects the services first, so that a fault hits the call and not the handshake. */
async function warmUp(): Promise<void> {
  expect(await platform.provisioner.hasWallet(newId())).toBe(false);
}

describe('creating a user while the wallets service fails', () => {
  test('it is down: UNAVAILABLE, no user remains, and the address can be used once the service is back', async () => {
    await platform.stopWallets();
    const failed = await users.call('CreateUser', jane);
    expect(failed).toMatchObject({ status: status.UNAVAILABLE, trailer: { 'coffer-code': 'wallet_provisioning_failed' } });
    expect(failed.details).toContain('not created');
    expect(await rowsOf(jane.email)).toMatchObject([{ status: 'rolled_back' }]);

    await platform.startWallets();
    const created = await users.call('CreateUser', jane);
    expect(created.status).toBe(status.OK);
    await expectWallet(created.message?.['id'] ?? '');
    expect(await rowsOf(jane.email)).toMatchObject([{ status: 'rolled_back' }, { status: 'active' }]);
  });

  test('a rolled-back user does not exist', async () => {
    await platform.stopWallets();
    await users.call('CreateUser', jane);
    const [row] = await rowsOf(jane.email);
    expect(await users.call('GetUserById', { id: row?.id })).toMatchObject({ status: status.NOT_FOUND });
  });

  test('the answer is lost after the wallet was opened: the user is active and keeps the wallet', async () => {
    await warmUp();
    platform.proxy.loseNextAnswer();
    const created = await users.call('CreateUser', jane);
    expect(platform.proxy.faults).toBe(1);
    expect(created).toMatchObject({ status: status.OK, message: jane });
    await expectWallet(created.message?.['id'] ?? '');
    expect(await rowsOf(jane.email)).toMatchObject([{ status: 'active' }]);
  });

  test('no answer comes within the deadlines: the outcome is reported as unknown, and repair completes the user', async () => {
    await warmUp();
    platform.proxy.holdAnswers();
    const lost = await users.call('CreateUser', jane);
    expect(platform.proxy.faults).toBeGreaterThan(0);
    expect(lost).toMatchObject({ status: status.UNAVAILABLE, trailer: { 'coffer-code': 'outcome_unknown' } });
    expect(await rowsOf(jane.email)).toMatchObject([{ status: 'pending' }]);
    // Recent users may still be in progress.
    expect(await platform.users.repair()).toEqual({ activated: 0, rolledBack: 0, left: 0 });

    platform.proxy.heal();
    expect(await repaired()).toEqual({ activated: 1, rolledBack: 0, left: 0 });
    const [row] = await rowsOf(jane.email);
    expect(row?.status).toBe('active');
    await expectWallet(row?.id ?? '');
  });
});

describe('repair of users after a crash', () => {
  test('before the wallet was opened: repair opens it, and the user is active', async () => {
    const id = await crashedWhilePending();
    expect(await repaired()).toEqual({ activated: 1, rolledBack: 0, left: 0 });
    await expectWallet(id);
    expect(await rowsOf('crash@example.com')).toMatchObject([{ id, status: 'active' }]);
  });

  test('after the wallet was opened and funded: the user is active and keeps every unit', async () => {
    const id = await crashedWhilePending();
    const wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
    await wallets.call('CreateWallet', { user_id: id });
    await wallets.call('CreditWallet', { user_id: id, amount: 900 });
    wallets.close();
    expect(await repaired()).toEqual({ activated: 1, rolledBack: 0, left: 0 });
    expect(await users.call('GetUserById', { id })).toMatchObject({ status: status.OK });
    expect(await platform.queries.walletOf(id)).toMatchObject({ balance: 900n });
  });

  test('repair decides nothing while the wallets service is down; two concurrent repairs decide once', async () => {
    const id = await crashedWhilePending();
    await platform.stopWallets();
    expect(await repaired()).toEqual({ activated: 0, rolledBack: 0, left: 1 });
    expect(await rowsOf('crash@example.com')).toMatchObject([{ id, status: 'pending' }]);
    await platform.startWallets();
    const reports = await Promise.all([repaired(), repaired()]);
    expect(reports.map(({ activated }) => activated).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  async function crashedWhilePending(): Promise<string> {
    const id = newId();
    await platform.database.pool.query(
      "insert into identity.users (id, email, name, status) values ($1, 'crash@example.com', 'C', 'pending')",
      [id],
    );
    return id;
  }
});

test('the users service is down when the wallets service calls it: UNAVAILABLE, and no wallet is opened', async () => {
  const wallets = outsider(platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  const created = await users.call('CreateUser', jane);
  await platform.stopUsers();
  const id = newId();
  const failed = await wallets.call('CreateWallet', { user_id: id });
  expect(failed).toMatchObject({ status: status.UNAVAILABLE, trailer: { 'coffer-code': 'users_unavailable' } });
  expect(failed.details).toContain('Nothing was done');
  expect(await platform.queries.walletOf(id)).toBeNull();
  // Calls that need no user still work.
  expect(await wallets.call('CreditWallet', { user_id: created.message?.['id'], amount: 1 })).toMatchObject({ status: status.OK });
  wallets.close();
});

async function repaired() {
  return await platform.users.repair({ olderThanMs: 0 });
}
