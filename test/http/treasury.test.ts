/** Issue and burn: over REST and gRPC, with maker and checker, in several books. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person, service } from '../access/world.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';
import { expectWhole, walletIn } from '../support/sagas.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

const reason = 'season 4';

describe('in a ledger of two books', () => {
  let coffer: TestProduct;
  beforeAll(async () => {
    coffer = await startProduct({}, { books: 2, patienceMs: 3_000 });
  });
  afterAll(async () => {
    await expectWhole(coffer);
    await coffer.stop();
  });
  const treasury = async (what: 'issue' | 'burn', body: object): Promise<Answer> =>
    await coffer.call('POST', `/accounts/treasury/${what}`, { amount: 100, asset: 'USD', reason, ...body });
  const pay = async (book: number, amount: number): Promise<Answer> => {
    const wallet = walletIn(coffer.ledger, book, 'paid-');
    await coffer.call('POST', '/wallet', { id: wallet, asset: 'USD' });
    return await coffer.call('POST', '/transfers', { from: { account: 'treasury' }, to: { wallet }, amount });
  };

  it('what is issued in a book can be paid to the wallets of that book, and no more', async () => {
    expect((await pay(2, 60)).body).toMatchObject({ code: 'insufficient_funds', detail: expect.stringContaining('treasury') as unknown });
    const issued = await treasury('issue', { book: 2, requestId: 'i' });
    expect(issued).toMatchObject({
      status: 201,
      body: { type: 'issue', amount: '100', debit: { kind: 'issuance' }, credit: { kind: 'treasury', balance: null } },
    });
    expect((await treasury('issue', { book: 2, requestId: 'i' })).text).toBe(issued.text);
    expect((await treasury('issue', { book: 2, amount: 7, requestId: 'i' })).body).toMatchObject({ code: 'idempotency_key_reused' });
    expect((await pay(2, 60)).status).toBe(201);
    expect((await pay(1, 60)).body).toMatchObject({ code: 'insufficient_funds' });
    expect(await coffer.call('GET', `/operations/${String(issued.body['operationId'])}`)).toMatchObject({
      body: { type: 'issue', reason },
    });
  });

  it('burning takes no more than the treasury has', async () => {
    expect((await treasury('burn', { book: 2, amount: 41 })).body).toMatchObject({ code: 'insufficient_funds' });
    expect((await treasury('burn', { book: 2, amount: 1_000, upTo: true })).body).toMatchObject({ type: 'burn', amount: '40' });
    expect((await treasury('burn', { book: 1, amount: 1 })).body).toMatchObject({ code: 'insufficient_funds' });
  });

  it('an invalid request is refused with a sentence, and an issue cannot be reversed', async () => {
    for (const [change, status, sentence] of [
      [{ reason: ' ' }, 400, 'reason'],
      [{ reason: undefined }, 400, 'reason'],
      [{ book: 3 }, 400, 'There is no book 3'],
      [{ book: 0 }, 400, 'book'],
      [{ asset: 'NONE' }, 422, 'NONE'],
      [{ amount: 0 }, 400, 'amount'],
    ] as const) {
      const refused = await treasury('issue', change);
      expect([change, refused.status]).toEqual([change, status]);
      expect(refused.body['detail']).toContain(sentence);
    }
    const { body } = await treasury('issue', {});
    const reversed = await coffer.call('POST', `/operations/${String(body['operationId'])}/reverse`, { reason });
    expect(reversed.body).toMatchObject({ code: 'not_reversible' });
    const operations = [{ type: 'issue', amount: 1, asset: 'USD', reason, book: 2 }];
    const group = await coffer.call('POST', '/operations/batch', { operations, atomic: true });
    expect(group.text).toContain('other_book');
  });

  it('events say what was issued and burned, and why', async () => {
    const { body } = await coffer.call('GET', '/events?limit=500');
    const events = body['items'] as { type: string; data: Record<string, unknown> }[];
    expect(events.find(({ type, data }) => type === 'FundsIssued' && data['reason'] === reason)?.data).toMatchObject({
      amount: '100',
      actor: 'anonymous',
    });
    expect(events.find(({ type }) => type === 'FundsBurned')?.data).toMatchObject({ amount: '40', reason, actor: 'anonymous' });
  });
});

describe('with access control', () => {
  let both: Both;
  let operator: string;
  let treasurer: string;
  beforeAll(async () => {
    both = await startBoth({ mode: 'required' });
    operator = (await person(both.platform, 'olga', 'operator')).authorization;
    treasurer = (await person(both.platform, 'tom', 'treasury')).authorization;
  });
  afterAll(async () => await both.stop());
  const rest = async (authorization: string, body: object = {}) =>
    await both.rest('POST', '/accounts/treasury/issue', { amount: 5, asset: 'USD', reason, ...body }, authorization);
  const grpc = async (authorization: string) =>
    await both.call('Post', { operations: [{ issue: { amount: 5, asset: 'USD', reason } }] }, authorization);

  it('needs the scope, or the duty to move money', async () => {
    const plain = await service(both.platform, ['money:topup', 'batches:write']);
    const full = await service(both.platform, ['money:issue', 'batches:write']);
    const user = (await person(both.platform, 'jane', 'user')).authorization;
    const support = (await person(both.platform, 'sam', 'support')).authorization;
    for (const authorization of [plain, user, support]) expect((await rest(authorization)).status).toBe(403);
    for (const authorization of [full, treasurer, operator]) expect((await rest(authorization)).status).toBe(201);
    expect(JSON.stringify((await grpc(full)).message)).toContain('issuance');
    expect((await grpc(plain)).details).toContain('money:issue');
  });

  it('waits for a second person where a policy asks for one, over REST and gRPC; the log has both', async () => {
    const policy = {
      id: 'issues',
      operation: 'issue',
      asset: null,
      above: null,
      makers: ['treasury', 'operator', 'key'],
      wallets: 'any',
    } as const;
    await both.platform.approvals.changeNow({ id: policy.id, policy, reason: 'four eyes' }, 'cli');
    const asked = await rest(treasurer, { requestId: 'four-eyes' });
    expect(asked.body).toMatchObject({ code: 'approval_required' });
    expect(JSON.stringify((await grpc(treasurer)).message)).toContain('approval_required');
    const id = String(asked.body['approvalId']);
    expect((await both.rest('POST', `/approvals/${id}/approve`, { reason: 'fine' }, treasurer)).status).toBe(403);
    const approved = await both.rest('POST', `/approvals/${id}/approve`, { reason: 'fine' }, operator);
    expect(approved).toMatchObject({ status: 200, body: { state: 'done' } });
    const done = await rest(treasurer, { requestId: 'four-eyes' });
    expect(done.status).toBe(201);
    const { body } = await both.rest('GET', `/operations/${String(done.body['operationId'])}`, undefined, operator);
    expect(body).toMatchObject({
      type: 'issue',
      reason,
      actor: expect.stringContaining(':') as unknown,
      approver: expect.stringContaining(':') as unknown,
    });
    // Naming the first book means the same treasury, where the key is on record.
    expect((await rest(treasurer, { requestId: 'four-eyes', book: 1 })).body).toEqual(done.body);
  });
});
