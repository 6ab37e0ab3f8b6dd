/** Assets over REST. */
import { expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();
const call = (method: string, path: string, body?: object) => coffer.call(method, path, body);
const naira = { code: 'NGN', scale: 2, name: 'Naira', kind: 'currency' };

test('an asset is added once, and is listed', async () => {
  const added = await call('POST', '/assets', naira);
  expect(added).toMatchObject({ status: 201, body: { ...naira, retired: false } });
  expect(await call('POST', '/assets', naira)).toMatchObject({ status: 200, body: added.body });
  expect((await call('GET', '/assets')).body['items']).toContainEqual(added.body);
  const conflict = await call('POST', '/assets', { ...naira, scale: 3 });
  await expectRefused(conflict, 409);
  expect(conflict.body).toMatchObject({ code: 'asset_exists', asset: 'NGN', scale: '2' });
  expect(await call('POST', '/wallet/n1/deposit', { amount: 5, asset: 'NGN' })).toMatchObject({
    status: 201,
    body: { asset: { code: 'NGN', scale: 2 } },
  });
});

test('what is no asset is refused with a sentence', async () => {
  for (const [change, sentence] of [
    [{ code: 'ngn' }, 'Did you mean NGN?'],
    [{ code: '₦' }, 'capital letters'],
    [{ name: 'Naira 🇳🇬' }, 'no emoji'],
    [{ scale: 19 }, 'scale'],
    [{ scale: '2' }, 'scale'],
    [{ kind: 'money' }, 'kind'],
    [{ id: 7 }, 'id'],
  ] as const) {
    const refused = await call('POST', '/assets', { ...naira, ...change });
    await expectRefused(refused, 400);
    expect(refused.body['detail']).toContain(sentence);
  }
});

test('a retired asset opens no wallet, and its wallets go on', async () => {
  await call('POST', '/assets', { ...naira, code: 'OLD' });
  await call('POST', '/wallet', { id: 'o1', asset: 'OLD' });
  expect(await call('PATCH', '/assets/OLD', { retired: true, name: 'Old Naira' })).toMatchObject({
    status: 200,
    body: { retired: true, name: 'Old Naira' },
  });
  for (const [path, body] of [
    ['/wallet', { id: 'o2', asset: 'OLD' }],
    ['/wallet/o2/deposit', { amount: 1, asset: 'OLD' }],
  ] as const) {
    const refused = await call('POST', path, body);
    expect(refused).toMatchObject({ status: 422, body: { code: 'asset_retired', asset: 'OLD' } });
    expect(refused.body['detail']).toContain('Asset OLD is retired');
  }
  expect((await call('POST', '/wallet/o1/deposit', { amount: 1, asset: 'OLD' })).status).toBe(201);
  expect((await call('PATCH', '/assets/NONE', { retired: true })).body).toMatchObject({ code: 'asset_not_found' });
  expect((await call('PATCH', '/assets/USD', { retired: true })).body).toMatchObject({ code: 'asset_is_default' });
  expect((await call('PATCH', '/assets/OLD', { scale: 3 })).status).toBe(400);
  expect((await call('PATCH', '/assets/OLD', {})).body).toMatchObject({ code: 'asset_invalid' });
});
