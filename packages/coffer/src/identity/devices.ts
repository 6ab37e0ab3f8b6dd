/**
 * Known devices: after a login with the right password a device gets a proof of it, so that the wrong guesses of others do not shut
 * it out. A proof is no credential: it only selects the limit that counts the device's own guesses.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isUuid, newId } from '../kernel/index.ts';

const proofPattern = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

export class Devices {
  readonly #keys: readonly Buffer[];

  /** The first secret signs; all verify. */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map((secret) => createHmac('sha256', secret).update('coffer: known devices').digest());
  }

  /** A proof for a new device of a user. */
  prove(userId: string): string {
    const [key] = this.#keys;
    const device = newId();
    return `${userId}.${device}.${key ? seal(key, userId, device) : ''}`;
  }

  /** The user and the device of a proof; null if it is not one of ours. */
  read(proof: string): { readonly userId: string; readonly device: string } | null {
    const [, userId, device, given] = proofPattern.exec(proof) ?? [];
    if (userId === undefined || device === undefined || given === undefined || !isUuid(userId)) return null;
    const isOurs = this.#keys.some((key) => timingSafeEqual(Buffer.from(given), Buffer.from(seal(key, userId, device))));
    return isOurs ? { userId, device } : null;
  }
}

function seal(key: Buffer, userId: string, device: string): string {
  return createHmac('sha256', key).update(`${userId}.${device}`).digest('base64url');
}
