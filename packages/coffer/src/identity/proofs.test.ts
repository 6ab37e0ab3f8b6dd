// Links: each proves one mailbox, once, for a while, for the account that it was made for.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestIdentity, jwtSecret, password } from '../../../../test/support/identity.ts';
import type { TestIdentity } from '../../../../test/support/identity.ts';
import { accountMail } from './account-mail.ts';
import { Proofs } from './proofs.ts';
import { Sessions } from './sessions.ts';
import { Subjects } from './subjects.ts';
import type { User } from './types.ts';
import { Users } from './users.ts';

const refusal = (code: string) => ({ refusal: { code, facts: {} } });
const linkInvalid = refusal('link_invalid');
const another = 'another good long password';
const publicUrl = 'https://pay.example.com';

let identity: TestIdentity;
let users: Users;
let sessions: Sessions;
let proofs: Proofs;
beforeAll(async () => {
  identity = await createTestIdentity();
  const { pool } = identity.database;
  const wallets = { openWallet: async () => ({ status: 'opened' }) as const, hasWallet: async () => true };
  users = new Users({ pool, wallets, rules: { requiresProof: true, mails: true } });
  sessions = new Sessions({ pool, jwtSecret, requiresProof: true });
  proofs = new Proofs({ pool, delivery: 'mail', signUp: 'open', publicUrl });
});
afterAll(async () => {
  await identity.database.drop();
});
beforeEach(async () => {
  await identity.database.pool.query('delete from identity.mail');
});

async function signUp(email: string): Promise<User> {
  const made = await users.signUp({ email, name: 'Jane Doe', password });
  if ('refusal' in made) throw new Error(made.refusal.code);
  return made;
}

async function proved(email: string): Promise<User> {
  const { id } = await signUp(email);
  const user = await proofs.confirmEmail(await mailedToken('proof', email));
  if ('refusal' in user) throw new Error(user.refusal.code);
  expect(user.id).toBe(id);
  return user;
}

function tokenOf(made: Awaited<ReturnType<Proofs['link']>>): string {
  if ('refusal' in made) throw new Error(made.refusal.code);
  return made.token;
}

/** What the newest e-mail of a kind to an address says, as if it was sent now. */
async function mailed(kind: string, address: string): Promise<string> {
  const { rows } = await identity.database.pool.query<{ id: number }>(
    'select id from identity.mail where kind = $1 and lower(address) = lower($2) order by id desc limit 1',
    [kind, address],
  );
  const letter = await accountMail(identity.database.pool, publicUrl).compose(rows[0]?.id ?? 0);
  return 'dropped' in letter ? `dropped: ${letter.dropped}` : letter.text;
}

async function mailedToken(kind: string, address: string): Promise<string> {
  return /cofl_[\w-]{43}/.exec(await mailed(kind, address))?.[0] ?? 'no token';
}

async function kindsMailedTo(address: string): Promise<string[]> {
  const { rows } = await identity.database.pool.query<{ kind: string }>('select kind from identity.mail where address = $1 order by id', [
    address,
  ]);
  return rows.map(({ kind }) => kind);
}

const expireLinks = async () =>
  await identity.database.pool.query("update identity.proof set expires_at = clock_timestamp() - interval '1 second'");
const codeOf = (outcome: object) => ('refusal' in outcome ? (outcome.refusal as { code: string }).code : 'done');

