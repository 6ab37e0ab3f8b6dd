/** The settings of logins. */
import { anyText, days, guardedUrl, optional, secretText, settingGroup, wholeNumber } from '../kernel/index.ts';
import type { IssuerSettings } from './issuer.ts';

type Logins = {
  readonly jwtSecret: string | undefined;
  readonly previousJwtSecret: string | undefined;
  readonly keyLiveMs: number | undefined;
  readonly staffIdleMs: number | undefined;
  readonly loginDays: number;
  readonly issuer: IssuerSettings | undefined;
};

export const identitySettings = settingGroup({
  title: 'Logins',
  rows: {
    jwtSecret: {
      name: 'JWT_SECRET',
      reads: optional(secretText),
      default: undefined,
      absent: 'generated once, stored in COFFER_HOME',
      meaning: 'secret that signs login tokens',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    previousJwtSecret: {
      name: 'JWT_SECRET_PREVIOUS',
      reads: optional(secretText),
      default: undefined,
      absent: 'none',
      meaning: 'another secret whose tokens are accepted, while JWT_SECRET is rotated',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    keyDays: {
      name: 'COFFER_KEY_DAYS',
      reads: wholeNumber('a number of days (0 for never)', 0, 3_650),
      default: 365,
      absent: '365',
      meaning: 'days after which a new API key expires, unless its creation says otherwise; 0 for never',
      example: '90',
    },
    staffIdleMinutes: {
      name: 'COFFER_STAFF_IDLE_MINUTES',
      reads: wholeNumber('a number of minutes (0 for no limit)', 0, 60),
      default: 30,
      absent: '30',
      meaning: 'minutes without a request after which a session of staff ends; 0 for no limit',
      example: '10',
    },
    loginDays: {
      name: 'COFFER_LOGIN_DAYS',
      reads: days,
      default: 400,
      absent: '400',
      meaning: 'days for which attempts to log in are stored',
      example: '90',
    },
    jwksUrl: {
      name: 'COFFER_JWKS_URL',
      reads: optional(guardedUrl),
      default: undefined,
      absent: 'no other issuer',
      meaning: 'URL of the public keys (JWKS) of another token issuer',
      example: 'https://login.example.com/.well-known/jwks.json',
    },
    issuer: {
      name: 'COFFER_JWT_ISSUER',
      reads: optional(anyText),
      default: undefined,
      absent: 'no other issuer',
      meaning: 'required iss of its tokens',
      example: 'https://login.example.com',
    },
    audience: {
      name: 'COFFER_JWT_AUDIENCE',
      reads: optional(anyText),
      default: undefined,
      absent: 'no other issuer',
      meaning: 'required aud of its tokens',
      example: 'coffer',
    },
  },
  combine: ({ jwtSecret, previousJwtSecret, keyDays, staffIdleMinutes, loginDays, jwksUrl, issuer, audience }, mistake): Logins => {
    const own = {
      jwtSecret,
      previousJwtSecret,
      keyLiveMs: keyDays === 0 ? undefined : keyDays * 86_400_000,
      loginDays,
      staffIdleMs: staffIdleMinutes === 0 ? undefined : staffIdleMinutes * 60_000,
    };
    if (jwksUrl !== undefined && issuer !== undefined && audience !== undefined) return { ...own, issuer: { jwksUrl, issuer, audience } };
    if (jwksUrl !== undefined || issuer !== undefined || audience !== undefined)
      mistake('COFFER_JWKS_URL, COFFER_JWT_ISSUER and COFFER_JWT_AUDIENCE belong together: set all three, or none.');
    return { ...own, issuer: undefined };
  },
});
