/** Login tokens: JWTs with one algorithm, one issuer, one audience and a short lifetime (RFC 8725). */
import type { webcrypto } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { assert, isUuid } from '../kernel/index.ts';

export const ownAlgorithm = 'HS256';
const issuer = 'coffer';
const audience = 'coffer';
export const lifetimeMs = 3_600_000;
const secretBytesMin = 32;
/** Ours have about 300 characters. Longer ones are not parsed. */
const tokenLengthMax = 1_024;

/** The user and the session that a token names. */
export type TokenSubject = { readonly userId: string; readonly sessionId: string };

export class Tokens {
  readonly #keys: readonly [Promise<webcrypto.CryptoKey>, ...Promise<webcrypto.CryptoKey>[]];

  /** The first secret signs; all verify, so that one can be rotated. */
  constructor(secret: string, ...previous: readonly string[]) {
    this.#keys = [keyOf(secret), ...previous.map(keyOf)];
  }

  async make({ userId, sessionId }: TokenSubject): Promise<{ token: string; expiresAt: Date }> {
    const issuedAt = Math.floor(Date.now() / 1_000);
    const expiresAt = issuedAt + lifetimeMs / 1_000;
    const token = await new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ownAlgorithm, typ: 'JWT' })
      .setSubject(userId)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(await this.#keys[0]);
    return { token, expiresAt: new Date(expiresAt * 1_000) };
  }

  /** Null unless it is an unexpired token of ours. */
  async read(token: string): Promise<TokenSubject | null> {
    if (token.length > tokenLengthMax) return null;
    for (const key of this.#keys) {
      const read = await this.#readWith(await key, token);
      if (read !== 'another secret') return read;
    }
    return null;
  }

  async #readWith(key: webcrypto.CryptoKey, token: string): Promise<TokenSubject | null | 'another secret'> {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ownAlgorithm],
        issuer,
        audience,
        typ: 'JWT',
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      const { sub, sid } = payload;
      const isOurs = sub !== undefined && isUuid(sub) && typeof sid === 'string' && isUuid(sid);
      return isOurs ? { userId: sub, sessionId: sid } : null;
    } catch (failure) {
      if (failure instanceof errors.JWSSignatureVerificationFailed) return 'another secret';
      if (failure instanceof errors.JOSEError) return null;
      throw failure;
    }
  }
}

function keyOf(secret: string): Promise<webcrypto.CryptoKey> {
  assert(Buffer.byteLength(secret) >= secretBytesMin, 'a token secret has at least 32 bytes');
  return crypto.subtle.importKey('raw', Buffer.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}
