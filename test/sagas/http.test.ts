/** Transfers between books, as seen by callers of the REST API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { SagaResumer } from '../../packages/coffer/src/wallets/index.ts';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startProduct } from '../http/product.ts';
import type { Answer, TestProduct } from '../http/product.ts';
import { expectWhole, moneyIn, underWay, walletIn } from '../support/sagas.ts';

describe('in a ledger of three books', () => {
  let coffer: TestProduct;
  let from: string;
  let to: string;
  beforeAll(async () => {
    coffer = await startProduct({}, { books: 3, patienceMs: 3_000 });
    from = walletIn(coffer.ledger, 1, 'from-');
    to = walletIn(coffer.ledger, 2, 'to-');
    for (const wallet of [from, to]) await coffer.call('POST', `/wallet/${wallet}/deposit`, { amount: 1000, requestId: 'funds' });
  });
  afterAll(async () => {
    expect(await moneyIn(coffer.pool)).toMatchObject({ total: 0n, inTransit: 0n });
    await expectWhole(coffer);
    await coffer.stop();
  });
  const transfer = async (body: object): Promise<Answer> =>
    await coffer.call('POST', `/wallet/${from}/transfer`, { toWalletId: to, amount: 10, ...body });

  it('a transfer between two of them answers like any other, with its mode', async () => {
    const done = await transfer({ requestId: 'http-1', metadata: { order: 1 } });
    expect(done.status).toBe(201);
    expect(done.body).toMatchObject({
      status: 'completed',
      type: 'transfer',
      mode: 'saga',
      amount: '10',
      balance: '990',
      from: { walletId: from, balance: '990' },
      to: { walletId: to, balance: '1010' },
    });
    const again = await transfer({ requestId: 'http-1', metadata: { order: 1 } });
    expect(again.text).toBe(done.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await transfer({ requestId: 'http-1', metadata: { order: 1 }, mode: 'atomic' })).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('shows the steps with their times and books, and both wallets in both histories', async () => {
    const { body } = await transfer({ requestId: 'http-2' });
    const id = String(body['operationId']);
    const found = await coffer.call('GET', `/transfers/${id}`);
    expect(found.body).toMatchObject({ operationId: id, type: 'transfer', status: 'completed', mode: 'saga', requestId: 'http-2' });
    const steps = found.body['steps'] as { step: string; status: string; at: string; book: number; id: string }[];
    expect(steps.map(({ step, status, book }) => `${step} ${status} ${book}`)).toEqual([
      'initiated done 1',
      'debited done 1',
      'credited done 2',
      'completed done 1',
    ]);
    for (const step of steps) expect(step.id.startsWith(`${step.book}-`) && !Number.isNaN(Date.parse(step.at))).toBe(true);
    const history = async (wallet: string) => (await coffer.call('GET', `/wallet/${wallet}/history?limit=1`)).body['items'] as object[];
    expect(await history(from)).toMatchObject([
      { type: 'transfer_debit', direction: 'out', counterparty: { kind: 'wallet', walletId: to } },
    ]);
    expect(await history(to)).toMatchObject([
      { type: 'transfer_credit', direction: 'in', counterparty: { kind: 'wallet', walletId: from }, requestId: null },
    ]);
  });

  it('answers a compensated transfer with its refusal and its id, and shows the compensation', async () => {
    const nobody = walletIn(coffer.ledger, 3, 'nobody-');
    const refused = await transfer({ toWalletId: nobody, requestId: 'http-3' });
    expect(refused.status).toBe(404);
    expect(refused.body).toMatchObject({ code: 'recipient_not_found', wallet: nobody, transferStatus: 'compensated' });
    expect(refused.text).toContain('The amount was returned to');
    const found = await coffer.call('GET', `/transfers/${String(refused.body['operationId'])}`);
    expect(found.body).toMatchObject({ status: 'compensated', failure: { code: 'recipient_not_found' }, credit: { walletId: nobody } });
    const steps = found.body['steps'] as { step: string; status: string; book: number; refusal?: { code: string } }[];
    expect(steps.map(({ step, status, book, refusal }) => `${step} ${status} ${book} ${refusal?.code ?? ''}`)).toEqual([
      'initiated done 1 ',
      'debited done 1 ',
      'credited refused 3 recipient_not_found',
      'compensated done 1 ',
      'failed done 1 recipient_not_found',
    ]);
    const read = await coffer.call('GET', `/wallet/${from}/operations/http-3`);
    expect(read.body).toMatchObject({ status: 'compensated', failure: { code: 'recipient_not_found' } });
  });

  it('refuses a transfer that the sender cannot make as usual, and shows it as refused', async () => {
    const refused = await transfer({ amount: 100_000, requestId: 'http-4' });
    expect(refused.body).toMatchObject({ status: 422, code: 'insufficient_funds' });
    expect(refused.body).not.toHaveProperty('transferStatus');
    const found = await coffer.call('GET', `/transfers/${String(refused.body['operationId'])}`);
    expect(found.body).toMatchObject({ status: 'refused', mode: 'saga', failure: { code: 'insufficient_funds' } });
    expect((found.body['steps'] as { step: string }[]).map(({ step }) => step)).toEqual(['initiated', 'failed']);
  });

  it('shows an immediate transfer with the same four steps, all at one time', async () => {
    const near = walletIn(coffer.ledger, 1, 'near-');
    await coffer.call('POST', `/wallet/${near}/deposit`, { amount: 1, requestId: 'funds' });
    const { body } = await transfer({ toWalletId: near, requestId: 'http-5' });
    expect(body).not.toHaveProperty('mode');
    const found = await coffer.call('GET', `/transfers/${String(body['operationId'])}`);
    expect(found.body).toMatchObject({ status: 'completed', mode: 'atomic', type: 'transfer' });
    const steps = found.body['steps'] as { step: string; at: string; id: string }[];
    expect(steps.map(({ step }) => step)).toEqual(['initiated', 'debited', 'credited', 'completed']);
    expect(new Set(steps.map(({ at, id }) => `${at} ${id}`)).size).toBe(1);
    const inSteps = await transfer({ toWalletId: near, requestId: 'http-6', mode: 'saga' });
    expect(inSteps.body).toMatchObject({ mode: 'saga', status: 'completed' });
  });

  it('answers each transfer of a batch individually, and refuses one in steps in an all-or-nothing group', async () => {
    const item = { type: 'transfer', walletId: from, toWalletId: to, amount: 1 };
    const each = await coffer.call('POST', '/operations/batch', { operations: [item, { ...item, toWalletId: 'nobody-at-all' }] });
    expect(each.body).toMatchObject({
      completed: 1,
      refused: 1,
      results: [
        { status: 'completed', mode: 'saga', to: { walletId: to } },
        { status: 'refused', code: 'recipient_not_found', transferStatus: 'compensated' },
      ],
    });
    const group = await coffer.call('POST', '/operations/batch', { atomic: true, operations: [{ ...item, mode: 'saga' }] });
    expect(group.status).toBe(422);
    expect(group.body).toMatchObject({ results: [{ code: 'saga_not_linkable' }] });
    expect((await coffer.call('POST', '/operations/batch', { atomic: true, operations: [item] })).body).toMatchObject({
      results: [{ code: 'other_book' }],
    });
  });

  it('accepts a transfer to an unavailable book, never reports it as failed, and ends it when the book is back', async () => {
    const turn = await coffer.pool.connect();
    let accepted: Answer;
    try {
      await turn.query('begin');
      await turn.query('select from ledger.book where book = 2 for no key update');
      accepted = await transfer({ requestId: 'http-7' });
      expect(accepted.status).toBe(202);
      expect(accepted.body).toMatchObject({ status: 'debited', mode: 'saga', to: { walletId: to, balance: null } });
      const found = await coffer.call('GET', accepted.headers.get('location') ?? '');
      expect(found.body).toMatchObject({ status: 'debited', completedAt: null });
      expect((found.body['steps'] as { step: string }[]).map(({ step }) => step)).toEqual(['initiated', 'debited']);
    } finally {
      await turn.query('rollback');
      turn.release();
    }
    const resumer = new SagaResumer({ ledger: coffer.ledger, log: silentLog(), everyMs: 20, olderThanMs: 0 });
    await expect.poll(() => underWay(coffer.pool)).toBe(0);
    await resumer.stop();
    const again = await transfer({ requestId: 'http-7' });
    expect(again.status).toBe(201);
    expect(again.body).toMatchObject({ status: 'completed', operationId: accepted.body['operationId'] });
  });
});

describe('to users', () => {
  let coffer: TestProduct;
  const people: Person[] = [];
  let transferId: string;
  beforeAll(async () => {
    coffer = await startProduct({}, { books: 3, mode: 'required' });
    for (const name of ['sender', 'recipient', 'stranger']) people.push(await person(coffer.product, name, 'user'));
    const [sender, recipient] = people;
    const authorization = await service(coffer.product, ['money:deposit']);
    await coffer.call('POST', `/wallet/${sender?.user.id}.USD/deposit`, { amount: 100, requestId: 'funds' }, { authorization });
    const body = { toWalletId: `${recipient?.user.id}.USD`, amount: 10, mode: 'saga' };
    const done = await coffer.call('POST', `/wallet/${sender?.user.id}.USD/transfer`, body, { authorization: sender?.authorization ?? '' });
    expect(done.body).toMatchObject({ status: 'completed', to: { balance: null } });
    transferId = String(done.body['operationId']);
  });
  afterAll(() => coffer.stop());

  it('a transfer is visible only to the sender and the recipient', async () => {
    const look = async (at: number, id: string) =>
      await coffer.call('GET', `/transfers/${id}`, undefined, { authorization: people[at]?.authorization ?? '' });
    const seen = await look(0, transferId);
    expect(seen.body).toMatchObject({ status: 'completed', debit: { balance: '90' }, credit: { balance: null } });
    expect(seen.body['requestId']).not.toBeNull();
    expect((await look(1, transferId)).body).toMatchObject({ requestId: null, debit: { balance: null }, credit: { balance: '10' } });
    const foreign = await look(2, transferId);
    expect(foreign.status).toBe(404);
    const unknown = await look(2, '1-999999');
    expect(foreign.text.replaceAll(transferId, 'ID')).toBe(unknown.text.replaceAll('1-999999', 'ID'));
  });
});