describe('the proof of a new address', () => {
  test('comes before the first login, and only the right password learns of it', async () => {
    const user = await signUp('new@example.com');
    expect(user).toMatchObject({ emailProvedAt: null });
    expect(await sessions.login({ email: 'new@example.com', password })).toEqual(refusal('email_unproved'));
    expect(await sessions.login({ email: 'new@example.com', password: another })).toEqual(refusal('credentials_wrong'));
    expect(await users.addressOf(user.id)).toBeNull();
    expect(await users.setRole(user.id, 'admin', 'cli')).toEqual(refusal('email_unproved'));

    const text = await mailed('proof', 'new@example.com');
    expect(text).toMatch(/^Hello Jane Doe,\n/);
    expect(text).toContain(`${publicUrl}/account/email?token=cofl_`);
    const token = /cofl_[\w-]{43}/.exec(text)?.[0] ?? '';
    expect(await proofs.confirmEmail(token)).toMatchObject({ id: user.id, emailProvedBy: 'link' });
    expect(await sessions.login({ email: 'new@example.com', password })).toHaveProperty('token');
    expect(await users.addressOf(user.id)).toBe('new@example.com');
    expect(await users.setRole(user.id, 'operator', 'cli')).toMatchObject({ role: 'operator' });
    const attempts = await sessions.attempts(user, { limit: 10 });
    expect('items' in attempts && attempts.items.map(({ reason }) => reason)).toEqual([null, 'password_wrong', 'email_unproved']);
  });

  test('works once, of two confirmations at once too', async () => {
    await signUp('twice@example.com');
    const token = await mailedToken('proof', 'twice@example.com');
    const outcomes = await Promise.all(Array.from({ length: 4 }, async () => codeOf(await proofs.confirmEmail(token))));
    expect(outcomes.toSorted()).toEqual(['done', 'link_invalid', 'link_invalid', 'link_invalid']);
    expect(await proofs.confirmEmail(token)).toEqual(linkInvalid);
  });

  test('fails when the link has expired, was replaced, is of another purpose, or was never made', async () => {
    await signUp('late@example.com');
    const first = await mailedToken('proof', 'late@example.com');
    // Another try of the same e-mail leaves the first link valid: it may have arrived.
    const second = await mailedToken('proof', 'late@example.com');
    await proofs.askFor('proof', 'LATE@example.com');
    const newest = await mailedToken('proof', 'late@example.com');
    expect([await proofs.confirmEmail(first), await proofs.confirmEmail(second)]).toEqual([linkInvalid, linkInvalid]);
    expect(await proofs.resetPassword({ token: newest, password: another })).toEqual(linkInvalid);
    await proofs.askFor('reset', 'late@example.com');
    expect(await proofs.confirmEmail(await mailedToken('reset', 'late@example.com'))).toEqual(linkInvalid);
    await expireLinks();
    expect(await proofs.confirmEmail(newest)).toEqual(linkInvalid);
    for (const token of ['', 'cofl_', `cofl_${'x'.repeat(43)}`, '\0', `${newest}x`])
      expect(await proofs.confirmEmail(token)).toEqual(linkInvalid);
  });

  test('of two tries of one e-mail, each link works', async () => {
    await signUp('tries@example.com');
    const first = await mailedToken('proof', 'tries@example.com');
    await mailedToken('proof', 'tries@example.com');
    expect(await proofs.confirmEmail(first)).toMatchObject({ email: 'tries@example.com' });
  });

  test('is nothing for a suspended or deleted user, nor for the next owner of the address', async () => {
    const by = { actor: 'cli', byUser: null, aboutStaff: true, reason: 'test' };
    const suspended = await signUp('suspended@example.com');
    const token = await mailedToken('proof', 'suspended@example.com');
    await users.suspend(suspended.id, by);
    expect(await proofs.confirmEmail(token)).toEqual(linkInvalid);
    await users.reinstate(suspended.id, by);
    expect(await proofs.confirmEmail(token)).toEqual(linkInvalid);

    const gone = await signUp('again@example.com');
    const old = await mailedToken('proof', 'again@example.com');
    await users.softDelete(gone, async () => null);
    const next = await signUp('again@example.com');
    expect(await proofs.confirmEmail(old)).toEqual(linkInvalid);
    expect(await users.get(next.id)).toMatchObject({ emailProvedAt: null });
  });

  test('only a hash of its token is stored', async () => {
    await signUp('hashed@example.com');
    const token = await mailedToken('proof', 'hashed@example.com');
    const { rows } = await identity.database.pool.query<{ text: string }>(
      'select (select string_agg(p::text, $$ $$) from identity.proof p) || (select string_agg(m::text, $$ $$) from identity.mail m) as text',
    );
    expect(rows[0]?.text).not.toContain(token.slice('cofl_'.length));
  });

  test('is as good as given for accounts of earlier versions, except to become staff', async () => {
    const user = await signUp('old@example.com');
    await identity.database.pool.query("update identity.users set email_proved_at = now(), email_proved_by = 'upgrade' where id = $1", [
      user.id,
    ]);
    expect(await sessions.login({ email: 'old@example.com', password })).toHaveProperty('token');
    expect(await users.addressOf(user.id)).toBe('old@example.com');
    expect(await users.setRole(user.id, 'admin', 'cli')).toEqual(refusal('email_unproved'));
    await proofs.askFor('proof', 'old@example.com');
    await proofs.confirmEmail(await mailedToken('proof', 'old@example.com'));
    expect(await users.setRole(user.id, 'operator', 'cli')).toMatchObject({ role: 'operator' });
  });
});

