import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestIdentity } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { Factors } from './factors.ts';
import { drawRecoveryCodes } from './recovery-codes.ts';

const [first, second, third] = ['first', 'second', 'third'].map((name) => `the ${name} factor key, of 32 bytes or more`) as [
  string,
  string,
  string,
];

let identity: TestIdentity;
beforeAll(async () => {
  identity = await createTestIdentity();
});
afterAll(async () => {
  await identity.database.drop();
});

test('each of the ten recovery codes has 120 random bits: 24 characters of five bits', () => {
  const codes = drawRecoveryCodes();
  for (const code of codes) expect(code).toMatch(/^(?:[a-z2-9]{4}-){5}[a-z2-9]{4}$/);
  expect(new Set(codes.flatMap((code) => code.split('-'))).size).toBeGreaterThan(55);
});

test('the factor key rotates: the previous one opens, resealing makes it superfluous, and without it codes are refused, not ignored', async () => {
  const user = await identity.signUp('rotated@example.com');
  const { sessionId } = await identity.login('rotated@example.com');
  const { pool } = identity.database;
  let nowMs = 1_800_000_000_000;
  const withKeys = (factorKey: string, previousFactorKey?: string) =>
    new Factors({ pool, factorKey, previousFactorKey, nowMs: () => nowMs });
  const enrolling = { user, sessionId, actor: 'user' };
  const begun = await withKeys(first).enrolTotp(user, 'a phone');
  if ('refusal' in begun) throw new Error(begun.refusal.code);
  const totp = new TOTP({ secret: Secret.fromBase32(begun.secret) });
  const code = () => totp.generate({ timestamp: nowMs });
  expect(await withKeys(first).confirmTotp(enrolling, begun.id, code())).toMatchObject({ factor: { id: begun.id } });
  const prove = async (factors: Factors) => {
    nowMs += 30_000;
    return await factors.prove(user.id, { passcode: code() }, 'passkey_login');
  };
  const unreadable = { refusal: { code: 'factor_unreadable', facts: {} } };
  expect(await prove(withKeys(second, first))).toBeNull();
  expect(await prove(withKeys(second))).toEqual(unreadable);
  expect(await withKeys(third).prepare()).toEqual({ resealed: 0, unreadable: 1 });
  expect(await withKeys(second, first).prepare()).toEqual({ resealed: 1, unreadable: 0 });
  expect(await withKeys(second, first).prepare()).toEqual({ resealed: 0, unreadable: 0 });
  expect(await prove(withKeys(second))).toBeNull();
  expect(await prove(withKeys(first))).toEqual(unreadable);
  // Beside one that can be read, it is as if it were not there: a wrong code stays a guess.
  const other = await withKeys(first).enrolTotp(user, 'a tablet');
  if ('refusal' in other) throw new Error(other.refusal.code);
  const tablet = new TOTP({ secret: Secret.fromBase32(other.secret) });
  await withKeys(first).confirmTotp(enrolling, other.id, tablet.generate({ timestamp: nowMs }));
  nowMs += 30_000;
  const given = (passcode: string) => withKeys(first).prove(user.id, { passcode }, 'passkey_login');
  expect(await given('000000')).toEqual({ refusal: { code: 'second_factor_wrong', facts: {} } });
  expect(await given(tablet.generate({ timestamp: nowMs }))).toBeNull();
  // The login still asks for it.
  expect(await identity.sessions.login({ email: 'rotated@example.com', password: 'correct horse battery' })).toMatchObject({
    refusal: { code: 'second_factor_required' },
  });
});
