// Fraud rules read the property `coffer` of a hold's metadata to recognise an asynchronous withdrawal: only Coffer may set it.
import { expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import type { Answer } from './product.ts';

const { coffer, expectRefused } = useCoffer();
const metadata = { order: 'A-17', coffer: { purpose: 'withdrawal' } };

const money = { amount: 1, metadata };
const requests: [string, string, object][] = [
  ['a deposit', '/wallet/w1/deposit', money],
  ['a hold', '/wallet/w1/holds', money],
  ['a withdrawal', '/wallet/w1/withdraw', money],
  ['an asynchronous withdrawal', '/wallet/w1/withdraw', { ...money, async: true }],
  ['a transfer', '/wallet/w1/transfer', { ...money, toWalletId: 'w2' }],
  ['a transfer in steps', '/wallet/w1/transfer', { ...money, toWalletId: 'w2', mode: 'saga' }],
  ['a capture', '/holds/1-1/capture', money],
  ['a release', '/holds/1-1/release', { metadata }],
];

function mention({ body }: Answer): string {
  return JSON.stringify([body['code'], body['detail'], body['errors']]);
}

test.each(requests)('%s cannot carry what only Coffer may note', async (_what, path, body) => {
  const answer = await coffer.call('POST', path, body);
  expect([answer.status, mention(answer)]).toEqual([400, expect.stringContaining('property \\"coffer\\", which is reserved') as unknown]);
  await expectRefused(answer);
});

test('neither can an operation of a batch', async () => {
  const operations = [{ type: 'hold', walletId: 'w1', ...money }];
  const answer = await coffer.call('POST', '/operations/batch', { operations });
  expect([answer.status, mention(answer)]).toEqual([400, expect.stringContaining('which is reserved') as unknown]);
  await expectRefused(answer);
});

test('deeper down the name is free', async () => {
  const deposit = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, metadata: { of: { coffer: 1 } } });
  expect(deposit).toMatchObject({ status: 201 });
});
