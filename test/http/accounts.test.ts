/** The chart of accounts over REST. */
import { expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();
const call = (method: string, path: string, body?: object) => coffer.call(method, path, body);
const revenue = { id: 'revenue', asset: 'USD', type: 'revenue', name: 'Revenue' };

test('an account is added once, and is listed after the built-in ones', async () => {
  const added = await call('POST', '/accounts', revenue);
  expect(added).toMatchObject({ status: 201, body: { ...revenue, asset: { code: 'USD' }, floor: null, parent: null, builtIn: false } });
  expect(await call('POST', '/accounts', revenue)).toMatchObject({ status: 200, body: added.body });
  const shop = { ...revenue, id: 'revenue:shop', floor: -500, parent: 'revenue' };
  expect(await call('POST', '/accounts', shop)).toMatchObject({ status: 201, body: { floor: '-500', parent: 'revenue' } });
  const { items } = (await call('GET', '/accounts')).body as unknown as { items: { id: string; builtIn: boolean; type: string }[] };
  expect(items.filter(({ builtIn }) => builtIn).map(({ id, type }) => `${id} ${type}`)).toEqual([
    'treasury equity',
    'issuance equity',
    'cash_in asset',
    'cash_out asset',
    'fees revenue',
    'in_transit liability',
    'breakage revenue',
  ]);
  expect(items.filter(({ builtIn }) => !builtIn).map(({ id }) => id)).toEqual(['revenue', 'revenue:shop']);
  const conflict = await call('POST', '/accounts', { ...revenue, type: 'equity' });
  await expectRefused(conflict, 409);
  expect(conflict.body).toMatchObject({ code: 'account_exists', account: 'revenue' });
});

test('what is no account is refused with a sentence', async () => {
  for (const [change, status, sentence] of [
    [{ id: 'Revenue' }, 400, 'lower case'],
    [{ id: 'fees' }, 400, 'built in'],
    [{ type: 'income' }, 400, 'type'],
    [{ floor: '5' }, 400, 'floor'],
    [{ floor: '-0.5' }, 400, 'floor'],
    [{ name: 'Revenue 💰' }, 400, 'no emoji'],
    [{ balance: 5 }, 400, 'balance'],
    [{ asset: 'NONE' }, 422, 'There is no asset "NONE"'],
    [{ parent: 'none' }, 422, 'There is no account "none"'],
    [{ asset: 'EUR', parent: 'revenue' }, 422, 'another asset or type'],
  ] as const) {
    const refused = await call('POST', '/accounts', { ...revenue, id: 'other', ...change });
    await expectRefused(refused, status);
    expect(refused.body['detail']).toContain(sentence);
  }
  await call('POST', '/assets', { code: 'OLD', scale: 0, name: 'Old', kind: 'other' });
  await call('PATCH', '/assets/OLD', { retired: true });
  expect((await call('POST', '/accounts', { ...revenue, id: 'other', asset: 'OLD' })).body).toMatchObject({ code: 'asset_retired' });
});

test('a parent is changed, but never to something below the account', async () => {
  for (const id of ['p', 'q']) await call('POST', '/accounts', { ...revenue, id });
  expect(await call('PATCH', '/accounts/p', { parent: 'q', name: 'P' })).toMatchObject({ status: 200, body: { parent: 'q', name: 'P' } });
  const cycle = await call('PATCH', '/accounts/q', { parent: 'p' });
  await expectRefused(cycle, 422);
  expect(cycle.body).toMatchObject({ code: 'account_cycle' });
  expect((await call('PATCH', '/accounts/p', { parent: null })).body).toMatchObject({ parent: null, name: 'P' });
  expect((await call('PATCH', '/accounts/none', { name: 'None' })).body).toMatchObject({ code: 'account_not_found' });
  expect((await call('PATCH', '/accounts/p', {})).body).toMatchObject({ code: 'account_invalid' });
});
