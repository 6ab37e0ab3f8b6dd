/** Seals secrets, so that a copy of the database reveals none: AES-256-GCM with a key that is not in the database. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { assert } from './assert.ts';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const idBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

/** `id` is public: it tells which key sealed something. */
type Key = { readonly id: Buffer; readonly key: Buffer };

/** Where the keys come from: text, or bytes. `what` separates the uses of one secret: it is part of the key. */
export type SealSecrets = {
  readonly what: string;
  readonly secret: string | Buffer;
  /** Also opens what it sealed, while `secret` is rotated. */
  readonly previous?: string | Buffer | undefined;
};

export class Seal {
  readonly #keys: readonly [Key, ...Key[]];

  /** The secret seals; both open, so that one can be rotated. */
  constructor({ what, secret, previous }: SealSecrets) {
    this.#keys = [keyOf(what, secret), ...(previous === undefined ? [] : [keyOf(what, previous)])];
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

function keyOf(what: string, secret: string | Buffer): Key {
  assert(Buffer.byteLength(secret) >= keyBytes, `the key for ${what} has at least 32 bytes`);
  const derived = Buffer.from(hkdfSync('sha256', secret, '', `coffer: ${what}`, keyBytes + idBytes));
  return { key: derived.subarray(0, keyBytes), id: derived.subarray(keyBytes) };
}
