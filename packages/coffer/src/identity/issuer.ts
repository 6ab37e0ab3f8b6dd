/** Tokens of another issuer, such as a company's single sign-on: verified with its published keys (RFC 8725). */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import { isUuid } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';

export type IssuerSettings = {
  /** Where the issuer publishes its public keys. */
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
};

/** Public keys only: with a shared secret, a verifier of tokens could also forge them. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const fetchPatienceMs = 3_000;
/** Unknown keys are fetched again, but not for every forged token. */
const cooldownMs = 30_000;
const keysLiveMs = 600_000;
const tokenLengthMax = 4_096;
const clockToleranceSeconds = 5;

export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #keys: JWTVerifyGetKey;

  constructor(settings: IssuerSettings) {
    this.#settings = settings;
    this.#keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
      timeoutDuration: fetchPatienceMs,
      cooldownDuration: cooldownMs,
      cacheMaxAge: keysLiveMs,
    });
  }

  /**
   * The user id in the subject of a token; null unless it is an unexpired token of the issuer for us. No other claim, such as a
   * role, is trusted. Throws IdentityUnavailable if the issuer's keys cannot be fetched.
   */
  async read(token: string): Promise<string | null> {
    if (token.length > tokenLengthMax) return null;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms,
        issuer: this.#settings.issuer,
        audience: this.#settings.audience,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: clockToleranceSeconds,
      });
      return payload.sub !== undefined && isUuid(payload.sub) ? payload.sub : null;
    } catch (failure) {
      if (isIssuerAway(failure)) throw new IdentityUnavailable('not_done', { cause: failure });
      if (failure instanceof errors.JOSEError) return null;
      throw failure;
    }
  }
}

/**
 * The library reports an answer that is not 200, or not JSON, as its general error; a failed connection is fetch's own TypeError.
 */
function isIssuerAway(failure: unknown): boolean {
  if (failure instanceof errors.JWKSTimeout) return true;
  if (failure instanceof errors.JOSEError) return failure.code === 'ERR_JOSE_GENERIC';
  return failure instanceof TypeError && failure.message === 'fetch failed';
}
