/** Seals the secrets of TOTP, so that a copy of the database reveals none: AES-256-GCM with a key that is not in the database. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { assert } from '../kernel/index.ts';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const idBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

/** `id` is public: it tells which key sealed something. */
type Key = { readonly id: Buffer; readonly key: Buffer };

export class FactorSeal {
  readonly #keys: readonly [Key, ...Key[]];

  /** The first secret seals; all open, so that one can be rotated. */
  constructor(secret: string, ...previous: readonly string[]) {
    this.#keys = [keyOf(secret), ...previous.map(keyOf)];
  }

  /** The first bytes of everything that the current key sealed. */
  get currentId(): Buffer {
    return this.#keys[0].id;
  }

  /** `owner`: what the secret belongs to; it opens under no other name, so a row cannot be swapped for another. */
  seal(secret: Buffer, owner: string): Buffer {
    const { id, key } = this.#keys[0];
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(owner));
    return Buffer.concat([id, nonce, sealing.update(secret), sealing.final(), sealing.getAuthTag()]);
  }

  /** Null if none of the keys sealed it, or it belongs to another owner. */
  open(sealed: Buffer, owner: string): Buffer | null {
    const found = this.#keys.find(({ id }) => id.equals(sealed.subarray(0, idBytes)));
    if (!found || sealed.length < idBytes + nonceBytes + tagBytes) return null;
    const nonce = sealed.subarray(idBytes, idBytes + nonceBytes);
    const opening = createDecipheriv(cipher, found.key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(-tagBytes));
    try {
      return Buffer.concat([opening.update(sealed.subarray(idBytes + nonceBytes, -tagBytes)), opening.final()]);
    } catch {
      return null;
    }
  }
}

function keyOf(secret: string): Key {
  assert(Buffer.byteLength(secret) >= keyBytes, 'a factor key has at least 32 bytes');
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'coffer: secrets of second factors', keyBytes + idBytes));
  return { key: derived.subarray(0, keyBytes), id: derived.subarray(keyBytes) };
}
