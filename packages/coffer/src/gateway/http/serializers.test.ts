import { expect, test } from 'vitest';
import { compileOnce, defaultCompiler } from './serializers.ts';

const named = [{ $id: 'Coin', type: 'object', properties: { value: { type: 'string' } } }];
const route = { method: 'GET', url: '/' };

test('equal schemas share a serialiser, whatever their route; others do not', async () => {
  let compiled = 0;
  const own = await defaultCompiler(named);
  const compile = compileOnce((answer) => {
    compiled++;
    return own(answer);
  });
  const coin = compile({ ...route, schema: { $ref: 'Coin#' }, httpStatus: '200' });
  expect(compile({ method: 'PUT', url: '/coin', schema: { $ref: 'Coin#' }, httpStatus: '404' })).toBe(coin);
  const coins = compile({ ...route, schema: { type: 'array', items: { $ref: 'Coin#' } } });
  expect(compiled).toBe(2);
  expect(coin({ value: '5', secret: 'x' })).toBe('{"value":"5"}');
  expect(coins([{ value: '5', secret: 'x' }])).toBe('[{"value":"5"}]');
});
