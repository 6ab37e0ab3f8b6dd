/** The ledger gets more requests than it can answer in time: each transport reports it, nothing is done, and the request can be retried. */
import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { LedgerOverloaded } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { outsider } from '../grpc/outsider.ts';

type StreamAnswer = { readonly id: string; readonly results: readonly object[]; readonly problem: { readonly code: string } | null };

let both: Both;
let client: ReturnType<typeof outsider>;
let wallets: ReturnType<typeof outsider>;
let userId = '';
beforeAll(async () => {
  both = await startBoth();
  client = outsider(both.platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  wallets = outsider(both.platform.walletsAddress, 'wallet.proto', 'wallet.WalletService');
  const user = await both.platform.users.create({ email: 'jane@example.com', name: 'Jane' });
  if ('refusal' in user) throw new Error(user.refusal.code);
  userId = user.id;
  await both.rest('POST', '/wallet/w1/deposit', { amount: 1_000, requestId: 'funds' });
});
afterAll(async () => {
  client.close();
  wallets.close();
  await both.stop();
});

/** Fills the ledger's queue: one posting waits for a lock, and more postings queue behind it until the queue is full. */
let locked: pg.PoolClient;
let waiting: Promise<unknown>[];
beforeEach(async () => {
  const { ledger, database } = both.platform;
  locked = await database.pool.connect();
  await locked.query('begin; select from ledger.book for update');
  // Refusals that are not stored: they occupy the queue, and later no space in the database.
  const part = Array.from({ length: 1_000 }, (): Operation => ({ kind: 'hold', key: 'k', wallet: 'nobody', amount: 1n }));
  waiting = [both.rest('POST', '/wallet/w1/deposit', { amount: 1 })];
  const blocked = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await expect.poll(async () => (await database.pool.query(blocked)).rowCount).toBe(1);
  let isFull = false;
  for (let parts = 0; !isFull; parts++) {
    if (parts > 200) throw new Error(`the queue exceeds its capacity: ${ledger.status()[0]?.queueOperations} operations wait`);
    waiting.push(ledger.postEach(part).catch((failure: unknown) => (isFull = failure instanceof LedgerOverloaded)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Fills the queue to exactly its capacity.
  const left = 100_000 - (ledger.status()[0]?.queueOperations ?? 0);
  waiting.push(ledger.postEach(part.slice(0, left)));
});
afterEach(async () => {
  await locked.query('rollback');
  locked.release();
  await Promise.all(waiting);
});

/** Lets the ledger process the queue. */
async function relieve(): Promise<void> {
  await locked.query('rollback');
  await Promise.all(waiting.splice(0));
}

async function entriesUnder(key: string): Promise<number | null> {
  return (await both.platform.database.pool.query(`select from ledger.entry where key in ($1, e'\\x02anonymous/' || $1)`, [key])).rowCount;
}

describe('over REST', () => {
  it.each([
    ['a deposit', '/wallet/w1/deposit', (requestId: string) => ({ amount: 5, requestId }), 201],
    [
      'a batch',
      '/operations/batch',
      (requestId: string) => ({ operations: [{ type: 'deposit', walletId: 'w1', amount: 5, requestId }] }),
      200,
    ],
    [
      'a batch of all or none',
      '/operations/batch',
      (requestId: string) => ({ atomic: true, operations: [{ type: 'deposit', walletId: 'w1', amount: 5, requestId }] }),
      200,
    ],
  ])(
    '%s is answered with 503, "overloaded" and Retry-After; nothing is done, and the same request passes later',
    async (what, path, bodyOf, done) => {
      const key = `rest ${what}`;
      const answer = await both.rest('POST', path, bodyOf(key));
      expect(answer).toMatchObject({
        status: 503,
        body: { status: 503, code: 'overloaded', detail: expect.stringContaining('Nothing was done') as string },
      });
      expect(answer.headers.get('retry-after')).toBe('1');
      await relieve();
      expect(await entriesUnder(key)).toBe(0);
      expect((await both.rest('POST', path, bodyOf(key))).status).toBe(done);
      expect(await entriesUnder(key)).toBe(1);
    },
  );
});

describe('over gRPC', () => {
  it.each([false, true])('Post is answered with RESOURCE_EXHAUSTED and "overloaded" (atomic: %s)', async (atomic) => {
    const key = `post ${atomic}`;
    const request = { operations: [{ deposit: { wallet_id: 'w1', amount: 5, terms: { request_id: key } } }], atomic };
    const answer = await client.call('Post', request);
    expect(answer).toMatchObject({ status: status.RESOURCE_EXHAUSTED, trailer: { 'coffer-code': 'overloaded' } });
    expect(answer.details).toContain('Nothing was done');
    await relieve();
    expect(await entriesUnder(key)).toBe(0);
    expect(await client.call('Post', request)).toMatchObject({ status: status.OK, message: { results: [{ replayed: false }] } });
  });

  it('the wallets service answers the same', async () => {
    const request = { user_id: userId, amount: 5 };
    const metadata = { 'idempotency-key': 'credit' };
    const answer = await wallets.call('CreditWallet', request, { metadata });
    expect(answer).toMatchObject({ status: status.RESOURCE_EXHAUSTED, trailer: { 'coffer-code': 'overloaded' } });
    await relieve();
    expect(await entriesUnder('credit')).toBe(0);
    expect(await wallets.call('CreditWallet', request, { metadata })).toMatchObject({ status: status.OK, message: { balance: '5' } });
  });

  it('a stream reports it for the affected request, and continues', async () => {
    const stream = client.open('PostStream');
    const request = (id: number) => ({ id, operations: [{ deposit: { wallet_id: 'w1', amount: 5, terms: { request_id: 'stream' } } }] });
    const next = async (id: number) => {
      stream.write(request(id));
      const [answer] = (await once(stream, 'data')) as [StreamAnswer];
      return answer;
    };
    expect(await next(7)).toMatchObject({ id: '7', results: [], problem: { code: 'overloaded' } });
    await relieve();
    expect(await entriesUnder('stream')).toBe(0);
    expect(await next(8)).toMatchObject({ id: '8', results: [{ replayed: false, status: 'completed' }], problem: null });
    stream.end();
    stream.resume();
    await once(stream, 'end');
  });
});

it('reads are still answered during overload', async () => {
  expect((await both.rest('GET', '/wallet/w1')).status).toBe(200);
  expect(await client.call('GetWallet', { wallet_id: 'w1' })).toMatchObject({ status: status.OK });
});
