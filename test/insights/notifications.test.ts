// Notifications: owners are notified once of changes to their wallets, and by e-mail if they may need to act.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { notificationMail, notificationsProjection } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { startMail } from '../../packages/coffer/src/mail/index.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';
import { startMailServer } from './smtp.ts';
import type { MailServer } from './smtp.ts';

const owner = '22222222-2222-4222-8222-222222222222';
const wallet = `${owner}.USD`;

/** Generous, because the machine may be busy. */
const soon = { timeout: 50_000 };

let log: Log;
let server: MailServer;
beforeAll(async () => {
  log = await startLog();
  server = await startMailServer();
  await log.commands.open({ owner, asset: 'USD' });
  await log.commands.deposit({ wallet, amount: 500n });
  await log.commands.deposit({ wallet: 'nobodys', amount: 500n });
  await log.commands.transfer({ from: 'nobodys', to: wallet, amount: 20n });
  await log.commands.freeze({ wallet, sides: 'debits', reason: 'looked into', actor: 'operator:me' });
  await log.apply(notificationsProjection(true), await log.events());
});
afterAll(async () => {
  await server.stop();
  await log.stop();
});

let mail: Awaited<ReturnType<typeof startMail>> | undefined;
afterEach(async () => {
  await mail?.stop();
  mail = undefined;
});

async function startSending(to: string | null, url = server.url): Promise<void> {
  const outbox = notificationMail(log.pool, async () => await Promise.resolve(to));
  mail = await startMail({ pool: log.pool, mail: { smtpUrl: url, from: 'Coffer <coffer@example.com>' }, outbox, log: silentLog() });
}

async function mailRow(): Promise<{ state: string; attempts: number; note: string | null } | undefined> {
  const { rows } = await log.owner.query<{ state: string; attempts: number; note: string | null }>(
    'select state, attempts, note from insights.mail order by notification desc limit 1',
  );
  return rows[0];
}

/** Adds one more e-mail to send. */
async function another(): Promise<void> {
  const end = await log.ledger.read.in({ book: 1 }).lastSeq();
  await log.commands.unfreeze({ wallet, sides: 'both', reason: 'fine', actor: 'operator:me' });
  await log.commands.freeze({ wallet, sides: 'debits', reason: 'again', actor: 'operator:me' });
  await log.apply(notificationsProjection(true), (await log.events(end)).slice(-1));
}

/** Makes the next attempt due, instead of waiting. */
async function hurry(): Promise<void> {
  await log.owner.query(`update insights.mail set next_try_at = clock_timestamp() where state = 'pending'`);
  mail?.notify();
}

test('the owner of a wallet is notified of incoming money and decisions; a wallet without an owner creates no notification', async () => {
  const { items, unreadCount, next } = await log.insights.notifications.list(owner, { limit: 10 });
  expect(items.map(({ kind, facts }) => [kind, facts['amount'] ?? facts['reason']])).toEqual([
    ['wallet_frozen', 'looked into'],
    ['money_received', '20'],
    ['money_received', '500'],
  ]);
  expect([unreadCount, next]).toEqual([3, null]);
  expect(items[0]?.text).toBe(`Your wallet ${wallet} was frozen: looked into.`);
  expect((await log.owner.query('select from insights.notification where user_id is distinct from $1', [owner])).rowCount).toBe(0);
});

test('redelivered events create no second notification', async () => {
  await log.apply(notificationsProjection(true), await log.events());
  expect((await log.insights.notifications.list(owner, { limit: 10 })).items).toHaveLength(3);
  expect((await log.owner.query('select from insights.mail')).rowCount).toBe(1);
});

test('old events create no notification', async () => {
  const old = (await log.events()).map((event) => ({
    ...event,
    id: `old-${event.id}`,
    recordedAt: new Date(event.recordedAt.getTime() - 8 * 86_400_000),
  }));
  await log.apply(notificationsProjection(true), old);
  expect((await log.insights.notifications.list(owner, { limit: 10 })).items).toHaveLength(3);
});

test('notifications are paged, filtered to unread, and marked as read', async () => {
  const { notifications } = log.insights;
  const first = await notifications.list(owner, { limit: 2 });
  const second = await notifications.list(owner, { limit: 2, cursor: first.next ?? '' });
  expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, null]);
  const id = first.items[0]?.id ?? '';
  expect(await notifications.markRead('33333333-3333-4333-8333-333333333333', id, 'user:other')).toBeNull();
  const read = await notifications.markRead(owner, id, `user:${owner}`);
  expect(await notifications.markRead(owner, id, 'user:later')).toEqual(read);
  const unread = await notifications.list(owner, { limit: 10, unread: true });
  expect([unread.items.length, unread.unreadCount]).toEqual([2, 2]);
  expect([await notifications.markAllRead(owner, 'me'), await notifications.markAllRead(owner, 'me')]).toEqual([2, 0]);
});

test('an e-mail is sent once, to the address of the owner', async () => {
  await startSending('jane@example.com');
  await expect.poll(async () => (await mailRow())?.state, soon).toBe('sent');
  expect(server.mails).toHaveLength(1);
  expect(server.mails[0]).toMatchObject({ from: 'MAIL FROM:<coffer@example.com>', to: 'RCPT TO:<jane@example.com>' });
  expect(server.mails[0]?.text).toMatch(/^Subject: Your wallet was frozen$/m);
  expect(server.mails[0]?.text).toMatch(/^Message-ID: <notification-\d+@example\.com>$/m);
  expect(server.mails[0]?.text.replaceAll('=\n', '')).toContain('looked into');
});

test('a mail server that is busy, or disconnects after it accepts the mail, gets it again with the same Message-ID', async () => {
  server.verdicts.push('451 later', 'hang up');
  const before = server.mails.length;
  await another();
  await startSending('jane@example.com');
  await expect.poll(async () => (await mailRow())?.note, soon).toMatch(/451/);
  await hurry();
  await expect.poll(() => server.mails.length, soon).toBeGreaterThan(before);
  await expect.poll(async () => (await mailRow())?.note ?? '', soon).not.toMatch(/451/);
  await hurry();
  await expect.poll(async () => (await mailRow())?.state, soon).toBe('sent');
  const ids = server.mails.slice(before).map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

test('a mail that the server always refuses is abandoned, and one without a recipient is dropped', async () => {
  server.verdicts.push('550 never');
  const before = server.mails.length;
  await another();
  await startSending('jane@example.com');
  await expect.poll(async () => (await mailRow())?.state, soon).toBe('failed');
  await mail?.stop();
  await another();
  await startSending(null);
  await expect.poll(async () => (await mailRow())?.state, soon).toBe('dropped');
  expect(server.mails).toHaveLength(before);
});

test('while the mail server is down, no mail is lost', async () => {
  await another();
  await startSending('jane@example.com', 'smtp://127.0.0.1:1?ignoreTLS=true');
  await expect.poll(async () => (await mailRow())?.attempts, soon).toBeGreaterThan(0);
  await expect.poll(async () => (await mailRow())?.note, soon).toMatch(/ECONNREFUSED/);
  await mail?.stop();
  await startSending('jane@example.com');
  await hurry();
  await expect.poll(async () => (await mailRow())?.state, soon).toBe('sent');
});
