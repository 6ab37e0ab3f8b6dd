/** TOTP (RFC 6238) as every authenticator app knows it: SHA-1, six digits, a new code every 30 seconds. */
import { Secret, TOTP } from 'otpauth';

const form = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** Steps before and after the current one that count as well: clocks differ. */
const drift = 1;
/** As RFC 4226 recommends. */
const secretBytes = 20;

export type NewTotp = {
  readonly secret: Buffer;
  /** In base32, for people who type it in. */
  readonly text: string;
  /** For a QR code. */
  readonly uri: string;
};

/** `issuer` and `label`: how an app shows it. */
export function drawTotp(issuer: string, label: string): NewTotp {
  const secret = new Secret({ size: secretBytes });
  return { secret: Buffer.from(secret.bytes), text: secret.base32, uri: new TOTP({ ...form, issuer, label, secret }).toString() };
}

/** The step that a code belongs to; null if the code is not one of the steps around this time. */
export function stepOf(secret: Buffer, passcode: string, atMs: number): number | null {
  const totp = new TOTP({ ...form, secret: new Secret({ buffer: new Uint8Array(secret).buffer }) });
  const delta = totp.validate({ token: passcode, timestamp: atMs, window: drift });
  return delta === null ? null : Math.floor(atMs / 1_000 / form.period) + delta;
}
