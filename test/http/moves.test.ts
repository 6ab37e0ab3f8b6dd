/** Transfers between wallets and accounts, over REST and gRPC. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { expectWhole, moneyIn, walletIn } from '../support/sagas.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

const account = { asset: 'USD', type: 'revenue', name: 'An account' };

describe('in a ledger of three books', () => {
  let coffer: TestProduct;
  const wallets: string[] = [];
  beforeAll(async () => {
    coffer = await startProduct({}, { books: 3, patienceMs: 3_000 });
    for (const book of [1, 2, 3]) wallets.push(walletIn(coffer.ledger, book, 'w-'));
    for (const wallet of wallets) await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000, requestId: 'funds' });
    await coffer.call('POST', '/accounts', { ...account, id: 'revenue:shop' });
    await coffer.call('POST', '/accounts', { ...account, id: 'liability:budget', type: 'liability', floor: '-500' });
  });
  afterAll(async () => {
    expect(await moneyIn(coffer.pool)).toMatchObject({ total: 0n, inTransit: 0n });
    await expectWhole(coffer);
    await coffer.stop();
  });
  const move = async (from: object, to: object, rest: object = {}): Promise<Answer> =>
    await coffer.call('POST', '/transfers', { from, to, amount: 10, ...rest });

  it('an account without a floor takes and pays at once in every book, beyond what it has', async () => {
    for (const wallet of wallets) {
      const paid = await move({ wallet }, { account: 'revenue:shop' }, { requestId: 'p' });
      expect(paid).toMatchObject({
        status: 201,
        body: {
          type: 'transfer',
          status: 'completed',
          amount: '10',
          debit: { kind: 'wallet', walletId: wallet, balance: '990' },
          credit: { kind: 'account', accountId: 'revenue:shop', walletId: null, balance: null, version: null },
        },
      });
      const again = await move({ wallet }, { account: 'revenue:shop' }, { requestId: 'p' });
      expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([paid.text, 'true']);
      expect((await move({ account: 'revenue:shop' }, { wallet }, { amount: 30, requestId: 'q' })).body).toMatchObject({
        credit: { walletId: wallet, balance: '1020' },
      });
    }
  });

  it('an account with a floor is in one book: the others reach it in steps, and it never goes below its floor', async () => {
    const budget = { account: 'liability:budget' };
    const answers = await Promise.all(wallets.map(async (wallet) => await move(budget, { wallet }, { amount: 150 })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers.filter(({ body }) => body['mode'] === 'saga')).toHaveLength(2);
    for (const wallet of wallets) {
      const short = await move(budget, { wallet }, { amount: 51 });
      expect(short).toMatchObject({ status: 422, body: { code: 'insufficient_funds', available: '50' } });
    }
    for (const wallet of wallets)
      expect(await move({ wallet }, budget, { amount: 150 })).toMatchObject({
        status: 201,
        body: { credit: { accountId: 'liability:budget' } },
      });
  });

  it('two accounts, built in or not, move money between each other under one key', async () => {
    const first = await move({ account: 'cash_in' }, { account: 'revenue:shop' }, { requestId: 'one' });
    expect(first).toMatchObject({ status: 201, body: { debit: { kind: 'cash_in' }, asset: { code: 'USD' } } });
    expect((await move({ account: 'cash_in' }, { account: 'revenue:shop' }, { requestId: 'one' })).text).toBe(first.text);
    expect((await move({ account: 'cash_in' }, { account: 'fees' }, { requestId: 'one' })).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(await move({ account: 'revenue:shop' }, { account: 'cash_out' }, { unit: 'major', amount: '0.10' })).toMatchObject({
      status: 201,
      body: { amount: '0.10' },
    });
    const id = String(first.body['operationId']);
    expect(await coffer.call('POST', `/operations/${id}/reverse`, { reason: 'a mistake' })).toMatchObject({ status: 201 });
  });

  it('what cannot be a side is refused with a sentence', async () => {
    const [wallet = ''] = wallets;
    for (const [to, status, code, sentence] of [
      [{ account: 'none' }, 404, 'account_not_found', 'coffer accounts add'],
      [{ account: 'issuance' }, 400, 'invalid_request', 'issued and burned'],
      [{ account: 'in_transit' }, 400, 'invalid_request', 'between books'],
      [{ account: 'Revenue' }, 400, 'invalid_request', 'to'],
      [{}, 400, 'invalid_request', 'to'],
      [{ wallet: 'w1', account: 'fees' }, 400, 'invalid_request', 'to'],
      [{ wallet: '@revenue:shop' }, 400, 'invalid_request', 'to'],
      [{ wallet: 'nowhere' }, 404, 'recipient_not_found', 'nowhere'],
      [{ wallet }, 422, 'same_wallet', 'itself'],
    ] as const) {
      const refused = await move({ wallet }, to);
      expect([to, refused.status, refused.body['code']]).toEqual([to, status, code]);
      expect(refused.body['detail']).toContain(sentence);
    }
    await coffer.call('POST', '/accounts', { ...account, id: 'euros', asset: 'EUR' });
    expect(await move({ wallet }, { account: 'euros' })).toMatchObject({ status: 422, body: { code: 'asset_mismatch', asset: 'USD' } });
  });
});

describe('with access control', () => {
  let both: Both;
  let user: Person;
  let wallet: string;
  let staff: string;
  beforeAll(async () => {
    both = await startBoth({ mode: 'required' });
    user = await person(both.platform, 'jane', 'user');
    staff = (await person(both.platform, 'olga', 'operator')).authorization;
    wallet = `${user.user.id}.USD`;
    await both.platform.ledger.chart.add({ ...account, id: 'revenue:shop', type: 'revenue', floor: null, parent: null });
    await both.rest('POST', `/wallet/${wallet}/deposit`, { amount: 1_000 }, staff);
  });
  afterAll(async () => await both.stop());
  const shop = { account: 'revenue:shop' };
  const paying = (to: object) => ({ move: { from: { wallet }, to, amount: 1 } });
  const rest = async (authorization: string, to: object = shop) =>
    await both.rest('POST', '/transfers', { from: { wallet }, to, amount: 1 }, authorization);

  it('naming an account needs the scope for it, over REST, in a batch and over gRPC', async () => {
    const plain = await service(both.platform, ['money:transfer', 'batches:write']);
    const full = await service(both.platform, ['money:transfer', 'money:accounts', 'batches:write']);
    const batch = { operations: [{ type: 'move', from: { wallet }, to: shop, amount: 1 }] };
    const each = async (authorization: string) => [
      (await rest(authorization)).status,
      (await both.rest('POST', '/operations/batch', batch, authorization)).status,
      (await both.call('Post', { operations: [paying(shop)] }, authorization)).status,
    ];
    expect(await each(plain)).toEqual([403, 403, status.PERMISSION_DENIED]);
    expect((await rest(plain)).body['detail']).toContain('money:accounts');
    expect(await each(full)).toEqual([201, 200, status.OK]);
    expect(await each(staff)).toEqual([201, 200, status.OK]);
  });

  it('a user pays from own wallets to wallets, and never names an account', async () => {
    const { authorization } = user;
    const from = `${(await person(both.platform, 'john', 'user')).user.id}.USD`;
    expect((await both.rest('POST', `/wallet/${from}/deposit`, { amount: 9 }, staff)).status).toBe(201);
    expect((await rest(authorization, shop)).body).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('only wallets') as unknown,
    });
    expect((await rest(authorization, { wallet: from })).status).toBe(201);
    expect((await both.rest('POST', '/transfers', { from: { wallet: 'w1' }, to: { wallet }, amount: 1 }, authorization)).status).toBe(404);
    expect((await both.rest('POST', '/transfers', { from: { wallet: from }, to: { wallet }, amount: 1 }, authorization)).status).toBe(404);
  });

  it('histories and operations name the account, but not to users', async () => {
    const id = String((await rest(staff)).body['operationId']);
    const read = async (path: string, authorization: string) => (await both.rest('GET', path, undefined, authorization)).body;
    const first = (page: Record<string, unknown>) => (page['items'] as { counterparty: unknown }[])[0]?.counterparty;
    expect(first(await read(`/wallet/${wallet}/history`, staff))).toEqual({ kind: 'account', walletId: null, accountId: 'revenue:shop' });
    expect(first(await read(`/wallet/${wallet}/history`, user.authorization))).toEqual({ kind: 'account', walletId: null });
    expect(await read(`/operations/${id}`, staff)).toMatchObject({ credit: { kind: 'account', accountId: 'revenue:shop' } });
    const seen = await read(`/operations/${id}`, user.authorization);
    expect(JSON.stringify(seen)).not.toContain('revenue:shop');
    const { message } = await both.call('GetOperation', { operation_id: id }, user.authorization);
    expect(JSON.stringify(message)).not.toContain('revenue:shop');
  });

  it('what cannot be a side is refused over gRPC, too', async () => {
    const refusalOf = async (to: object) => {
      const { message, details } = await both.call('Post', { operations: [paying(to)] }, staff);
      return JSON.stringify(message) + details;
    };
    expect(await refusalOf({ account: 'none' })).toContain('account_not_found');
    expect(await refusalOf({ account: 'issuance' })).toContain('issued and burned');
    expect(await refusalOf({})).toContain('must name a wallet or an account');
    expect(await refusalOf({ wallet: 'w1', account: 'fees' })).toContain('must name a wallet or an account');
    expect(await refusalOf({ wallet: '@revenue:shop' })).toContain('must be a wallet id');
  });
});
