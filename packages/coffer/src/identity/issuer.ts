/** Tokens of another issuer, such as a company's single sign-on: verified with its published keys (RFC 8725). */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyResult } from 'jose';
import type { Log } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';
import { isStorable } from './subjects.ts';

export type IssuerSettings = {
  /** Where the issuer publishes its public keys. */
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** Values of `amr` or `acr` that say that a login used more than one factor; `mfa` (RFC 8176) if absent. */
  readonly factorValues?: readonly string[] | undefined;
};

/** What a verified token says about its login. No other claim, such as a role, is trusted. */
export type ForeignLogin = {
  readonly issuer: string;
  readonly subject: string;
  /** In seconds. */
  readonly issuedAt: number;
  /** When the user proved who they are, in seconds: `auth_time`, or when the token was issued. */
  readonly provedAt: number;
  readonly usedSeveralFactors: boolean;
};

/** Public keys only: with a shared secret, a verifier of tokens could also forge them. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const fetchPatienceMs = 3_000;
/** Unknown keys are fetched again, but not for every forged token. */
const cooldownMs = 30_000;
const keysLiveMs = 600_000;
/** Some issuers put a user's groups into the token. */
const tokenLengthMax = 16_384;
export const clockToleranceSeconds = 5;
/** A token that is older is refused, however long it is to live. */
const ageMax = '24h';
/** Of access and identity tokens; a logout or refresh token is no login. A token without a type is accepted: many issuers set none. */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
/** Keys of a set that fit the header of a token, and are tried. */
const keysTriedMax = 20;
/** Each reason is logged at most once in this time: forged tokens must not flood the log. */
const sayEveryMs = 60_000;

export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #keys: JWTVerifyGetKey;
  readonly #log: Log | undefined;
  readonly #saidAtMs = new Map<string, number>();

  /** `log`: says why a token was refused, which its caller does not learn. */
  constructor(settings: IssuerSettings, log?: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
      timeoutDuration: fetchPatienceMs,
      cooldownDuration: cooldownMs,
      cacheMaxAge: keysLiveMs,
    });
  }

  /**
   * The login that a token stands for; null unless it is an unexpired token of the issuer for us. Throws IdentityUnavailable if the
   * issuer's keys cannot be fetched.
   */
  async read(token: string): Promise<ForeignLogin | null> {
    if (token.length > tokenLengthMax) return this.refuse(`it is longer than ${tokenLengthMax} characters`);
    try {
      const { payload, protectedHeader } = await this.#verified(token);
      if (protectedHeader.typ !== undefined && !types.has(protectedHeader.typ.toLowerCase()))
        return this.refuse('its typ is neither JWT nor at+jwt');
      return this.#loginOf(payload);
    } catch (failure) {
      if (isIssuerAway(failure)) throw new IdentityUnavailable('not_done', { cause: failure });
      if (failure instanceof errors.JOSEError) return this.refuse(failure.message);
      throw failure;
    }
  }

  /** Without a `kid`, or with one that several keys share, each key that fits is tried. */
  async #verified(token: string): Promise<JWTVerifyResult> {
    try {
      return await this.#verify(token, this.#keys);
    } catch (failure) {
      if (!(failure instanceof errors.JWKSMultipleMatchingKeys)) throw failure;
      let tried = 0;
      for await (const key of failure) {
        if (tried++ >= keysTriedMax) break;
        const verified = await this.#verify(token, () => key).catch((reason: unknown) => {
          if (reason instanceof errors.JWSSignatureVerificationFailed) return null;
          throw reason;
        });
        if (verified) return verified;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  async #verify(token: string, key: JWTVerifyGetKey): Promise<JWTVerifyResult> {
    return await jwtVerify(token, key, {
      algorithms,
      issuer: this.#settings.issuer,
      audience: this.#settings.audience,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: clockToleranceSeconds,
      maxTokenAge: ageMax,
    });
  }

  #loginOf({ sub, iat = 0, auth_time: authTime, amr, acr }: JWTPayload): ForeignLogin | null {
    if (sub === undefined || !isStorable(sub)) return this.refuse('its sub is empty, longer than 255 characters, or not plain text');
    const said = [...(Array.isArray(amr) ? (amr as unknown[]) : []), acr];
    return {
      issuer: this.#settings.issuer,
      subject: sub,
      issuedAt: iat,
      provedAt: typeof authTime === 'number' && authTime <= iat + clockToleranceSeconds ? authTime : iat,
      usedSeveralFactors: (this.#settings.factorValues ?? ['mfa']).some((value) => said.includes(value)),
    };
  }

  /** Says in the log why a token is not accepted. */
  refuse(reason: string): null {
    const nowMs = performance.now();
    if (this.#log && nowMs - (this.#saidAtMs.get(reason) ?? Number.NEGATIVE_INFINITY) >= sayEveryMs) {
      // The library's sentences name claims, not values, so there are only a few.
      this.#saidAtMs.set(reason, nowMs);
      this.#log.warn({ issuer: this.#settings.issuer, reason }, 'A token of the other issuer was refused');
    }
    return null;
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
