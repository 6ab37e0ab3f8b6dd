import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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

const login = (email: string, password: string, cookie?: string) =>
  coffer.call('POST', '/users/login', { email, password }, cookie === undefined ? {} : { cookie });

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

test('the longer guesses go on, the longer the wait: twenty in ten minutes, forty in an hour', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const tries = new LoginTries(coffer.product.access);
    const guess = LoginTries.guess('10.1.1.1', 'patient@example.com');
    const waits: (number | null)[] = [];
    let checked = 0;
    for (let minute = 0; minute < 59; minute++) {
      for (let time = 0; time < 12; time++) {
        const wait = await tries.take(guess);
        if (wait === null) checked++;
        else if (time === 11) waits.push(wait);
      }
      vi.advanceTimersByTime(60_000);
    }
    expect(checked).toBe(40);
    expect(Math.max(...waits.map(Number))).toBeGreaterThan(1_800);
  } finally {
    vi.useRealTimers();
  }
});

test('all addresses of an IPv6 network count as one', async () => {
  const tries = new LoginTries(coffer.product.access);
  const guesses = Array.from({ length: 20 }, (_, at) => LoginTries.guess(`2001:db8:1:2::${at + 1}`, 'v6@example.com'));
  const answers = await Promise.all(guesses.map((guess) => tries.take(guess)));
  expect(answers.filter((spent) => spent === null)).toHaveLength(10);
  expect(await tries.take(LoginTries.guess('2001:db8:1:3::1', 'v6@example.com'))).toBeNull();
});

test('one address has a bound across accounts', async () => {
  const tries = new LoginTries(coffer.product.access);
  const guesses = Array.from({ length: 80 }, (_, at) => LoginTries.guess('10.9.9.9', `victim${at}@example.com`));
  const answers = await Promise.all(guesses.map((guess) => tries.take(guess)));
  expect(answers.filter((spent) => spent === null)).toHaveLength(60);
});

test('120 wrong guesses of others do not shut out a device that has logged in before; its own guesses are bounded', async () => {
  const ann = { email: 'ann@example.com', name: 'Ann', password: 'correct horse battery staple' };
  expect((await coffer.call('POST', '/users/signup', ann)).status).toBe(429);
  const made = await coffer.product.users.signUp(ann);
  expect(made).toHaveProperty('id');
  const first = await login(ann.email, ann.password);
  expect(first.headers.get('set-cookie')).toMatch(/^coffer_device=[\w.-]+; Path=\/users\/login; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  for (let time = 0; time < 120; time++) await login(ann.email, 'a wrong guess');
  expect((await login(ann.email, ann.password)).status).toBe(429);
  expect((await login(ann.email, ann.password, cookie)).status).toBe(200);
  // The proof is bound to its account, and cannot be forged.
  expect((await login('guessed@example.com', 'a wrong guess', cookie)).status).toBe(429);
  expect(
    (
      await login(
        ann.email,
        ann.password,
        cookie.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
      )
    ).status,
  ).toBe(429);
  const own = await Promise.all(Array.from({ length: 15 }, () => login(ann.email, 'a wrong guess', cookie)));
  expect(countByStatus(own)).toEqual({ 401: 10, 429: 5 });
});
