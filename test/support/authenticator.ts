/** A software authenticator: creates passkeys and signs with them as a browser would, and lies where a test wants it to. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';

type Lies = {
  readonly origin?: string;
  readonly relyingParty?: string;
  readonly counter?: number;
  readonly signer?: KeyObject;
  /** Attests with this certificate (`fido-u2f`), or with the new key itself (`packed`). Otherwise it attests nothing. */
  readonly attestation?: 'self' | { readonly certificate: X509Certificate; readonly key: KeyObject };
};
type Options = { readonly challenge: string };
type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

const userPresent = 0x01;
const userVerified = 0x04;
const hasCredential = 0x40;

export class SoftwareAuthenticator {
  readonly id = randomBytes(16);
  readonly #origin: string;
  readonly #relyingParty: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #counter = 1;

  constructor(origin: string, relyingParty: string) {
    this.#origin = origin;
    this.#relyingParty = relyingParty;
  }

  get idText(): string {
    return this.id.toString('base64url');
  }

  /** What `navigator.credentials.create` answers, as JSON. */
  create({ challenge }: Options, lies: Lies = {}): object {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    // COSE: an EC2 key (1: 2) for ES256 (3: -7) on P-256 (-1: 1).
    const publicKey = encode(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const credential = Buffer.concat([Buffer.alloc(16), length, this.id, publicKey]);
    const clientData = this.#clientData('webauthn.create', challenge, lies);
    const data = this.#data(hasCredential, lies, credential);
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
    const { format, statement } = this.#attest(lies, data, createHash('sha256').update(clientData).digest(), point);
    const attestationObject = encode(
      new Map<string, Cbor>([
        ['fmt', format],
        ['attStmt', statement],
        ['authData', data],
      ]),
    );
    return this.#answer({
      clientDataJSON: clientData.toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  /** What `navigator.credentials.get` answers, as JSON. The counter advances with each. */
  get({ challenge }: Options, lies: Lies = {}): object {
    this.#counter++;
    const clientData = this.#clientData('webauthn.get', challenge, lies);
    const data = this.#data(0, lies);
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
    return this.#answer({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', signed, lies.signer ?? this.#keys.privateKey).toString('base64url'),
    });
  }

  #attest({ attestation }: Lies, data: Buffer, clientDataHash: Buffer, point: Buffer): { format: string; statement: Map<string, Cbor> } {
    if (attestation === undefined) return { format: 'none', statement: new Map() };
    if (attestation === 'self') {
      const sig = sign('sha256', Buffer.concat([data, clientDataHash]), this.#keys.privateKey);
      return {
        format: 'packed',
        statement: new Map<string, Cbor>([
          ['alg', -7],
          ['sig', sig],
        ]),
      };
    }
    const signed = Buffer.concat([Buffer.alloc(1), data.subarray(0, 32), clientDataHash, this.id, point]);
    const statement = new Map<string, Cbor>([
      ['sig', sign('sha256', signed, attestation.key)],
      ['x5c', [attestation.certificate.raw]],
    ]);
    return { format: 'fido-u2f', statement };
  }

  #answer(response: object): object {
    return { id: this.idText, rawId: this.idText, type: 'public-key', clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string, { origin = this.#origin }: Lies): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #data(flags: number, { relyingParty = this.#relyingParty, counter = this.#counter }: Lies, credential = Buffer.alloc(0)): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt8(userPresent | userVerified | flags);
    head.writeUInt32BE(counter, 1);
    return Buffer.concat([createHash('sha256').update(relyingParty).digest(), head, credential]);
  }
}

/** As much of CBOR (RFC 8949) as an authenticator needs. */
function encode(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? headOf(0, value) : headOf(1, -1 - value);
  if (Buffer.isBuffer(value)) return Buffer.concat([headOf(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([headOf(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number | string, Cbor>)];
    return Buffer.concat([headOf(5, entries.length), ...entries.flatMap(([name, item]) => [encode(name), encode(item)])]);
  }
  const items = value as readonly Cbor[];
  return Buffer.concat([headOf(4, items.length), ...items.map(encode)]);
}

function headOf(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}
