import { expect, test } from 'vitest';
import { Seal } from './seal.ts';

const what = 'secrets of a test';
const [first, second] = ['first', 'second'].map((name) => `the ${name} key, of 32 bytes or more .......`) as [string, string];

test('a sealed secret opens with its key and under its owner only, and differs each time', () => {
  const seal = new Seal({ what, secret: first });
  const secret = Buffer.from('a secret');
  const sealed = seal.seal(secret, 'jane');
  expect(seal.open(sealed, 'jane')).toEqual(secret);
  expect(seal.open(sealed, 'bob')).toBeNull();
  expect(new Seal({ what, secret: second }).open(sealed, 'jane')).toBeNull();
  expect(new Seal({ what, secret: second, previous: first }).open(sealed, 'jane')).toEqual(secret);
  expect(new Seal({ what: 'other secrets', secret: first }).open(sealed, 'jane')).toBeNull();
  expect(seal.seal(secret, 'jane')).not.toEqual(sealed);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(seal.open(changed, 'jane')).toBeNull();
  }
  expect(seal.open(sealed.subarray(0, 20), 'jane')).toBeNull();
});
