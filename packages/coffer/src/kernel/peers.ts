/** The systems beside Coffer that it uses when it is told where they are. All of them may be absent. */
import { hidePasswords } from './secrets.ts';

export type PeersConfig = {
  /** Events go through this RabbitMQ; through PostgreSQL when absent. */
  readonly rabbitmqUrl: string | undefined;
  /** What several processes share besides the database: cached reads, counted requests. */
  readonly redisUrl: string | undefined;
  /** Notifications are sent by e-mail, too, when both are given. */
  readonly mail: { readonly smtpUrl: string; readonly from: string } | undefined;
  /** What a withdrawal that was asked for asynchronously waits for, between its hold and its capture. */
  readonly payout: PayoutConfig;
  /** Whether webhooks may go to private addresses, and to http. */
  readonly privateWebhooks: boolean;
};

/** `none`: it is posted at once. `approval`: an operator says. `webhook`: the system at `url` is called and says. */
export type PayoutConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'approval'; readonly timeoutSeconds: number }
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string; readonly timeoutSeconds: number };

export const peerSettings: readonly { name: string; meaning: string; fallback: string }[] = [
  { name: 'RABBITMQ_URL', meaning: 'a RabbitMQ that events go through', fallback: 'none: through PostgreSQL' },
  { name: 'REDIS_URL', meaning: 'a Redis for cached reads and shared rate limits', fallback: 'none: each process for itself' },
  { name: 'SMTP_URL', meaning: 'a mail server that notifications go through', fallback: 'none: no e-mail' },
  { name: 'COFFER_MAIL_FROM', meaning: 'sender of those e-mails', fallback: 'none' },
  {
    name: 'COFFER_PAYOUT',
    meaning: 'what an asynchronous withdrawal waits for: none, approval or webhook',
    fallback: 'webhook when COFFER_PAYOUT_URL is given, else none',
  },
  { name: 'COFFER_PAYOUT_URL', meaning: 'the system that pays out, called once the amount is held', fallback: 'none' },
  { name: 'COFFER_PAYOUT_SECRET', meaning: 'signs those calls: whsec_ and 24 to 64 bytes in base64', fallback: 'none' },
  { name: 'COFFER_PAYOUT_TIMEOUT', meaning: 'seconds after which an undecided payout is released', fallback: '86400' },
  { name: 'COFFER_WEBHOOKS_PRIVATE', meaning: 'let webhooks go to private addresses and to http', fallback: 'off' },
];

type Given = (name: string) => string | undefined;
type Problem = (sentence: string) => void;

const secondsMax = 31_536_000;

export function readPeers(given: Given, isOn: (name: string, fallback: string) => boolean, problem: Problem): PeersConfig {
  return {
    rabbitmqUrl: readUrl('RABBITMQ_URL', given('RABBITMQ_URL'), ['amqp:', 'amqps:'], 'amqp://user:password@host:5672', problem),
    redisUrl: readUrl('REDIS_URL', given('REDIS_URL'), ['redis:', 'rediss:'], 'redis://host:6379', problem),
    mail: readMail(given, problem),
    payout: readPayout(given, problem),
    privateWebhooks: isOn('COFFER_WEBHOOKS_PRIVATE', 'off'),
  };
}

function readUrl(name: string, text: string | undefined, schemes: readonly string[], example: string, problem: Problem) {
  // The text itself stays out of the sentence: it may hold a password.
  if (text !== undefined && !schemes.includes(URL.parse(text)?.protocol ?? '')) problem(`${name} is no address: give ${example}.`);
  return text;
}

function readMail(given: Given, problem: Problem): PeersConfig['mail'] {
  const smtpUrl = readUrl('SMTP_URL', given('SMTP_URL'), ['smtp:', 'smtps:'], 'smtp://user:password@host:587', problem);
  const from = given('COFFER_MAIL_FROM');
  if (smtpUrl === undefined && from === undefined) return undefined;
  if (smtpUrl !== undefined && from !== undefined) return { smtpUrl, from };
  problem('SMTP_URL and COFFER_MAIL_FROM belong together: set both, or none.');
  return undefined;
}

function readPayout(given: Given, problem: Problem): PayoutConfig {
  const url = readUrl('COFFER_PAYOUT_URL', given('COFFER_PAYOUT_URL'), ['https:', 'http:'], 'https://host/path', problem);
  const secret = given('COFFER_PAYOUT_SECRET');
  const kind = given('COFFER_PAYOUT')?.toLowerCase() ?? (url === undefined ? 'none' : 'webhook');
  const timeoutSeconds = readSeconds(given('COFFER_PAYOUT_TIMEOUT') ?? '86400', problem);
  if (kind === 'none') return { kind };
  if (kind === 'approval') return { kind, timeoutSeconds };
  if (kind !== 'webhook') {
    problem(`COFFER_PAYOUT is "${kind}": give none, approval or webhook.`);
    return { kind: 'none' };
  }
  if (url === undefined || secret === undefined) {
    problem('COFFER_PAYOUT is webhook: give COFFER_PAYOUT_URL and COFFER_PAYOUT_SECRET, too.');
    return { kind: 'none' };
  }
  if (!isWebhookSecret(secret))
    problem('COFFER_PAYOUT_SECRET is no webhook secret: give whsec_ followed by 24 to 64 bytes in base64 (openssl rand -base64 32).');
  if (url.startsWith('http:')) tellPlain(url, problem);
  return { kind, url, secret, timeoutSeconds };
}

function isWebhookSecret(text: string): boolean {
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length;
  return text.startsWith('whsec_') && bytes >= 24 && bytes <= 64;
}

/** A payout is decided by the answer: nobody on the way may change it. On this machine nobody is on the way. */
function tellPlain(url: string, problem: Problem): void {
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (!(host === 'localhost' || host === '::1' || host.startsWith('127.')))
    problem(`COFFER_PAYOUT_URL is "${hidePasswords(url)}": give an https address, or an http one of this machine.`);
}

function readSeconds(text: string, problem: Problem): number {
  const seconds = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= secondsMax) return seconds;
  problem(`COFFER_PAYOUT_TIMEOUT is "${text}": give a number of seconds between 1 and ${secondsMax}.`);
  return 86_400;
}
