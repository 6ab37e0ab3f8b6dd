import { describe, expect, test } from 'vitest';
import { scopes } from '../../packages/coffer/src/identity/index.ts';
import { service } from '../access/world.ts';
import { useCoffer } from './fixture.ts';
import { alice } from './product.ts';
import type { Answer } from './product.ts';
import { headOfLog } from './refused.ts';

const { coffer, expectRefused } = useCoffer();
const bob = 'b55709be-d0f6-467e-942c-cc04155ad54c';
const batch = (operations: unknown, more: object = {}, headers: Record<string, string> = {}) =>
  coffer.call('POST', '/operations/batch', { operations, ...more }, headers);
const balanceOf = async (wallet: string) => (await coffer.call('GET', `/wallet/${wallet}`)).body['balance'];
type Result = Record<string, unknown> & { readonly status: string };
const resultsOf = ({ body }: Answer) => body['results'] as Result[];

describe('a batch', () => {
  test('answers each operation as the single request would, in order', async () => {
    const answer = await batch([
      { type: 'open', walletId: 'b1', asset: 'USD', creditLimit: 10, requestId: 'o' },
      { type: 'deposit', walletId: 'b1', amount: 100, requestId: 'd', metadata: { order: 1 } },
      { type: 'withdraw', walletId: 'b1', amount: '1000', requestId: 'w' },
      { type: 'transfer', walletId: 'b1', toWalletId: 'w2', amount: 30 },
      { type: 'hold', walletId: 'b1', amount: 500, upTo: true, expiresInSeconds: 60 },
    ]);
    expect(answer).toMatchObject({ status: 200, body: { atomic: false, completed: 4, refused: 1 } });
    const [opened, deposited, refused, moved, held] = resultsOf(answer);
    expect(opened).toMatchObject({
      status: 'completed',
      replayed: false,
      requestId: 'o',
      walletId: 'b1',
      ownerId: null,
      creditLimit: '10',
    });
    expect(deposited).toMatchObject({ status: 'completed', type: 'deposit', balance: '100', available: '110', version: 1 });
    expect(refused).toEqual({
      status: 'refused',
      replayed: false,
      requestId: 'w',
      operationId: refused?.['operationId'],
      code: 'insufficient_funds',
      title: 'Insufficient funds.',
      detail: '"b1" has 110 available (requested 1000). Retry with a new key and a smaller amount, or after a deposit.',
      facts: { wallet: 'b1', available: '110', requested: '1000' },
    });
    expect(moved).toMatchObject({ type: 'transfer', from: { walletId: 'b1', balance: '70' }, to: { walletId: 'w2' } });
    expect(held).toMatchObject({
      status: 'completed',
      amount: '80',
      askedAmount: '500',
      left: '80',
      available: '0',
      holdId: held?.['operationId'],
    });
    expect(moved?.['requestId']).toMatch(/^[0-9a-f-]{36}$/);

    const single = await coffer.call('POST', '/wallet/b1/deposit', { amount: 100, requestId: 'd', metadata: { order: 1 } });
    const { replayed: _replayed, ...alone } = { replayed: null, ...deposited };
    expect([single.headers.get('idempotency-replayed'), single.body]).toEqual(['true', alone]);
  });

  test('captures and releases holds, including holds that another batch authorised', async () => {
    const [one, other] = resultsOf(await batch([10, 20].map((amount) => ({ type: 'hold', walletId: 'w1', amount }))));
    const answer = await batch([
      { type: 'capture', holdId: one?.['holdId'], amount: 4, toWalletId: 'w2' },
      { type: 'capture', holdId: one?.['holdId'], to: 'fees' },
      { type: 'release', holdId: other?.['holdId'] },
      { type: 'capture', holdId: other?.['holdId'] },
      { type: 'release', holdId: '1-999999' },
    ]);
    expect(resultsOf(answer)).toMatchObject([
      { status: 'completed', type: 'capture', amount: '4', left: '6' },
      { status: 'completed', type: 'capture', amount: '6', left: '0' },
      { status: 'completed', type: 'release', amount: '20', left: '0' },
      { status: 'refused', code: 'hold_resolved' },
      { status: 'refused', code: 'hold_not_found', facts: { hold: '1-999999' } },
    ]);
  });

  test('sent again has no second effect: each result is marked as replayed, including refusals', async () => {
    const operations = [
      { type: 'deposit', walletId: 'b2', amount: 10, requestId: '1' },
      { type: 'withdraw', walletId: 'b2', amount: 11, requestId: '2' },
    ];
    const first = resultsOf(await batch(operations));
    await batch([{ type: 'deposit', walletId: 'b2', amount: 5, requestId: '3' }]);
    const again = resultsOf(await batch(operations));
    expect(again).toEqual(first.map((result) => ({ ...result, replayed: true })));
    expect(await balanceOf('b2')).toBe('15');
  });

  test('treats the same key twice as one operation', async () => {
    const deposit = { type: 'deposit', walletId: 'b3', amount: 10, requestId: 'once' };
    const results = resultsOf(await batch([deposit, deposit, { ...deposit, amount: 11 }]));
    expect(results).toMatchObject([{ replayed: false }, { replayed: true }, { status: 'refused', code: 'idempotency_key_reused' }]);
    expect(await balanceOf('b3')).toBe('10');
  });

  test('of a thousand operations is answered, in order', async () => {
    const amounts = Array.from({ length: 1000 }, (_, at) => at + 1);
    const answer = await batch(amounts.map((amount) => ({ type: 'deposit', walletId: 'b4', amount })));
    expect(resultsOf(answer).map(({ amount }) => amount)).toEqual(amounts.map(String));
    expect(await balanceOf('b4')).toBe('500500');
  });
});

