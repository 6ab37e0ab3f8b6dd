/** Passkeys (WebAuthn). The library checks what an authenticator signed; challenges and credentials are stored elsewhere. */
import { loadOptional } from '../kernel/index.ts';

/** The JSON that browsers make of a credential (`toJSON()`), in either ceremony. The library checks its members. */
export type PasskeyResponse = {
  readonly id: string;
  readonly rawId: string;
  readonly type: string;
  readonly response: Readonly<Record<string, unknown>>;
};

/** What `navigator.credentials` takes, in its JSON form. */
export type PasskeyOptions = { readonly challenge: string };

export type PasskeySettings = {
  /** Of the pages that use passkeys, such as `https://wallet.example.com`. */
  readonly origin: string;
  /** The domain that passkeys belong to: the host of the origin, or a domain above it. */
  readonly relyingParty: string;
};

/** A credential as stored. */
export type Credential = {
  readonly id: string;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
};

/** EdDSA, ES256 and RS256, by their numbers in COSE: what authenticators have. Node warns of the library's further ones. */
const algorithms = [-8, -7, -257];
const timeoutMs = 300_000;
const transportsMax = 8;

export class Passkeys {
  readonly #settings: PasskeySettings;

  constructor(settings: PasskeySettings) {
    this.#settings = settings;
  }

  /** Options for `navigator.credentials.create`. `known`: the user's own credentials, which the authenticator must not repeat. */
  async creation(
    user: { readonly id: string; readonly name: string },
    service: string,
    known: readonly Credential[],
  ): Promise<PasskeyOptions> {
    const { generateRegistrationOptions } = await library();
    return await generateRegistrationOptions({
      rpName: service,
      rpID: this.#settings.relyingParty,
      userID: new Uint8Array(Buffer.from(user.id)),
      userName: user.name,
      timeout: timeoutMs,
      attestationType: 'none',
      supportedAlgorithmIDs: algorithms,
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
    });
  }

  /** Options for `navigator.credentials.get`, with one of these credentials. */
  async request(allowed: readonly Credential[]): Promise<PasskeyOptions> {
    const { generateAuthenticationOptions } = await library();
    return await generateAuthenticationOptions({
      rpID: this.#settings.relyingParty,
      timeout: timeoutMs,
      allowCredentials: allowed.map(({ id, transports }) => ({ id, transports: [...transports] })),
    });
  }

  /** The new credential; null if the response does not answer the challenge, or is not from the origin. */
  async create(response: PasskeyResponse, challenge: string): Promise<Credential | null> {
    const { verifyRegistrationResponse } = await library();
    if (await hasCertificates(response)) return null;
    const { origin, relyingParty } = this.#settings;
    const verified = await verifyRegistrationResponse({
      response: response as never,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: relyingParty,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    }).catch(rejected);
    if (!verified?.verified) return null;
    const { id, publicKey, counter, transports = [] } = verified.registrationInfo.credential;
    const known = transports.filter((transport) => /^[a-z-]{1,20}$/.test(transport)).slice(0, transportsMax);
    return { id, publicKey: Buffer.from(publicKey), counter, transports: known };
  }

  /** The counter after this use; null if the credential did not sign the challenge, or the counter did not advance. */
  async use(response: PasskeyResponse, challenge: string, { id, publicKey, counter }: Credential): Promise<number | null> {
    const { verifyAuthenticationResponse } = await library();
    const { origin, relyingParty } = this.#settings;
    const verified = await verifyAuthenticationResponse({
      response: response as never,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: relyingParty,
      credential: { id, publicKey: new Uint8Array(publicKey), counter },
      requireUserVerification: false,
    }).catch(rejected);
    return verified?.verified ? verified.authenticationInfo.newCounter : null;
  }
}

/** The challenge that a response says it answers; null if it cannot be read. */
export function challengeIn({ response }: PasskeyResponse): string | null {
  try {
    const data = JSON.parse(Buffer.from(String(response['clientDataJSON']), 'base64url').toString()) as { challenge?: unknown } | null;
    return typeof data?.challenge === 'string' ? data.challenge : null;
  } catch {
    return null;
  }
}

/**
 * Coffer asks for no attestation, so a browser sends no certificates. The library would read those of anybody, and look up
 * revocation lists at the addresses in them.
 */
async function hasCertificates({ response }: PasskeyResponse): Promise<boolean> {
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  try {
    const decoded = decodeAttestationObject(isoBase64URL.toBuffer(String(response['attestationObject'])));
    const format = decoded.get('fmt');
    return format !== 'none' && (format !== 'packed' || decoded.get('attStmt').get('x5c') !== undefined);
  } catch {
    return true;
  }
}

/** The library throws at whatever is wrong with a response. */
function rejected(): null {
  return null;
}

/** Throws OperatorError if the package is not installed. */
export async function loadPasskeys(): Promise<void> {
  await library();
}

/** Only processes with passkeys load it: it takes a tenth of a second. */
async function library() {
  return await loadOptional('COFFER_WEBAUTHN_ORIGIN', ['@simplewebauthn/server'], () => import('@simplewebauthn/server'));
}
