/** The settings of logins. */
import {
  anyText,
  asRead,
  days,
  guardedUrl,
  isLoopback,
  onOff,
  oneOfWords,
  optional,
  secretText,
  settingGroup,
  wholeNumber,
} from '../kernel/index.ts';
import type { Mistake, Parser } from '../kernel/index.ts';
import type { IssuerSettings } from './issuer.ts';
import type { PasskeySettings } from './passkeys.ts';

/** How accounts come about: anyone signs up, only invited people do, or no one does. */
export const signUpModes = ['open', 'invite', 'off'] as const;
export type SignUpMode = (typeof signUpModes)[number];

type Logins = {
  readonly jwtSecret: string | undefined;
  readonly previousJwtSecret: string | undefined;
  readonly keyLiveMs: number | undefined;
  readonly staffIdleMs: number | undefined;
  readonly loginDays: number;
  readonly issuer: IssuerSettings | undefined;
  readonly factorKey: string | undefined;
  readonly factors: {
    readonly previousFactorKey: string | undefined;
    readonly staffMustHaveFactor: boolean;
    readonly passkeys: PasskeySettings | undefined;
    readonly service: string;
  };
};

/** Browsers offer passkeys to secure pages only: over https, or on their own machine. */
const pageOrigin: Parser<string> = {
  type: 'origin',
  parse: (text) => {
    const url = URL.parse(text);
    const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
    return url && isSecure && url.origin === text.replace(/\/$/, '')
      ? { value: url.origin }
      : { instead: 'the origin of a page, such as https://wallet.example.com' };
  },
};

const words: Parser<readonly string[]> = {
  type: 'words',
  parse: (text) => {
    const list = text.split(',').map((word) => word.trim());
    return list.every((word) => /^[\x21-\x7e]{1,200}$/.test(word))
      ? { value: list }
      : { instead: 'words without spaces, separated by commas' };
  },
};

const shownName: Parser<string> = {
  type: 'text',
  parse: (text) => (/^[^:\p{Cc}]{1,60}$/u.test(text) ? { value: text } : { instead: 'a name of up to 60 characters without a colon' }),
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
    staffFactor: {
      name: 'COFFER_STAFF_MFA',
      reads: oneOfWords(['optional', 'required']),
      default: 'optional',
      absent: 'optional',
      meaning: 'whether staff need a second factor',
      example: 'required',
    },
    factorKey: {
      name: 'COFFER_FACTOR_KEY',
      reads: optional(secretText),
      default: undefined,
      absent: 'generated once, stored in COFFER_HOME',
      meaning: 'secret that encrypts the secrets of TOTP in the database; the same in every process',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    previousFactorKey: {
      name: 'COFFER_FACTOR_KEY_PREVIOUS',
      reads: optional(secretText),
      default: undefined,
      absent: 'none',
      meaning: 'another secret that decrypts them, while COFFER_FACTOR_KEY is rotated',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    service: {
      name: 'COFFER_SERVICE_NAME',
      reads: shownName,
      default: 'Coffer',
      absent: 'Coffer',
      meaning: 'name of your service, as authenticator apps and passkeys show it',
      example: 'Example Wallet',
    },
    origin: {
      name: 'COFFER_WEBAUTHN_ORIGIN',
      reads: optional(pageOrigin),
      default: undefined,
      absent: 'passkeys are off',
      meaning: 'origin of the pages that use passkeys',
      example: 'https://wallet.example.com',
    },
    relyingParty: {
      name: 'COFFER_WEBAUTHN_RP_ID',
      reads: optional(anyText),
      default: undefined,
      absent: 'the host of COFFER_WEBAUTHN_ORIGIN',
      meaning: 'domain that passkeys belong to: that host, or a domain above it',
      example: 'example.com',
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
    factorValues: {
      name: 'COFFER_SSO_MFA',
      reads: words,
      default: ['mfa'],
      absent: 'mfa',
      meaning:
        'values of amr or acr by which its tokens say that more than one factor was used; COFFER_STAFF_MFA=required requires one of staff',
      example: 'mfa,phr',
    },
  },
  combine: (given, mistake): Logins => {
    const { jwtSecret, previousJwtSecret, keyDays, staffIdleMinutes, jwksUrl, issuer, audience, factorValues, factorKey, loginDays } =
      given;
    const own = {
      jwtSecret,
      factorKey,
      factors: {
        previousFactorKey: given.previousFactorKey,
        staffMustHaveFactor: given.staffFactor === 'required',
        passkeys: passkeysOf(given, mistake),
        service: given.service,
      },
      previousJwtSecret,
      keyLiveMs: keyDays === 0 ? undefined : keyDays * 86_400_000,
      loginDays,
      staffIdleMs: staffIdleMinutes === 0 ? undefined : staffIdleMinutes * 60_000,
    };
    if (jwksUrl !== undefined && issuer !== undefined && audience !== undefined)
      return { ...own, issuer: { jwksUrl, issuer, audience, factorValues } };
    if (jwksUrl !== undefined || issuer !== undefined || audience !== undefined)
      mistake('COFFER_JWKS_URL, COFFER_JWT_ISSUER and COFFER_JWT_AUDIENCE belong together: set all three, or none.');
    return { ...own, issuer: undefined };
  },
});

type PasskeyRows = { readonly origin: string | undefined; readonly relyingParty: string | undefined };

function passkeysOf({ origin, relyingParty }: PasskeyRows, mistake: Mistake): PasskeySettings | undefined {
  if (origin === undefined) {
    if (relyingParty !== undefined) mistake('COFFER_WEBAUTHN_RP_ID needs COFFER_WEBAUTHN_ORIGIN: set both, or only the origin.');
    return undefined;
  }
  const host = new URL(origin).hostname;
  if (relyingParty === undefined) return { origin, relyingParty: host };
  if (relyingParty !== host && !host.endsWith(`.${relyingParty}`))
    mistake(`COFFER_WEBAUTHN_RP_ID is neither the host of COFFER_WEBAUTHN_ORIGIN (${host}) nor a domain above it: give one of these.`);
  return { origin, relyingParty };
}

/** Links begin with it, never with what a request says of its host. */
const publicUrl: Parser<string> = {
  type: 'URL',
  parse: (text) => {
    const url = URL.parse(text);
    const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
    return isPlain && 'value' in guardedUrl.parse(text)
      ? { value: url.href.replace(/\/+$/, '') }
      : { instead: 'an https URL without a query, or an http URL of this machine' };
  },
};

export const accountSettings = settingGroup({
  title: 'Accounts',
  rows: {
    emailProof: {
      name: 'COFFER_EMAIL_PROOF',
      reads: onOff,
      default: true,
      absent: 'on; no effect in open mode',
      meaning: 'whether a user proves an e-mail address before it logs in, is notified or becomes staff',
      example: 'off',
    },
    signUp: {
      name: 'COFFER_SIGNUP',
      reads: oneOfWords(signUpModes),
      default: 'open',
      absent: 'open',
      meaning: 'who may sign up: anyone, only invited people, or no one',
      example: 'invite',
    },
    publicUrl: {
      name: 'COFFER_PUBLIC_URL',
      reads: optional(publicUrl),
      default: undefined,
      absent: 'e-mails carry a code instead of a link',
      meaning: 'URL at which users reach the REST API; links in e-mails begin with it',
      example: 'https://pay.example.com',
    },
  },
  combine: asRead,
});
