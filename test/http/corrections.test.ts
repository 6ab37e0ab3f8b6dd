import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();
const reason = 'sent by mistake';
const post = (path: string, body: object) => coffer.call('POST', path, body);
const reverse = (id: unknown, body: object = {}) => post(`/operations/${String(id)}/reverse`, { reason, ...body });

async function transferOf(amount: number): Promise<string> {
  await post('/wallet/w1/deposit', { amount });
  return String((await post('/wallet/w1/transfer', { toWalletId: 'w2', amount })).body['operationId']);
}

describe('a reversal', () => {
  test('moves the money back in full, and both operations show it', async () => {
    const id = await transferOf(300);
    const reversal = await reverse(id, { requestId: 'r1' });
    expect(reversal).toMatchObject({
      status: 201,
      body: {
        type: 'reversal',
        walletId: 'w1',
        amount: '300',
        reverses: id,
        reversed: '300',
        from: { walletId: 'w2' },
        to: { walletId: 'w1' },
      },
    });
    expect(reversal.body['balance']).toBe((await coffer.call('GET', '/wallet/w1')).body['balance']);
    const again = await reverse(id, { requestId: 'r1' });
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([201, reversal.text, 'true']);
    const by = reversal.body['operationId'];
    expect((await coffer.call('GET', `/operations/${id}`)).body).toMatchObject({ reversed: '300', reversedBy: [by] });
    expect((await coffer.call('GET', `/operations/${String(by)}`)).body).toMatchObject({ reverses: id, reason, actor: 'anonymous' });
    expect((await coffer.call('GET', '/wallet/w1/history?limit=1')).body['items']).toMatchObject([
      { type: 'reversal', direction: 'in', amount: '300', reverses: id, reason, counterparty: { walletId: 'w2' }, requestId: 'r1' },
    ]);
    expect((await coffer.call('GET', '/wallet/w2/history?limit=1')).body['items']).toMatchObject([
      { type: 'reversal', direction: 'out', requestId: null },
    ]);
  });

  test('may come in parts, and never takes back more than was moved', async () => {
    const id = await transferOf(100);
    expect((await reverse(id, { amount: 30 })).body).toMatchObject({ amount: '30', reversed: '30' });
    const tooMuch = await reverse(id, { amount: 71 });
    expect(tooMuch).toMatchObject({ status: 422, body: { code: 'reversal_exceeds_original', reverses: id, left: '70', requested: '71' } });
    expect(tooMuch.body['detail']).toBe(
      `Only 70 of operation ${id} can still be reversed (requested 71). Retry with a new key and a smaller amount, or omit the amount.`,
    );
    expect((await reverse(id)).body).toMatchObject({ amount: '70', reversed: '100' });
    expect((await coffer.call('GET', `/operations/${id}`)).body['reversedBy']).toHaveLength(2);
    const over = await reverse(id);
    expect(over).toMatchObject({ status: 422, body: { code: 'already_reversed', reverses: id } });
    expect(over.body['detail']).toContain('nothing left to reverse');
  });

  test('takes back a deposit, a withdrawal and a capture too', async () => {
    const before = (await coffer.call('GET', '/wallet/w1')).body['balance'];
    const deposit = await post('/wallet/w1/deposit', { amount: 40 });
    const withdrawal = await post('/wallet/w1/withdraw', { amount: 25 });
    const hold = await post('/wallet/w1/holds', { amount: 15 });
    const capture = await post(`/holds/${String(hold.body['holdId'])}/capture`, {});
    for (const { body } of [capture, withdrawal, deposit]) {
      expect((await reverse(body['operationId'])).body).toMatchObject({
        walletId: 'w1',
        amount: body['amount'],
        reverses: body['operationId'],
      });
    }
    expect((await coffer.call('GET', '/wallet/w1')).body['balance']).toBe(before);
  });

  test('is refused for an operation that is not a posting, and for a reversal', async () => {
    const hold = await post('/wallet/w1/holds', { amount: 1 });
    const onHold = await reverse(hold.body['operationId']);
    expect(onHold).toMatchObject({ status: 422, body: { code: 'not_reversible', kind: 'hold' } });
    expect(onHold.body['detail']).toContain('To undo a hold, release it');
    const reversal = await reverse(await transferOf(5));
    expect(await reverse(reversal.body['operationId'])).toMatchObject({ status: 422, body: { code: 'not_reversible', kind: 'reversal' } });
    // A system account issued the demo's treasury.
    expect(await reverse('1-3')).toMatchObject({ status: 422, body: { code: 'not_reversible' } });
  });

  test('is refused for an unknown operation, for a refusal, and when the money is gone', async () => {
    const refused = await post('/wallet/w2/withdraw', { amount: '9'.repeat(38) });
    for (const id of ['1-999999', '2-1', refused.body['operationId']]) {
      const answer = await reverse(id);
      expect(answer).toMatchObject({ status: 404, body: { code: 'operation_not_found', reverses: id } });
    }
    await post('/wallet', { id: 'spender' });
    await post('/wallet/w1/deposit', { amount: 9 });
    const moved = await post('/wallet/w1/transfer', { toWalletId: 'spender', amount: 9 });
    await post('/wallet/spender/withdraw', { amount: 9 });
    expect(await reverse(moved.body['operationId'])).toMatchObject({
      status: 422,
      body: { code: 'insufficient_funds', wallet: 'spender' },
    });
  });

  test('requires a reason, and accepts no unknown properties', async () => {
    await expectRefused(await post('/operations/1-1/reverse', {}));
    await expectRefused(await reverse('1-1', { reason: ' ' }));
    await expectRefused(await reverse('1-1', { upTo: true }));
    await expectRefused(await reverse('1-1', { amount: 0 }));
    await expectRefused(await reverse('nothing'));
  });
});
