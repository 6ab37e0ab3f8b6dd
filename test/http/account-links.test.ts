// Links over HTTP: the same answers for every address, pages that work without scripts, and tokens that leave no trace.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accountMail } from '../../packages/coffer/src/identity/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { startMail } from '../../packages/coffer/src/mail/index.ts';
import { startMailServer } from '../insights/smtp.ts';
import type { MailServer } from '../insights/smtp.ts';
import { startWatched } from '../observe/watched.ts';
import type { Watched } from '../observe/watched.ts';

const password = 'correct horse battery staple';
const another = 'another good long password';
const publicUrl = 'https://pay.example.com';
const soon = { timeout: 50_000 };

let coffer: Watched;
let server: MailServer;
let mail: Awaited<ReturnType<typeof startMail>>;
beforeAll(async () => {
  server = await startMailServer();
  coffer = await startWatched({ mode: 'required', rules: { requiresProof: true, mails: true }, accounts: { publicUrl } });
  const from = 'Coffer <coffer@example.com>';
  mail = await startMail({
    pool: coffer.pool,
    mail: { smtpUrl: server.url, from },
    outbox: accountMail(coffer.pool, publicUrl),
    log: silentLog(),
  });
});
afterAll(async () => {
  await mail.stop();
  await coffer.stop();
  await server.stop();
});
beforeEach(async () => {
  await coffer.pool.query("delete from identity.mail where state <> 'pending'");
});

async function signUp(email: string): Promise<void> {
  expect(await coffer.call('POST', '/users/signup', { email, name: 'Jane Doe', password })).toMatchObject({ status: 201 });
}

/** The link of the newest e-mail to an address; waits until one with this subject has arrived. */
async function linkTo(email: string, subject: string): Promise<string> {
  mail.notify();
  const found = () =>
    server.mails.findLast(({ to, text }) => to.includes(`<${email}>`) && text.includes(`Subject: ${subject}`))?.text ?? '';
  await expect.poll(found, soon).not.toBe('');
  // Quoted-printable: soft line breaks, and = as =3D.
  return /https:\S+/.exec(found().replaceAll('=\n', '').replaceAll('=3D', '='))?.[0] ?? '';
}

const tokenIn = (link: string) => new URL(link).searchParams.get('token') ?? '';

