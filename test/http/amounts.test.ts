import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();

describe('amounts are exact or refused, never rounded', () => {
  const notExact = [
    '0',
    '-1',
    '-0',
    '1.005',
    '0.1',
    '1e400',
    '-1e400',
    '1e-7',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '1.0000000000000000001',
    '9007199254740990.5',
    '0.99999999999999999999',
    '1e30',
    'null',
    'true',
    '[]',
    '[1]',
    '{}',
    '""',
    '"0"',
    '"-0"',
    '"-1"',
    '"+1"',
    '"01"',
    '"1.0"',
    '"1e3"',
    '" 1"',
    '"1 "',
    '"1\\n"',
    '"0x10"',
    '"1_000"',
    '"1,000"',
    '"\u0661\u0662"',
    '"\uff11"',
    '"NaN"',
    '"Infinity"',
    `"1${'0'.repeat(38)}"`,
    `"${'9'.repeat(39)}"`,
    '"1n"',
  ];
  test.each(notExact)('the amount %s is refused', async (amount) => {
    const answer = await coffer.call('POST', '/wallet/w1/deposit', `{"amount":${amount},"requestId":"never"}`);
    await expectRefused(answer);
    expect(answer.body['detail']).toMatch(/send it as a string of digits/);
  });

  test.each(['NaN', 'Infinity', '01', '+1', '.5', '1.', '0x10', '1n', '--1', '1e'])('%s is not JSON and is refused', async (amount) => {
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', `{"amount":${amount}}`));
  });

  test('ten million digits are refused before they are parsed', async () => {
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', `{"amount":"${'9'.repeat(10_000_000)}"}`), 413);
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', `{"amount":${'9'.repeat(1_000_000)}}`));
  });

  test.each([
    ['1', '1'],
    ['"1"', '1'],
    ['1.0', '1'],
    ['1e2', '100'],
    ['9007199254740991', '9007199254740991'],
    ['"9007199254740992"', '9007199254740992'],
    ['"9007199254740993"', '9007199254740993'],
    ['"9223372036854775809"', '9223372036854775809'],
    [`"${'9'.repeat(38)}"`, '9'.repeat(38)],
  ])('the amount %s is stored as %s', async (amount, kept) => {
    const wallet = `exact-${crypto.randomUUID()}`;
    // 38 nines leave no room for another unit of the asset: the total paid in also has 38 digits.
    const asset = kept.length === 38 ? 'POINTS' : 'USD';
    const { status, body } = await coffer.call('POST', `/wallet/${wallet}/deposit`, `{"amount":${amount},"asset":"${asset}"}`);
    expect(status).toBe(201);
    expect(body).toMatchObject({ amount: kept, balance: kept });
    expect((await coffer.call('GET', `/wallet/${wallet}`)).body['balance']).toBe(kept);
  });

  test('a balance of more than 38 digits is refused as a rule about money', async () => {
    await coffer.call('POST', '/wallet/full/deposit', { amount: '9'.repeat(38), asset: 'EUR' });
    expect(await coffer.call('POST', '/wallet/full/deposit', { amount: 1 })).toMatchObject({
      status: 422,
      body: { code: 'balance_limit' },
    });
  });
});
