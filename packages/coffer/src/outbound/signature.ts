/**
 * Standard Webhooks signatures. HMAC-SHA256 is Node's own: the standard package implements it in JavaScript and reads the clock itself; the
 * test compares the two.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { assert } from '../kernel/index.ts';

const prefix = 'whsec_';
const secretBytes = { min: 24, max: 64 } as const;

/** A new secret in its displayed form: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`;
}

/** What a receiver verifies with: id, moment and one signature for each secret. `now` in milliseconds. */
export function signatureHeaders(id: string, body: string, secrets: readonly string[], now = Date.now()): Record<string, string> {
  // A dot would allow one message's id and moment to be confused with another's.
  assert(/^[\w-]{1,256}$/.test(id), 'a webhook id is plain and has no dot');
  if (secrets.length === 0) return { 'webhook-id': id };
  const seconds = Math.floor(now / 1_000);
  const signed = `${id}.${seconds}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64');
  assert(key.length >= secretBytes.min && key.length <= secretBytes.max, 'a webhook secret has 24 to 64 bytes');
  return key;
}
