/** The settings of asynchronous requests and their payouts. */
import { days, guardedUrl, oneOfWords, optional, settingGroup, wholeNumber } from '../kernel/index.ts';
import type { Parser } from '../kernel/index.ts';

/**
 * `none`: the request is posted immediately. `approval`: an operator decides. `webhook`: the system at `url` is called and
 * decides.
 */
export type PayoutConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'approval'; readonly timeoutSeconds: number }
  | { readonly kind: 'webhook'; readonly url: string; readonly secrets: readonly string[]; readonly timeoutSeconds: number };

const webhookSecret: Parser<string> = {
  type: 'whsec_ and 24 to 64 bytes in base64',
  parse: (text) => {
    const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length;
    return text.startsWith('whsec_') && bytes >= 24 && bytes <= 64
      ? { value: text }
      : { instead: 'whsec_ followed by 24 to 64 bytes in base64 (openssl rand -base64 32)' };
  },
};

export const requestSettings = settingGroup({
  title: 'Asynchronous requests',
  rows: {
    requestDays: {
      name: 'COFFER_REQUEST_DAYS',
      reads: days,
      default: 400,
      absent: '400',
      meaning: 'days for which a finished asynchronous request is stored',
      example: '90',
    },
    kind: {
      name: 'COFFER_PAYOUT',
      reads: optional(oneOfWords(['none', 'approval', 'webhook'])),
      default: undefined,
      absent: 'webhook if COFFER_PAYOUT_URL is set, otherwise none',
      meaning: 'what an asynchronous withdrawal waits for',
      example: 'approval',
    },
    url: {
      name: 'COFFER_PAYOUT_URL',
      // The answer decides the payout, so it must not be altered in transit.
      reads: optional(guardedUrl),
      default: undefined,
      absent: 'none',
      meaning: 'URL of the payer, called once the amount is held',
      example: 'https://payouts.example.com/coffer',
    },
    secret: {
      name: 'COFFER_PAYOUT_SECRET',
      reads: optional(webhookSecret),
      default: undefined,
      absent: 'none',
      meaning: 'secret that signs calls to the payer',
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      secret: true,
    },
    previousSecret: {
      name: 'COFFER_PAYOUT_SECRET_PREVIOUS',
      reads: optional(webhookSecret),
      default: undefined,
      absent: 'none',
      meaning: 'another secret that also signs, while COFFER_PAYOUT_SECRET is rotated',
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      secret: true,
    },
    timeoutSeconds: {
      name: 'COFFER_PAYOUT_TIMEOUT',
      reads: wholeNumber('a number of seconds', 1, 31_536_000),
      default: 86_400,
      absent: '86400',
      meaning: 'seconds after which an undecided payout is released',
      example: '3600',
    },
  },
  combine: ({ requestDays, ...payout }, mistake) => ({ requestDays, payout: payoutOf(payout, mistake) }),
});

type PayoutValues = {
  readonly kind: PayoutConfig['kind'] | undefined;
  readonly url: string | undefined;
  readonly secret: string | undefined;
  readonly previousSecret: string | undefined;
  readonly timeoutSeconds: number;
};

function payoutOf(
  { url, secret, previousSecret, timeoutSeconds, kind = url === undefined ? 'none' : 'webhook' }: PayoutValues,
  mistake: (sentence: string) => void,
): PayoutConfig {
  if (kind === 'none') return { kind };
  if (kind === 'approval') return { kind, timeoutSeconds };
  if (url !== undefined && secret !== undefined) {
    const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
    return { kind, url, secrets, timeoutSeconds };
  }
  mistake('COFFER_PAYOUT is webhook: also set COFFER_PAYOUT_URL and COFFER_PAYOUT_SECRET.');
  return { kind: 'none' };
}
