/** If-None-Match on a wallet. */
import { expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer } = useCoffer();
const read = async (id: string, known: string) => await coffer.call('GET', `/wallet/${id}`, undefined, { 'if-none-match': known });

test('a wallet that is at the known version is not sent again', async () => {
  await coffer.call('POST', '/wallet/e1/deposit', { amount: 5 });
  const etag = (await coffer.call('GET', '/wallet/e1')).headers.get('etag') ?? '';
  expect(etag).toBe('"1"');
  for (const known of [etag, `W/${etag}`, `"0", ${etag}`, '*']) {
    const { status, text, headers } = await read('e1', known);
    expect([known, status, text, headers.get('etag')]).toEqual([known, 304, '', etag]);
  }
  for (const known of ['"0"', '1', '"11"', '']) expect((await read('e1', known)).status).toBe(200);
  await coffer.call('POST', '/wallet/e1/deposit', { amount: 5 });
  expect(await read('e1', etag)).toMatchObject({ status: 200, body: { balance: '10', version: 2 } });
  expect((await read('none', '*')).status).toBe(404);
});

test('a wallet with limits is, because their use falls without a new version', async () => {
  await coffer.call('POST', '/wallet/e2/deposit', { amount: 5 });
  await coffer.call('PUT', '/wallet/e2/limits', { perDay: 3, reason: 'r' });
  const etag = (await coffer.call('GET', '/wallet/e2')).headers.get('etag') ?? '';
  expect((await read('e2', etag)).status).toBe(200);
});
