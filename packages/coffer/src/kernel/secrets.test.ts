import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hideSecrets, jsonWithoutSecrets } from './secrets.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const pem = (kind = '') => `-----BEGIN ${kind}PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASC\n-----END ${kind}PRIVATE KEY-----`;

test.each([
  ['an API key', 'the key cof_live_Ab-12.hunter2 was used', 'the key *** was used'],
  [
    'a link',
    'follow https://pay.example.com/account/email?token=cofl_Ab-12_hunter2',
    'follow https://pay.example.com/account/email?token=***',
  ],
  ['the token of a link', 'enter cofl_Ab-12_hunter2', 'enter ***'],
  ['a token', `sent ${jwt} to us`, 'sent *** to us'],
  ['a header', 'authorization: Bearer hunter2hunter2', 'authorization: ***'],
  ['a password in a URL', 'postgres://coffer:hunter2@db/coffer', 'postgres://coffer:***@db/coffer'],
  ['a password with an @ in a URL', 'postgres://coffer:hunter@2@db/coffer', 'postgres://coffer:***@db/coffer'],
  ['a secret in a query', '/x?a=1&token=hunter2&b=2', '/x?a=1&token=***&b=2'],
  ['a secret of a longer name in a query', '/x?client_secret=hunter2&new-password=hunter2', '/x?client_secret=***&new-password=***'],
  ['a private key', `my key: ${pem()} keep it`, 'my key: *** keep it'],
  ['a private key of a kind', `${pem('RSA ')} and ${pem('ENCRYPTED ')}`, '*** and ***'],
  ['a private key in a URL', `/x?key=${encodeURIComponent(pem('EC '))}`, '/x?key=***'],
  ['a private key in a form', `key=${pem().replaceAll(' ', '+')}`, 'key=***'],
  ['a private key that was cut off', pem().slice(0, 40), '***'],
  ['a webhook secret', 'signed with whsec_aHVudGVyMg==', 'signed with ***'],
  ['an encrypted token of five parts', `sent ${jwt}.YQ.Yg to us`, 'sent *** to us'],
])('%s in a text is hidden', (_what, text, expected) => {
  expect(hideSecrets(text)).toBe(expected);
});

test('a text without secrets is unchanged', () => {
  for (const text of [
    '/wallet/cofounder/deposit?limit=5',
    'a bearer of news',
    'token',
    'eyJ',
    'https://example.com/a:b@c?mail=jane@example.com',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
  ])
    expect(hideSecrets(text)).toBe(text);
});

test('values of secret names are hidden at any depth, in any spelling', () => {
  const value = { password: 'x', list: [{ apiKey: 'x', 'API-KEY': ['x'], new_password: { a: 'x' }, note: `see ${jwt}` }], amount: 5 };
  expect(JSON.parse(jsonWithoutSecrets(value))).toEqual({
    password: '***',
    list: [{ apiKey: '***', 'API-KEY': '***', new_password: '***', note: 'see ***' }],
    amount: 5,
  });
});

test.each([
  'password',
  'newPassword',
  'passphrase',
  'accessToken',
  'client_secret',
  'Authorization',
  'set-cookie',
  'apiKey',
  'api_key',
  'api-key',
  'privateKey',
  'private_key',
  'PRIVATE-KEY',
  'credentials',
])('the value of %s is hidden', (name) => {
  for (const value of ['hunter2', 2, ['hunter2'], { deep: 'hunter2' }])
    expect(jsonWithoutSecrets({ [name]: value, amount: '5' })).toBe(JSON.stringify({ [name]: '***', amount: '5' }));
});

test('a private key within a value is hidden, and the values beside it are kept', () => {
  const value = { note: `old: ${pem('RSA ')}`, cut: pem().slice(0, 60), amount: 5 };
  expect(jsonWithoutSecrets(value)).toBe('{"note":"old: ***","cut":"***","amount":5}');
  // As headers are hidden: all together, as JSON.
  expect(hideSecrets(JSON.stringify(value))).toBe('{"note":"old: ***","cut":"***","amount":5}');
});

describe('for any text', () => {
  const secrets = fc.constantFrom(
    { secret: 'cof_live_hunter2hunter2', core: 'hunter2' },
    { secret: 'whsec_hunter2hunter2', core: 'hunter2' },
    { secret: 'Bearer hunter2hunter2', core: 'hunter2' },
    { secret: 'amqp://guest:hunter2@broker:5672', core: 'hunter2' },
    { secret: '/x?password=hunter2', core: 'hunter2' },
    { secret: jwt, core: 'c2lnbmF0dXJl' },
    { secret: pem(), core: 'MIIEvQ' },
  );
  const words = fc.string({ maxLength: 40 }).filter((text) => !text.includes('hunter2'));

  test('a secret between words is hidden', () => {
    fc.assert(
      fc.property(words, secrets, words, (before, { secret, core }, after) => {
        expect(hideSecrets(`${before} ${secret} ${after}`)).not.toContain(core);
        expect(jsonWithoutSecrets({ note: `${before} ${secret} ${after}` })).not.toContain(core);
      }),
    );
  });

  test('hiding is idempotent', () => {
    fc.assert(
      fc.property(fc.string(), secrets, fc.string(), (before, { secret }, after) => {
        const once = hideSecrets(before + secret + after);
        expect(hideSecrets(once)).toBe(once);
      }),
    );
  });
});

// Each of these kept the process busy for minutes when a pattern searched to the end of the text from every position. Callers write these
// texts.
test.each(['a-', 'eyJaaaaa-', 'a://b', 'a://b:c', '?token', '-----BEGIN PRIVATE KEY-----', '-----END', 'Bearer '])(
  'a text that repeats %j takes time linear in its length',
  (part) => {
    const workedMs = (length: number) => {
      const text = `=${part.repeat(length / part.length)}`;
      const start = process.threadCpuUsage();
      hideSecrets(text);
      const { user, system } = process.threadCpuUsage(start);
      return (user + system) / 1_000;
    };
    const shortest = (length: number) => Math.min(...Array.from({ length: 3 }, () => workedMs(length)));
    // Sixteen times the length: sixteen times the time, not 256 times. The time of the processor, because on a busy machine other processes run in between; it may be off by a millisecond.
    expect(shortest(512_000)).toBeLessThan(64 * Math.max(1, shortest(32_000)));
  },
  60_000,
);

test('no value breaks it', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  const thrower = {
    get amount() {
      throw new Error('no');
    },
  };
  for (const value of [
    circle,
    deep,
    thrower,
    undefined,
    null,
    () => 1,
    Symbol('s'),
    10n,
    { toJSON: 1 },
    JSON.parse('{"__proto__":{"a":1},"x":10}'),
  ]) {
    expect(() => JSON.parse(jsonWithoutSecrets(value)) as unknown).not.toThrow();
  }
  expect(jsonWithoutSecrets({ amount: 10n })).toBe('{"amount":"10"}');
  expect(jsonWithoutSecrets(JSON.parse('{"__proto__":{"token":"x"}}'))).toBe('{"__proto__":{"token":"***"}}');
});
