/**
 * Sends e-mails through an SMTP server: at least once, under a stable Message-ID, so that a mail server can recognise duplicates.
 */
import type pg from 'pg';
import { putWaitsRight, startLoop, SteadyClock } from '../background/index.ts';
import type { Loop } from '../background/index.ts';
import { isOutage } from '../database/index.ts';
import { hidePasswords, hideSecrets, loadOptional, pauseAfter } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';

const everyMs = 2_000;
const timeoutMs = 15_000;
const failurePauses = { first: 200, most: 30_000 } as const;
/** Longer than any try takes, so that no other process sends it at the same time. */
const leaseSeconds = 120;
/** In seconds. */
const pausesS = { first: 1, most: 7_200 } as const;
/** The last try is about twelve hours after the first. */
const attemptsMax = 18;

export type MailServer = { readonly smtpUrl: string; readonly from: string };

/** Plain text to one address. */
export type Letter = { readonly to: string; readonly subject: string; readonly text: string };

/** A table of e-mails that wait: `state`, `attempts`, `next_try_at`, `waits_since`, `note` and `finished_at`. */
export type Outbox = {
  readonly table: 'insights.mail' | 'identity.mail';
  /** Its key, a bigint. */
  readonly key: 'notification' | 'id';
  /** Begins the Message-ID: no two outboxes share it. */
  readonly name: string;
  /** The e-mail as it is now; or why there is none to send any more. Called once for each try. */
  readonly compose: (key: number) => Promise<Letter | { readonly dropped: string }>;
};

export type MailParts = { readonly pool: pg.Pool; readonly mail: MailServer; readonly outbox: Outbox; readonly log: Log };

type Due = { readonly key: number; readonly attempts: number };
type Message = Letter & { readonly from: string; readonly messageId: string };

export async function startMail(parts: MailParts): Promise<Loop> {
  const { pool, mail, outbox, log } = parts;
  const { createTransport } = await loadOptional('SMTP_URL', ['nodemailer'], () => import('nodemailer'));
  const transport = createTransport({
    url: mail.smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // The content is plain text: nothing in it is fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const waits = { table: outbox.table, until: 'next_try_at', since: 'waits_since', waiting: "state = 'pending'" };
  const clock = new SteadyClock(pool, (now) => putWaitsRight(pool, waits, now));
  const loop = startLoop({
    everyMs,
    pauses: failurePauses,
    failed: (failure, isFirst) => {
      if (isFirst || !isOutage(failure)) log[isOutage(failure) ? 'warn' : 'error']({ err: failure }, 'E-mail: it will be retried');
    },
    recovered: () => log.info('E-mail: it continues'),
    work: async () => {
      const due = await claim(pool, outbox, await clock.read());
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
async function claim(pool: pg.Pool, { table, key }: Outbox, now: Date): Promise<Due | null> {
  const { rows } = await pool.query<Due>({
    name: `mail_claim_${table}`,
    text: `
      update ${table} set next_try_at = $2::timestamptz + $1 * interval '1 second', waits_since = $2::timestamptz, attempts = attempts + 1
      where ${key} in (
        select ${key} from ${table} where state = 'pending' and next_try_at <= $2::timestamptz
        order by next_try_at limit 1 for update skip locked)
      returning ${key} as key, attempts`,
    values: [leaseSeconds, now],
  });
  return rows[0] ?? null;
}

async function attempt(
  parts: MailParts & { readonly clock: SteadyClock },
  due: Due,
  send: (message: Message) => Promise<void>,
): Promise<void> {
  const { pool, mail, outbox, log } = parts;
  const letter = await outbox.compose(due.key);
  if ('dropped' in letter) return await finish(pool, outbox, due, 'dropped', letter.dropped);
  const domain = /@([A-Za-z0-9.-]+)/.exec(mail.from)?.[1] ?? 'coffer';
  try {
    await send({ ...letter, from: mail.from, messageId: `<${outbox.name}-${due.key}@${domain}>` });
  } catch (failure) {
    // A server may quote the e-mail, which may carry a link.
    const note = hideSecrets(hidePasswords(failure instanceof Error ? failure.message : String(failure))).slice(0, 500);
    const final = isFinal(failure) || due.attempts >= attemptsMax;
    log.warn({ [outbox.name]: due.key, attempts: due.attempts, reason: note, final }, 'An e-mail could not be sent');
    return final ? await finish(pool, outbox, due, 'failed', note) : await postpone(pool, outbox, due, note, parts.clock.now);
  }
  await finish(pool, outbox, due, 'sent', null);
}

/** The server refused permanently. A wrong password is for the operator to fix, and no reason to give up the e-mail. */
function isFinal(failure: unknown): boolean {
  if (!(failure instanceof Error) || ('code' in failure && failure.code === 'EAUTH')) return false;
  const status = 'responseCode' in failure ? failure.responseCode : undefined;
  return typeof status === 'number' && status >= 500;
}

async function finish(
  pool: pg.Pool,
  { table, key }: Outbox,
  due: Due,
  state: 'sent' | 'failed' | 'dropped',
  note: string | null,
): Promise<void> {
  await pool.query(`update ${table} set state = $2, note = $3, finished_at = clock_timestamp() where ${key} = $1`, [due.key, state, note]);
}

async function postpone(pool: pg.Pool, { table, key }: Outbox, due: Due, note: string, now: Date): Promise<void> {
  const seconds = pauseAfter(due.attempts, pausesS) * (0.75 + Math.random() / 2);
  await pool.query(
    `update ${table} set note = $2, next_try_at = $4::timestamptz + $3 * interval '1 second', waits_since = $4::timestamptz where ${key} = $1`,
    [due.key, note, seconds, now],
  );
}