describe('another address', () => {
  test('replaces the earlier one once it is proved; both get notices', async () => {
    const user = await proved('before@example.com');
    expect(await users.update(user, { email: 'after@example.com', currentPassword: password })).toMatchObject({
      email: 'before@example.com',
      pendingEmail: 'after@example.com',
    });
    expect(await sessions.login({ email: 'before@example.com', password })).toHaveProperty('token');
    expect(await sessions.login({ email: 'after@example.com', password })).toEqual(refusal('credentials_wrong'));
    expect(await kindsMailedTo('before@example.com')).toEqual(['proof', 'email_changing']);
    const token = await mailedToken('proof', 'after@example.com');
    expect(await proofs.confirmEmail(token)).toMatchObject({ id: user.id, email: 'after@example.com', pendingEmail: null });
    expect(await sessions.login({ email: 'before@example.com', password })).toEqual(refusal('credentials_wrong'));
    expect(await kindsMailedTo('before@example.com')).toEqual(['proof', 'email_changing', 'email_changed']);
    expect(await kindsMailedTo('after@example.com')).toEqual(['proof', 'email_changed']);
  });

  test('that is taken meanwhile is refused, and the earlier one stays', async () => {
    const user = await proved('slow@example.com');
    await users.update(user, { email: 'wanted@example.com', currentPassword: password });
    const token = await mailedToken('proof', 'wanted@example.com');
    await signUp('wanted@example.com');
    expect(await proofs.confirmEmail(token)).toEqual(refusal('email_taken'));
    expect(await users.get(user.id)).toMatchObject({ email: 'slow@example.com' });
    expect(await users.update(user, { email: 'WANTED@example.com', currentPassword: password })).toEqual(refusal('email_taken'));
  });

  test('is given up by a new password, which may be an answer to somebody else in the account', async () => {
    const user = await proved('owner@example.com');
    await users.update(user, { email: 'thief@example.com', currentPassword: password });
    const theirs = await mailedToken('proof', 'thief@example.com');
    await proofs.askFor('reset', 'owner@example.com');
    const token = await mailedToken('reset', 'owner@example.com');
    expect(await proofs.resetPassword({ token, password: another })).toMatchObject({ pendingEmail: null });
    expect(await proofs.confirmEmail(theirs)).toEqual(linkInvalid);
    await proofs.askFor('proof', 'thief@example.com');
    expect(await mailed('proof', 'thief@example.com')).toMatch(/^dropped/);
  });
});

