import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoginTries } from '../../packages/coffer/src/gateway/http/login-tries.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';

const jane = { email: 'jane@example.com', name: 'Jane Doe', password: 'correct horse battery staple' };

let coffer: TestProduct;
beforeAll(async () => {
  coffer = await startProduct();
  await coffer.call('POST', '/users/signup', jane);
});
afterAll(async () => {
  await coffer.stop();
});

const login = (email: string, password: string) => coffer.call('POST', '/users/login', { email, password });

function countByStatus(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test('every attempt to sign up counts, including failed and concurrent ones', async () => {
  const answers = await Promise.all(Array.from({ length: 70 }, () => coffer.call('POST', '/users/signup', { ...jane, password: 'short' })));
  // One of the sixty attempts was used earlier in the same minute.
  expect(countByStatus(answers)).toEqual({ 400: 59, 429: 11 });
});

test('at most ten password guesses a minute are checked, however many are sent concurrently', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => login('guessed@example.com', 'a wrong guess')));
  expect(countByStatus(answers)).toEqual({ 401: 10, 429: 50 });
});

test('logins with the right password use up no attempts', async () => {
  for (let time = 0; time < 12; time++) expect((await login(jane.email, jane.password)).status).toBe(200);
  expect((await login(jane.email, 'a wrong guess')).status).toBe(401);
});

test('at most thirty guesses a minute are checked per account, from any number of addresses', async () => {
  const access = coffer.product.access;
  const tries = new LoginTries(access);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => tries.take(LoginTries.guess(`10.0.0.${at % 25}`, 'Found@example.com'))),
  );
  expect(answers.filter((spent) => spent === null)).toHaveLength(30);
  // An attempt that revealed nothing is returned to every limit.
  tries.giveBack(LoginTries.guess('10.0.0.1', 'found@example.com'));
  expect(await tries.take(LoginTries.guess('10.0.1.1', 'found@example.com'))).toBeNull();
});
