import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Coffer, CofferRefused, newKey } from '../../packages/client/src/index.ts';
import { requestOf } from '../../packages/client/src/request.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { alice, startProduct } from '../http/product.ts';
import type { TestProduct } from '../http/product.ts';

let product: TestProduct;
let coffer: Coffer;
beforeAll(async () => {
  product = await startProduct();
  coffer = new Coffer({ url: product.url });
});
afterAll(async () => {
  await product.stop();
});

describe('a call', () => {
  it('returns the answer of the API, and whether it is a replay', async () => {
    const first = await coffer.deposit({ walletId: 'c1', amount: 1000, key: 'k' });
    expect(first).toMatchObject({ walletId: 'c1', balance: '1000', version: 1, requestId: 'k', replayed: false });
    expect(await coffer.deposit({ walletId: 'c1', amount: 1000, key: 'k' })).toEqual({ ...first, replayed: true });
  });

  it('can run asynchronously and be polled', async () => {
    await coffer.deposit({ walletId: 'c0', amount: 100 });
    const later = await coffer.withdrawLater({ walletId: 'c0', amount: 1, key: 'l' });
    assert('attempts' in later, 'the key is new');
    expect(later).toMatchObject({ status: 'accepted', walletId: 'c0', amount: '1', requestId: 'l', replayed: false });
    expect(await coffer.withdrawLater({ walletId: 'c0', amount: 1, key: 'l' })).toEqual({ ...later, replayed: true });
    expect(await coffer.getRequest({ asyncRequestId: later.id })).toMatchObject({ id: later.id, log: [] });
    expect((await coffer.listRequests({ walletId: 'c0' })).items).toMatchObject([{ id: later.id }]);
    const transfer = { walletId: 'c0', toWalletId: 'c1', amount: 1, key: 'l' };
    await expect(coffer.transferLater(transfer)).rejects.toMatchObject({ status: 409, code: 'idempotency_key_reused' });
    const atOnce = await coffer.withdraw({ walletId: 'c0', amount: 2, key: 'at-once' });
    expect((await coffer.findOperations({ key: 'at-once' })).items).toMatchObject([{ operationId: atOnce.operationId }]);
    const found = [];
    for await (const operation of coffer.allFoundOperations({ key: 'at-once', limit: 1 })) found.push(operation.operationId);
    expect(found).toEqual([atOnce.operationId]);
    expect(await coffer.withdrawLater({ walletId: 'c0', amount: 2, key: 'at-once' })).toEqual({ ...atOnce, replayed: true });
  });

  it('gets a new key by default: two calls are two operations', async () => {
    const first = await coffer.deposit({ walletId: 'c2', amount: 5 });
    const second = await coffer.deposit({ walletId: 'c2', amount: 5 });
    expect(first.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect([first.requestId === second.requestId, second.balance]).toEqual([false, '10']);
  });

  it('sends amounts of every size exactly, and rejects an invalid amount before sending', async () => {
    const huge = 12_345_678_901_234_567_890_123_456_789n;
    expect(await coffer.deposit({ walletId: 'c3', amount: huge })).toMatchObject({ amount: String(huge), balance: String(huge) });
    expect(await coffer.deposit({ walletId: 'c3', amount: '1' })).toMatchObject({ balance: String(huge + 1n) });
    await expect(coffer.deposit({ walletId: 'c3', amount: 2 ** 53 })).rejects.toThrow(RangeError);
    await expect(coffer.deposit({ walletId: 'c3', amount: Number.NaN })).rejects.toThrow(RangeError);
  });

  it('accepts any text as a key, in the body and in the path', async () => {
    const key = 'Büro/№ 7 %?';
    const { operationId } = await coffer.deposit({ walletId: 'c4', amount: 1, key });
    expect(await coffer.getOperationByKey({ walletId: 'c4', key })).toMatchObject({ operationId, requestId: key, status: 'completed' });
  });

  it('accepts a deadline shorter than the default attempt timeout', async () => {
    expect(await coffer.getWallet({ walletId: 'c1' }, { deadlineMs: 9_999 })).toMatchObject({ walletId: 'c1' });
  });

  it('returns text where the API does', async () => {
    const answer = async () =>
      await Promise.resolve(new Response('# HELP x\n', { headers: { 'content-type': 'text/plain; version=0.0.4' } }));
    expect(await new Coffer({ fetch: answer }).getMetrics()).toBe('# HELP x\n');
    await expect(new Coffer({ fetch: answer, attemptsMax: 1 }).getWallet({ walletId: 'c1' })).rejects.toMatchObject({
      outcome: 'not_done',
    });
  });

  it('stays on its own path: an id that would change the path is not sent', async () => {
    await expect(coffer.getWallet({ walletId: '..' })).rejects.toThrow(TypeError);
    await expect(coffer.getWallet({ walletId: 'a/b?c' })).rejects.toMatchObject({ status: 400 });
  });
});

it('each operation of a list gets its own key unless it has one, under either name', () => {
  const described = { method: 'POST', path: '/operations/batch', query: [], hasBody: true, key: 'none', keyedItems: 'operations' } as const;
  const { body } = requestOf(described, { operations: [{ amount: 1n }, { amount: 2n }, { requestId: 'a' }, { payment_id: 'b' }] });
  const { operations } = JSON.parse(body ?? '') as { operations: { amount?: string; requestId?: string; payment_id?: string }[] };
  expect(operations[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(operations[0]?.requestId).not.toBe(operations[1]?.requestId);
  expect(operations.map(({ amount }) => amount)).toEqual(['1', '2', undefined, undefined]);
  expect(operations.slice(2)).toEqual([{ requestId: 'a' }, { payment_id: 'b' }]);
});

it('gets a new key for a key that is null, as callers without types may send it', () => {
  const described = { method: 'POST', path: '/wallet/w/deposit', query: [], hasBody: true, key: 'body' } as const;
  const [one, other] = [requestOf(described, { amount: 1n, key: null }), requestOf(described, { amount: 1n, key: null })];
  expect([one.key, JSON.parse(one.body ?? '')]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), { amount: '1', requestId: one.key }]);
  expect(other.key).not.toBe(one.key);
});

describe('a refusal', () => {
  it('has its code, its facts and its seq, and is not retried', async () => {
    let requests = 0;
    const counting = new Coffer({
      url: product.url,
      fetch: async (url, init) => {
        requests++;
        return await fetch(url, init);
      },
    });
    await coffer.deposit({ walletId: 'r1', amount: 10 });
    const refusal = await counting.withdraw({ walletId: 'r1', amount: 11, key: 'w' }).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(CofferRefused);
    expect(refusal).toMatchObject({
      status: 422,
      code: 'insufficient_funds',
      facts: { wallet: 'r1', available: '10', requested: '11' },
      requestId: 'w',
      operationId: expect.stringMatching(/^1-/) as unknown,
      replayed: false,
    });
    expect(requests).toBe(1);
    await expect(coffer.withdraw({ walletId: 'r1', amount: 11, key: 'w' })).rejects.toMatchObject({ replayed: true });
    await expect(coffer.withdraw({ walletId: 'r1', amount: 1, key: 'w' })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(coffer.getWallet({ walletId: 'nobody' })).rejects.toMatchObject({ status: 404, code: 'wallet_not_found' });
  });
});

describe('a token', () => {
  it('is sent with each request, and can be fetched for each', async () => {
    const { token } = await coffer.demoLogIn({ user_id: alice });
    expect(await new Coffer({ url: product.url, token }).getMe()).toMatchObject({ id: alice });
    const asAlice = new Coffer({ url: product.url, token: async () => await Promise.resolve(token) });
    expect(await asAlice.topUp({ amount: 300, asset_type_id: 1 })).toMatchObject({ status: 'success', balance: '1300' });
    await expect(coffer.getMe()).rejects.toMatchObject({ status: 401 });
    expect(await coffer.getMe({ token })).toMatchObject({ id: alice });
  });
});

describe('a list', () => {
  it('is read to its end, page by page', async () => {
    for (let amount = 1; amount <= 7; amount++) await coffer.deposit({ walletId: 'l1', amount });
    const amounts: (string | null)[] = [];
    for await (const { amount } of coffer.allHistory({ walletId: 'l1', limit: 3 })) amounts.push(amount);
    expect(amounts).toEqual(['7', '6', '5', '4', '3', '2', '1']);
    const seen: string[] = [];
    for await (const event of coffer.allEvents({ limit: 2 })) if (event.walletId === 'l1') seen.push(event.type);
    expect(seen).toEqual(['WalletCreated', ...Array.from({ length: 7 }, () => 'FundsDeposited')]);
  });
});

describe('a key', () => {
  it('is a UUIDv7, and later ones sort after earlier ones of another millisecond', () => {
    const keys = Array.from({ length: 1000 }, () => newKey());
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const times = keys.map((key) => key.slice(0, 13));
    expect(times).toEqual(times.toSorted());
  });
});

it('the example of the README works as described', async () => {
  const readme = fs.readFileSync(path.resolve(import.meta.dirname, '../../packages/client/README.md'), 'utf8');
  const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const file = path.resolve(import.meta.dirname, `readme-example-${process.pid}.ts`);
  fs.writeFileSync(
    file,
    example.replace("'coffer-client'", "'../../packages/client/src/index.ts'").replace('http://127.0.0.1:3000', product.url),
  );
  try {
    await import(file);
  } finally {
    fs.rmSync(file);
  }
  expect(await coffer.getWallet({ walletId: 'shop' })).toMatchObject({ balance: '300' });
  expect(await coffer.getWallet({ walletId: 'jane' })).toMatchObject({ balance: '500' });
});
