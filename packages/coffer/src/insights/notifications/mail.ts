/**
 * Sends e-mails through an SMTP server: at least once, under a stable Message-ID, so that a mail server can recognise duplicates.
 */
import type pg from 'pg';
import { putWaitsRight, SteadyClock } from '../../background/index.ts';
import type { Loop } from '../../background/index.ts';
import { hidePasswords, loadOptional, pauseAfter } from '../../kernel/index.ts';
import type { Log } from '../../kernel/index.ts';
import { startWork } from '../loop.ts';
import { sentenceOf, subjectOf } from './kinds.ts';
import type { NotificationKind } from './kinds.ts';

const everyMs = 2_000;
const timeoutMs = 15_000;
/** Longer than any try takes, so that no other process sends it at the same time. */
const leaseSeconds = 120;
const waits = { table: 'insights.mail', until: 'next_try_at', since: 'waits_since', waiting: "state = 'pending'" } as const;
/** In seconds. */
const pausesS = { first: 1, most: 7_200 } as const;
/** The last try is about twelve hours after the first. */
const attemptsMax = 18;

export type MailParts = {
  readonly pool: pg.Pool;
  readonly mail: { readonly smtpUrl: string; readonly from: string };
  /** Null for a user who is gone or has no address. */
  readonly addressOf: (userId: string) => Promise<string | null>;
  readonly log: Log;
};

type Due = {
  readonly notification: number;
  readonly attempts: number;
  readonly user_id: string;
  readonly kind: NotificationKind;
  readonly wallet: string;
  readonly facts: Record<string, string>;
};

export async function startMail(parts: MailParts): Promise<Loop> {
  const { createTransport } = await loadOptional('SMTP_URL', ['nodemailer'], () => import('nodemailer'));
  const transport = createTransport({
    url: parts.mail.smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // The content is plain text: nothing in it is fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const clock = new SteadyClock(parts.pool, (now) => putWaitsRight(parts.pool, waits, now));
  const loop = startWork({
    what: 'E-mail',
    everyMs,
    log: parts.log,
    work: async () => {
      const due = await claim(parts.pool, await clock.read());
      if (due) await attempt({ ...parts, clock }, due, async (message) => void (await transport.sendMail(message)));
      return due !== null;
    },
  });
  return {
    notify: () => loop.notify(),
    stop: async () => {
      await loop.stop();
      transport.close();
    },
  };
}

/** One at a time, to go easy on the mail server. */
async function claim(pool: pg.Pool, now: Date): Promise<Due | null> {
  const { rows } = await pool.query<Due>({
    name: 'mail_claim',
    text: `
      with due as (
        update insights.mail set next_try_at = $2::timestamptz + $1 * interval '1 second', waits_since = $2::timestamptz, attempts = attempts + 1
        where notification in (
          select notification from insights.mail where state = 'pending' and next_try_at <= $2::timestamptz
          order by next_try_at limit 1 for update skip locked)
        returning notification, attempts)
      select due.notification, due.attempts, n.user_id, n.kind, n.wallet, n.facts
      from due join insights.notification n on n.id = due.notification`,
    values: [leaseSeconds, now],
  });
  return rows[0] ?? null;
}

type Message = { from: string; to: string; subject: string; text: string; messageId: string };

async function attempt(
  parts: MailParts & { readonly clock: SteadyClock },
  due: Due,
  send: (message: Message) => Promise<void>,
): Promise<void> {
  const { pool, mail, log } = parts;
  const to = await parts.addressOf(due.user_id);
  if (to === null) return await finish(pool, due, 'dropped', 'the user has no address');
  const domain = /@([A-Za-z0-9.-]+)/.exec(mail.from)?.[1] ?? 'coffer';
  const message = {
    from: mail.from,
    to,
    subject: subjectOf(due.kind),
    text: `${sentenceOf(due.kind, due.wallet, due.facts)}\n`,
    messageId: `<notification-${due.notification}@${domain}>`,
  };
  try {
    await send(message);
  } catch (failure) {
    const note = hidePasswords(failure instanceof Error ? failure.message : String(failure)).slice(0, 500);
    const final = isFinal(failure) || due.attempts >= attemptsMax;
    log.warn({ notification: due.notification, attempts: due.attempts, reason: note, final }, 'An e-mail could not be sent');
    return final ? await finish(pool, due, 'failed', note) : await postpone(pool, due, note, parts.clock.now);
  }
  await finish(pool, due, 'sent', null);
}

/** The server refused permanently. A wrong password is for the operator to fix, and no reason to give up the e-mail. */
function isFinal(failure: unknown): boolean {
  if (!(failure instanceof Error) || ('code' in failure && failure.code === 'EAUTH')) return false;
  const status = 'responseCode' in failure ? failure.responseCode : undefined;
  return typeof status === 'number' && status >= 500;
}

async function finish(pool: pg.Pool, { notification }: Due, state: 'sent' | 'failed' | 'dropped', note: string | null): Promise<void> {
  await pool.query('update insights.mail set state = $2, note = $3, finished_at = clock_timestamp() where notification = $1', [
    notification,
    state,
    note,
  ]);
}

async function postpone(pool: pg.Pool, { notification, attempts }: Due, note: string, now: Date): Promise<void> {
  const seconds = pauseAfter(attempts, pausesS) * (0.75 + Math.random() / 2);
  await pool.query(
    `update insights.mail set note = $2, next_try_at = $4::timestamptz + $3 * interval '1 second', waits_since = $4::timestamptz where notification = $1`,
    [notification, note, seconds, now],
  );
}