async function post(path: string, fields: Record<string, string>): Promise<Response> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return await fetch(`${coffer.url}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
}

test('a user signs up, proves the address with the link of the e-mail, and logs in', async () => {
  await signUp('jane@example.com');
  const login = { email: 'jane@example.com', password };
  expect((await coffer.call('POST', '/users/login', login)).body).toMatchObject({ status: 403, code: 'email_unproved' });
  const link = await linkTo('jane@example.com', 'Confirm your e-mail address');
  // The host that a request names is never part of a link.
  expect(link).toMatch(/^https:\/\/pay\.example\.com\/account\/email\?token=cofl_/);
  const confirmed = await coffer.call('POST', '/users/proofs/confirm', { token: tokenIn(link) });
  expect(confirmed).toMatchObject({ status: 200, body: { email: 'jane@example.com' } });
  expect(await coffer.call('POST', '/users/login', login)).toMatchObject({ status: 200 });
  expect((await coffer.call('POST', '/users/proofs/confirm', { token: tokenIn(link) })).body).toMatchObject({ code: 'link_invalid' });
});

test('a host header, however forged, is in no link', async () => {
  await signUp('host@example.com');
  await coffer.call(
    'POST',
    '/users/password-resets',
    { email: 'host@example.com' },
    { 'x-forwarded-host': 'evil.example.com', host: 'evil.example.com' },
  );
  expect(await linkTo('host@example.com', 'Set a new password')).toMatch(/^https:\/\/pay\.example\.com\/account\/password\?/);
});

test('requests for links answer the same for every address, also while the mail server is down', async () => {
  await signUp('known@example.com');
  await linkTo('known@example.com', 'Confirm');
  server.verdicts.push('451 later', '451 later', '451 later', '451 later');
  for (const path of ['/users/proofs', '/users/password-resets']) {
    const answers = await Promise.all(
      ['known@example.com', 'unknown@example.com'].map(async (email) => {
        const { status, text } = await coffer.call('POST', path, { email });
        return { status, text };
      }),
    );
    expect(answers).toEqual([
      { status: 202, text: '{"delivery":"mail"}' },
      { status: 202, text: '{"delivery":"mail"}' },
    ]);
  }
  const states = async () =>
    (await coffer.pool.query<{ note: string }>("select note from identity.mail where state = 'pending' and note is not null")).rows;
  await expect.poll(async () => (await states()).length, soon).toBeGreaterThan(0);
  server.verdicts.length = 0;
  await coffer.pool.query("update identity.mail set next_try_at = clock_timestamp() where state = 'pending'");
  expect(await linkTo('known@example.com', 'Set a new password')).toContain('/account/password?token=');
  expect(server.mails.filter(({ to }) => to.includes('unknown'))).toEqual([]);
});

describe('the pages', () => {
  test('use nothing when they are opened, and work without scripts', async () => {
    await signUp('page@example.com');
    await coffer.call('POST', '/users/password-resets', { email: 'page@example.com' });
    const link = new URL(await linkTo('page@example.com', 'Set a new password'));
    for (let opened = 0; opened < 2; opened++) {
      const page = await fetch(`${coffer.url}${link.pathname}${link.search}`);
      const html = await page.text();
      expect([page.status, page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual([
        200,
        'no-store',
        'no-referrer',
      ]);
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self';/);
      expect(html).toContain(`name="token" value="${tokenIn(link.href)}"`);
      expect(html).not.toMatch(/<script|https?:|javascript:/);
    }
    const token = tokenIn(link.href);
    const tooShort = await post('/account/password', { token, password: 'short' });
    const complaint: unknown = expect.stringContaining('A password has at least 12 characters.');
    expect([tooShort.status, await tooShort.text()]).toEqual([400, complaint]);
    const done = await post('/account/password', { token, password: another });
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining('Your new password is set.')]);
    expect(await coffer.call('POST', '/users/login', { email: 'page@example.com', password: another })).toMatchObject({ status: 200 });
    expect((await post('/account/password', { token, password: another })).status).toBe(404);
  });

  test('show nothing of a token that cannot be one, and take no other form', async () => {
    for (const given of ['"><script>alert(1)</script>', '', 'cofl_x']) {
      const page = await fetch(`${coffer.url}/account/email?token=${encodeURIComponent(given)}`);
      expect([page.status, (await page.text()).includes('<form')]).toEqual([404, false]);
    }
    expect((await post('/users/proofs/confirm', { token: 'x' })).status).toBe(415);
  });
});

test('staff invite; the invited user opens an account, whose address is proved', async () => {
  const admin = await coffer.product.users.signUp({ email: 'admin@example.com', name: 'Admin', password });
  if ('refusal' in admin) throw new Error(admin.refusal.code);
  await coffer.call('POST', '/users/proofs/confirm', { token: tokenIn(await linkTo('admin@example.com', 'Confirm')) });
  await coffer.product.users.setRole(admin.id, 'admin', 'cli');
  const { body } = await coffer.call('POST', '/users/login', { email: 'admin@example.com', password });
  const authorization = { authorization: `Bearer ${String(body['token'])}` };
  expect(await coffer.call('POST', '/users/invitations', { email: 'guest@example.com' })).toMatchObject({ status: 401 });
  expect(await coffer.call('POST', '/users/invitations', { email: 'guest@example.com', name: 'Guest' }, authorization)).toMatchObject({
    status: 202,
  });
  const link = new URL(await linkTo('guest@example.com', 'Your invitation'));
  const done = await post('/account/invitation', { token: tokenIn(link.href), name: 'Guest', password });
  expect(done.status).toBe(200);
  expect(await coffer.call('POST', '/users/login', { email: 'guest@example.com', password })).toMatchObject({ status: 200 });
});

test('no token is in the audit or in any table', async () => {
  await signUp('trace@example.com');
  const token = tokenIn(await linkTo('trace@example.com', 'Confirm'));
  await fetch(`${coffer.url}/account/email?token=${token}`);
  await post('/account/email', { token });
  await coffer.call('POST', '/users/proofs/confirm', { token });
  await expect
    .poll(async () => (await coffer.pool.query("select from audit.request where operation = 'confirmEmail'")).rowCount ?? 0, soon)
    .toBeGreaterThan(0);
  const { rows } = await coffer.pool.query<{ text: string }>(
    'select string_agg(r::text, $$ $$) || (select string_agg(p::text, $$ $$) from identity.proof p) as text from audit.request r',
  );
  expect(rows[0]?.text).not.toContain(token.slice('cofl_'.length));
});

test('requests for links of one network are limited', async () => {
  const asks = Array.from(
    { length: 70 },
    async (_, at) => await coffer.call('POST', '/users/password-resets', { email: `flood${at}@example.com` }),
  );
  const statuses = (await Promise.all(asks)).map(({ status }) => status);
  expect(statuses).toContain(429);
});

test.each([
  ['invite', 404],
  ['off', 403],
] as const)('with COFFER_SIGNUP=%s sign-up without an invitation is refused', async (mode, status) => {
  const closed = await startWatched({ accounts: { signUp: mode } });
  try {
    const body = { email: 'x@example.com', name: 'X', password };
    expect((await closed.call('POST', '/users/signup', body)).body).toMatchObject({ code: 'sign_up_closed' });
    const token = `cofl_${'x'.repeat(43)}`;
    expect(await closed.call('POST', '/users/invitations/accept', { token, name: 'X', password })).toMatchObject({ status });
  } finally {
    await closed.stop();
  }
});