const aService = async () => ({ authorization: await service(coffer.product, scopes) });

describe('an operation of a batch can do what a single route can', () => {
  test('tops up and spends the credits of the caller, or of the owner that it names', async () => {
    const operations = [
      { type: 'topup', asset_type_id: 1, amount: 30, payment_id: 'batch-pay-1' },
      { type: 'spend', asset_type_id: 1, amount: '20', upTo: true },
      { type: 'topup', asset_type_id: 2, amount: 5, user_id: bob },
      { type: 'spend', asset_type_id: 1, amount: '999999999' },
    ];
    const answer = await batch(operations, {}, await coffer.login(alice));
    expect(answer).toMatchObject({ status: 200, body: { completed: 3, refused: 1 } });
    expect(resultsOf(answer)).toMatchObject([
      { status: 'completed', type: 'topup', walletId: `${alice}.GOLD`, balance: '1030', requestId: 'batch-pay-1' },
      { status: 'completed', type: 'spend', walletId: `${alice}.GOLD`, balance: '1010', amount: '20' },
      { status: 'completed', type: 'topup', walletId: `${bob}.POINTS`, amount: '5' },
      { status: 'refused', code: 'insufficient_funds' },
    ]);
    // The key belongs to the operation, in a batch or alone.
    const alone = { asset_type_id: 1, amount: 30, payment_id: 'batch-pay-1' };
    const single = await coffer.call('POST', '/wallet/topup', alone, await coffer.login(alice));
    expect([single.status, single.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
  });

  test('a top-up without a login is 401, for an unknown user 404, and nothing is done', async () => {
    const credits = { asset_type_id: 1, amount: 1 };
    const fine = { type: 'deposit', walletId: 'w1', amount: 1 };
    const anonymous = await batch([fine, { type: 'topup', ...credits }]);
    await expectRefused(anonymous, 401);
    expect(anonymous.body['detail']).toMatch(/^operations\[1\]: Log in first/);
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (const operation of [
      { type: 'topup', ...credits, user_id: nobody },
      { type: 'spend', ...credits, user_id: nobody },
      { type: 'open', ownerId: nobody },
    ])
      await expectRefused(await batch([fine, operation], {}, await aService()), 404);
    await expectRefused(await batch([{ type: 'topup', ...credits, asset: 'GOLD' }], {}, await coffer.login(alice)));
  });

  test('opens the wallet of an owner', async () => {
    expect(resultsOf(await batch([{ type: 'open', ownerId: bob, asset: 'EUR' }], {}, await aService()))).toMatchObject([
      { status: 'completed', walletId: `${bob}.EUR`, ownerId: bob },
    ]);
  });

  test('reverses, freezes, sets limits and a credit line, and closes, with the reason and the actor', async () => {
    const reason = 'chargeback 4711';
    const [paid] = resultsOf(await batch([{ type: 'deposit', walletId: 'c1', amount: 50 }]));
    const control = { walletId: 'c1', reason };
    const results = resultsOf(
      await batch([
        { type: 'reverse', operationId: paid?.['operationId'], amount: 20, reason },
        { type: 'freeze', ...control, sides: 'debits', requestId: 'f' },
        { type: 'withdraw', walletId: 'c1', amount: 1 },
        { type: 'unfreeze', ...control },
        { type: 'setLimits', ...control, perDay: '100' },
        { type: 'setCreditLine', ...control, creditLimit: 7 },
        { type: 'setCreditLine', ...control, creditLimit: 0 },
        { type: 'close', ...control, sweepToWalletId: 'w2' },
      ]),
    );
    expect(results).toMatchObject([
      { status: 'completed', type: 'reversal', amount: '20', reverses: paid?.['operationId'], reversed: '20' },
      { status: 'completed', type: 'freeze', requestId: 'f', debits: 'frozen', credits: 'active', reason, actor: 'anonymous' },
      { status: 'refused', code: 'wallet_frozen' },
      { status: 'completed', type: 'unfreeze', debits: 'active' },
      { status: 'completed', type: 'limit', limits: { perDay: '100', perMonth: null } },
      { status: 'completed', type: 'credit_line', creditLimit: '7' },
      { status: 'completed', type: 'credit_line', creditLimit: '0' },
      { status: 'completed', type: 'close', debits: 'closed', sweptAmount: '30', sweptTo: { walletId: 'w2' } },
    ]);
    const alone = await coffer.call('POST', '/wallet/c1/freeze', { sides: 'debits', reason, requestId: 'f' });
    const { replayed: _replayed, ...frozen } = { replayed: null, ...results[1] };
    expect([alone.headers.get('idempotency-replayed'), alone.body]).toEqual(['true', frozen]);
  });

  test('refuses wallet controls without a reason', async () => {
    await expectRefused(await batch([{ type: 'freeze', walletId: 'c1', reason: '  ' }]));
    await expectRefused(await batch([{ type: 'freeze', walletId: 'c1' }]));
  });
});

describe('all or nothing', () => {
  test('does all operations when none is refused', async () => {
    const answer = await batch(
      [
        { type: 'deposit', walletId: 'a1', amount: 50, requestId: 'x' },
        { type: 'transfer', walletId: 'a1', toWalletId: 'w2', amount: 50, requestId: 'y' },
      ],
      { atomic: true },
    );
    expect(answer).toMatchObject({ status: 200, body: { atomic: true, completed: 2, refused: 0 } });
  });

  test('does nothing when one is refused: 422, and each result states the reason', async () => {
    const operations = [
      { type: 'deposit', walletId: 'a2', amount: 50, requestId: 'x' },
      { type: 'withdraw', walletId: 'w1', amount: '9'.repeat(20), requestId: 'y' },
      { type: 'deposit', walletId: 'w1', amount: 1, requestId: 'z' },
    ];
    const before = await balanceOf('w1');
    const answer = await batch(operations, { atomic: true });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer).toMatchObject({ status: 422, body: { code: 'batch_refused', status: 422, atomic: true, completed: 0, refused: 3 } });
    expect(answer.body['detail']).toMatch(
      /^Nothing was done: operations\[1\] was refused\. "w1" has \d+ available \(requested 9+\)\. Correct that operation and send the batch again with new keys\.$/,
    );
    expect(resultsOf(answer)).toMatchObject([
      { status: 'refused', requestId: 'x', code: 'linked_operation_refused', facts: { refused: '1' } },
      { status: 'refused', requestId: 'y', code: 'insufficient_funds' },
      { status: 'refused', requestId: 'z', code: 'linked_operation_refused' },
    ]);
    expect(resultsOf(answer)[2]?.['detail']).toBe(
      'Nothing was done, because operations[1] of the same group was refused. Correct that operation and send the group again with new keys.',
    );
    expect(await balanceOf('w1')).toBe(before);
    expect((await coffer.call('GET', '/wallet/a2')).status).toBe(404);
    const again = resultsOf(await batch(operations, { atomic: true }));
    expect(again.slice(1)).toMatchObject([{ replayed: true }, { replayed: true }]);
  });

  test('does nothing when one names an unknown asset or hold', async () => {
    const head = await headOfLog(coffer);
    for (const hopeless of [
      { type: 'deposit', walletId: 'w1', amount: 1, asset: 'SHELLS' },
      { type: 'capture', holdId: '1-999999' },
    ]) {
      const answer = await batch([{ type: 'deposit', walletId: 'w1', amount: 1 }, hopeless], { atomic: true });
      expect(resultsOf(answer)).toMatchObject([{ code: 'linked_operation_refused', facts: { refused: '1' } }, { status: 'refused' }]);
    }
    expect(await headOfLog(coffer)).toBe(head);
  });
});

describe('a malformed batch is refused as a whole, and the error names the operation', () => {
  const fine = { type: 'deposit', walletId: 'w1', amount: 1 };
  test.each<[string, unknown, RegExp]>([
    ['none', [], /"operations" \(a list of 1 to 1000/],
    ['too many', Array.from({ length: 1001 }, () => fine), /"operations"/],
    ['no list', { 0: fine }, /"operations"/],
    ['a number', [fine, 1], /^operations\[1\] must be a JSON object/],
    ['no type', [fine, { walletId: 'w1', amount: 1 }], /^operations\[1\] has an invalid "type" \(one of open, deposit,/],
    ['an unknown type', [fine, { ...fine, type: 'mint' }], /^operations\[1\] has an invalid "type" \(one of open, deposit,/],
    ['a prototype', [fine, { ...fine, type: 'toString' }], /^operations\[1\] has an invalid "type" \(one of open, deposit,/],
    ['no amount', [fine, { type: 'deposit', walletId: 'w1' }], /^operations\[1\] is missing "amount"/],
    ['no wallet', [fine, { type: 'hold', amount: 1 }], /^operations\[1\] is missing "walletId"/],
    ['an unknown property', [fine, { ...fine, toWalletId: 'w2' }], /^operations\[1\] has an unknown property "toWalletId"/],
    ['a wrong amount', [fine, fine, { ...fine, amount: '01' }], /^operations\[2\] has an invalid "amount"/],
    [
      'two keys',
      [fine, { ...fine, requestId: 'a', txId: 'b' }],
      /^operations\[1\]: The operation has two different idempotency keys\. Send one\.$/,
    ],
    ['a key that is none', [{ ...fine, requestId: 'a\nb' }], /^operations\[0\]: The idempotency key is not valid/],
    ['no such day', [{ ...fine, effectiveAt: '2026-02-30T00:00:00Z' }], /^operations\[0\]: "effectiveAt" is not a valid timestamp/],
    ['deep metadata', [{ ...fine, metadata: { a: { b: { c: { d: { e: {} } } } } } }], /^operations\[0\]: The metadata/],
  ])('%s', async (_what, operations, detail) => {
    const answer = await batch(operations);
    await expectRefused(answer);
    expect(answer.body['detail']).toMatch(detail);
  });

  test('with unknown properties, or with headers that apply to a single operation', async () => {
    await expectRefused(await batch([fine], { atomic: 'yes' }));
    await expectRefused(await batch([fine], { requestId: 'all' }));
    const keyed = await batch([fine], {}, { 'idempotency-key': 'all' });
    await expectRefused(keyed);
    expect(keyed.body['detail']).toBe(
      'A batch takes no idempotency-key header. Give each operation its own requestId, and expectedVersion where you need it.',
    );
    await expectRefused(await batch([fine], {}, { 'if-match': '"1"' }));
  });

  test("with the opening of a user's wallet by another caller; the user's own login opens it", async () => {
    const alice = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';
    await expectRefused(await batch([fine, { type: 'open', walletId: `${alice}.EUR` }]), 403);
    await expectRefused(await batch([fine, { type: 'open' }]), 401);
    const [opened] = resultsOf(await batch([{ type: 'open', asset: 'EUR' }], {}, await coffer.login(alice)));
    expect(opened).toMatchObject({ status: 'completed', walletId: `${alice}.EUR`, ownerId: alice });
  });
});