describe('a new password by link', () => {
  test('ends every session and every other link, and proves the address', async () => {
    const user = await signUp('forgot@example.com');
    const proof = await mailedToken('proof', 'forgot@example.com');
    await proofs.askFor('reset', 'Forgot@example.com');
    const token = await mailedToken('reset', 'forgot@example.com');
    expect(await proofs.resetPassword({ token, password: 'short' })).toEqual(refusal('password_too_short'));
    expect(await proofs.resetPassword({ token, password: 'forgot@example.com' })).toEqual(refusal('password_common'));
    const outcomes = await Promise.all(
      Array.from({ length: 3 }, async () => codeOf(await proofs.resetPassword({ token, password: another }))),
    );
    expect(outcomes.toSorted()).toEqual(['done', 'link_invalid', 'link_invalid']);
    expect(await proofs.confirmEmail(proof)).toEqual(linkInvalid);
    const login = await sessions.login({ email: 'forgot@example.com', password: another });
    if ('refusal' in login) throw new Error(login.refusal.code);
    await proofs.askFor('reset', 'forgot@example.com');
    await proofs.resetPassword({ token: await mailedToken('reset', 'forgot@example.com'), password });
    expect(await sessions.authenticate(login.token)).toEqual(refusal('token_invalid'));
    expect(await kindsMailedTo('forgot@example.com')).toContain('password_changed');
    expect(await users.get(user.id)).toMatchObject({ emailProvedBy: 'link' });
  });

  test('is how a user who was made without one gets one', async () => {
    await users.create({ email: 'made@example.com', name: 'Made' });
    await proofs.askFor('reset', 'made@example.com');
    await proofs.resetPassword({ token: await mailedToken('reset', 'made@example.com'), password });
    expect(await sessions.login({ email: 'made@example.com', password })).toHaveProperty('token');
  });

  test('asked for an unknown address does the same as for a known one, until the e-mail is to be sent', async () => {
    await proved('known@example.com');
    const rowsOf = async (address: string) => {
      expect(await proofs.askFor('reset', address)).toBeNull();
      const { rows } = await identity.database.pool.query<object>(
        "select kind, user_id, state, attempts from identity.mail where address = $1 and kind = 'reset'",
        [address],
      );
      return rows;
    };
    expect(await rowsOf('unknown@example.com')).toEqual(await rowsOf('known@example.com'));
    expect(await mailed('reset', 'unknown@example.com')).toMatch(/^dropped/);
  });

  test('a flood of requests sends five e-mails an hour to an address, whatever its spelling', async () => {
    for (let at = 0; at < 9; at++) await proofs.askFor('reset', at % 2 === 0 ? 'flood@example.com' : 'FLOOD@example.com');
    const { rowCount } = await identity.database.pool.query("select from identity.mail where lower(address) = 'flood@example.com'");
    expect(rowCount).toBe(5);
    await proofs.askFor('reset', 'calm@example.com');
    expect(await kindsMailedTo('calm@example.com')).toHaveLength(1);
  });
});

test('five thousand e-mails an hour are enough', async () => {
  await identity.database.pool.query(
    "insert into identity.mail (kind, address, state) select 'reset', n || '@example.org', 'dropped' from generate_series(1, 4999) n",
  );
  for (const email of ['last@example.com', 'toomany@example.com']) expect(await proofs.askFor('reset', email)).toBeNull();
  expect([await kindsMailedTo('last@example.com'), await kindsMailedTo('toomany@example.com')]).toEqual([['reset'], []]);
});

describe('an invitation', () => {
  test('opens an account whose address is proved, once, of two acceptances at once too', async () => {
    expect(await proofs.invite({ email: 'guest@example.com', name: 'Win at https://evil.example.com/now' })).toBeNull();
    const text = await mailed('invitation', 'guest@example.com');
    expect(text).toMatch(/^Hello Win at httpsevilexamplecomnow,\n/);
    const token = await mailedToken('invitation', 'guest@example.com');
    expect(await users.acceptInvitation({ token, name: 'Guest', password: 'short' })).toEqual(refusal('password_too_short'));
    const outcomes = await Promise.all(
      Array.from({ length: 3 }, async () => codeOf(await users.acceptInvitation({ token, name: 'Guest', password }))),
    );
    expect(outcomes.toSorted()).toEqual(['done', 'link_invalid', 'link_invalid']);
    expect(await sessions.login({ email: 'guest@example.com', password })).toHaveProperty('token');
    expect(await proofs.invite({ email: 'GUEST@example.com' })).toEqual(refusal('email_taken'));
  });

  test('to an address that has an account by then is refused', async () => {
    await proofs.invite({ email: 'early@example.com' });
    const token = await mailedToken('invitation', 'early@example.com');
    await signUp('early@example.com');
    expect(await users.acceptInvitation({ token, name: 'Early', password })).toEqual(refusal('email_taken'));
    expect(await mailed('invitation', 'early@example.com')).toMatch(/^dropped/);
  });

  test('stays valid if the wallet could not be opened', async () => {
    const { pool } = identity.database;
    let status: 'opened' | 'refused' = 'refused';
    const wallets = { openWallet: async () => ({ status, reason: 'test' }), hasWallet: async () => true };
    const failing = new Users({ pool, wallets, rules: { requiresProof: true, mails: true } });
    await proofs.invite({ email: 'unlucky@example.com' });
    const token = await mailedToken('invitation', 'unlucky@example.com');
    expect(codeOf(await failing.acceptInvitation({ token, name: 'U', password }))).toBe('wallet_provisioning_failed');
    status = 'opened';
    expect(await failing.acceptInvitation({ token, name: 'U', password })).toMatchObject({ email: 'unlucky@example.com' });
  });
});

