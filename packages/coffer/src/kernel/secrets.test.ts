import { expect, test } from 'vitest';
import { hideSecrets, jsonWithoutSecrets } from './secrets.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

test.each([
  ['an API key', 'the key cof_live_Ab-12.hunter2 was used', 'the key *** was used'],
  ['a token', `sent ${jwt} to us`, 'sent *** to us'],
  ['a header', 'authorization: Bearer hunter2hunter2', 'authorization: ***'],
  ['a password in a URL', 'postgres://coffer:hunter2@db/coffer', 'postgres://coffer:***@db/coffer'],
  ['a secret in a query', '/x?a=1&token=hunter2&b=2', '/x?a=1&token=***&b=2'],
])('%s in a text is hidden', (_what, text, expected) => {
  expect(hideSecrets(text)).toBe(expected);
});

test('a text without secrets stays as it is', () => {
  for (const text of ['/wallet/cofounder/deposit?limit=5', 'a bearer of news', 'token', 'eyJ']) expect(hideSecrets(text)).toBe(text);
});

test('values of secret names are hidden at any depth, in any spelling', () => {
  const value = { password: 'x', list: [{ apiKey: 'x', 'API-KEY': ['x'], new_password: { a: 'x' }, note: `see ${jwt}` }], amount: 5 };
  expect(JSON.parse(jsonWithoutSecrets(value))).toEqual({
    password: '***',
    list: [{ apiKey: '***', 'API-KEY': '***', new_password: '***', note: 'see ***' }],
    amount: 5,
  });
});

test('nothing that can be handed over breaks it', () => {
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
