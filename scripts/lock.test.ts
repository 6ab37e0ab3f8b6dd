import { expect, test } from 'vitest';
import { faultsOf } from './lock.ts';

const complete = {
  '': { dependencies: { a: '1.0.0' } },
  'packages/one': { dependencies: { b: '1.0.0' } },
  'node_modules/one': { resolved: 'packages/one', link: true },
  'node_modules/a': { dependencies: { b: '^2.0.0' }, optionalDependencies: { '@a/darwin-arm64': '1.0.0' } },
  'node_modules/a/node_modules/b': {},
  'node_modules/@a/darwin-arm64': {},
  'node_modules/b': {},
};

test('a complete lock has no faults', () => {
  expect(faultsOf({ packages: complete })).toEqual([]);
});

test('a missing package of another platform is a fault', () => {
  const { 'node_modules/@a/darwin-arm64': _, ...packages } = complete;
  expect(faultsOf({ packages })).toEqual(['node_modules/a needs @a/darwin-arm64, which is not in the lock']);
});

test('a missing dependency of a workspace is a fault', () => {
  const { 'node_modules/b': _, ...packages } = complete;
  expect(faultsOf({ packages })).toEqual(['packages/one needs b, which is not in the lock']);
});

test('a registry address is a fault', () => {
  const packages = { ...complete, 'node_modules/b': { resolved: 'https://registry.example/b-1.0.0.tgz' } };
  expect(faultsOf({ packages })).toEqual(['node_modules/b names where it was downloaded: https://registry.example/b-1.0.0.tgz']);
});