describe('a printed link', () => {
  test('is for the own address of an account, recorded with who made it', async () => {
    const user = await signUp('printed@example.com');
    const made = await proofs.link(user.id, 'email', { actor: 'cli' });
    if ('refusal' in made) throw new Error(made.refusal.code);
    expect(made.link).toBe(`${publicUrl}/account/email?token=${made.token}`);
    expect(await proofs.confirmEmail(made.token)).toMatchObject({ emailProvedBy: 'operator' });
    expect(await proofs.link(user.id, 'email', { actor: 'cli' })).toEqual(refusal('nothing_to_prove'));
    const { rows } = await identity.database.pool.query('select kind, reason, actor from identity.user_change where user_id = $1', [
      user.id,
    ]);
    expect(rows).toEqual([{ kind: 'link_made', reason: 'email', actor: 'cli' }]);
  });

  test('for a first password is only for a plain user who has none', async () => {
    const first = { actor: 'key:x', onlyFirstPassword: true };
    const has = await signUp('has@example.com');
    expect(await proofs.link(has.id, 'reset', first)).toEqual(refusal('has_password'));
    const made = await users.create({ email: 'hasnot@example.com', name: 'N' });
    if ('refusal' in made) throw new Error(made.refusal.code);
    expect(await proofs.link(made.id, 'reset', first)).toHaveProperty('token');
  });

  test('is void once the account has another role or a login elsewhere, after which none is made for a first password', async () => {
    const made = await users.create({ email: 'rising@example.com', name: 'N' });
    if ('refusal' in made) throw new Error(made.refusal.code);
    await proofs.confirmEmail(tokenOf(await proofs.link(made.id, 'email', { actor: 'cli' })));
    const first = async () => await proofs.link(made.id, 'reset', { actor: 'key:x', onlyFirstPassword: true });
    const before = tokenOf(await first());
    await users.setRole(made.id, 'support', 'cli');
    expect(await proofs.resetPassword({ token: before, password: another })).toEqual(linkInvalid);
    await users.setRole(made.id, 'user', 'cli');
    const again = tokenOf(await first());
    const subjects = new Subjects(identity.database.pool);
    await subjects.link(made.id, { issuer: 'https://login.example.com', subject: 'rising' }, 'cli');
    expect(await proofs.resetPassword({ token: again, password: another })).toEqual(linkInvalid);
    expect(await first()).toEqual(refusal('has_other_login'));
  });
});

test('without the rule everything is as before: a new address is at once in use, and both addresses get notices', async () => {
  const { pool } = identity.database;
  const wallets = { openWallet: async () => ({ status: 'opened' }) as const, hasWallet: async () => true };
  const open = new Users({ pool, wallets, rules: { requiresProof: false, mails: true } });
  const user = await open.signUp({ email: 'open@example.com', name: 'O', password });
  if ('refusal' in user) throw new Error(user.refusal.code);
  expect(await kindsMailedTo('open@example.com')).toEqual([]);
  expect(await identity.sessions.login({ email: 'open@example.com', password })).toHaveProperty('token');
  expect(await open.update(user, { email: 'moved@example.com', currentPassword: password })).toMatchObject({
    email: 'moved@example.com',
    pendingEmail: null,
  });
  expect([await kindsMailedTo('open@example.com'), await kindsMailedTo('moved@example.com')]).toEqual([
    ['email_changed'],
    ['email_changed'],
  ]);
  expect(await open.setRole(user.id, 'admin', 'cli')).toMatchObject({ role: 'admin' });
});
