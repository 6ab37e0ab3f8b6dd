// Over gRPC an operation that meets an approval policy is refused with the id of its approval, whichever call posts it.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { peopleOf } from '../access/world.ts';
import type { People } from '../access/world.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { outsider } from '../grpc/outsider.ts';

let both: Both;
let people: People;

beforeAll(async () => {
  both = await startBoth({ mode: 'required' });
  people = await peopleOf(both.platform);
  const policy = { id: 'deposits', operation: 'deposit', asset: null, above: 100n, makers: ['treasury'], wallets: 'any' } as const;
  await both.platform.approvals.changeNow({ id: 'deposits', policy, reason: 'a test' }, 'cli');
});
afterAll(() => both.stop());

const balance = async (wallet: string) =>
  (await both.rest('GET', `/wallet/${wallet}`, undefined, people.support.authorization)).body['balance'];

test('Post: the item waits and the others are done; an all-or-nothing group is refused', async () => {
  const wallet = `w-${newId()}`;
  const deposit = (amount: number) => ({ deposit: { wallet_id: wallet, amount } });
  const operations = [deposit(1), deposit(101)];
  const apart = await both.call('Post', { operations }, people.treasury.authorization);
  expect(apart.message).toMatchObject({ results: [{ status: 'completed' }, { problem: { code: 'approval_required' } }] });
  const together = await both.call('Post', { operations, atomic: true }, people.treasury.authorization);
  expect(together.message).toMatchObject({
    results: [{ problem: { code: 'linked_operation_refused' } }, { problem: { code: 'approval_required' } }],
  });
  expect(await balance(wallet)).toBe('1');
  const { body } = await both.rest('GET', '/approvals?state=pending', undefined, people.support.authorization);
  const [waiting] = (body['items'] as { id: string; walletIds: string[] }[]).filter(({ walletIds }) => walletIds.includes(wallet));
  expect(JSON.stringify(apart.message)).toContain(waiting?.id);
  const approved = await both.rest('POST', `/approvals/${waiting?.id}/approve`, {}, people.admin.authorization);
  expect([approved.body['state'], await balance(wallet)]).toEqual(['done', '102']);
});

test('CreditWallet: FAILED_PRECONDITION, and the details name the approval', async () => {
  const wallets = outsider(both.platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  const metadata = { authorization: people.treasury.authorization };
  const reply = await wallets.call('CreditWallet', { user_id: people.user.user.id, amount: 101 }, { metadata });
  wallets.close();
  expect(reply).toMatchObject({ status: status.FAILED_PRECONDITION, trailer: { 'coffer-code': 'approval_required' } });
  expect(reply.details).toMatch(/as approval [0-9a-f-]{36}\. Nothing was posted yet/);
});
