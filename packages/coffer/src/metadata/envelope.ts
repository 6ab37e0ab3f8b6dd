/**
 * How encrypted metadata is stored: as `{"coffer":{"encrypted":{"v":1,"owner":…,"data":…}}}`, beside what Coffer itself notes. Callers cannot
 * forge it, because they cannot write the property `coffer`.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/** Coffer notes there what its own operations are for, such as the hold of an asynchronous withdrawal; fraud rules read it. */
export const reservedMetadata = 'coffer';

const cipher = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const version = 1;

/** What encrypts metadata, and what derives the nonces. */
export type DataKey = { readonly encrypts: Buffer; readonly derives: Buffer };

/** `erased`: the key was deleted with its owner. `unreadable`: no key of this process opens it. */
export type KeyState = DataKey | 'erased' | 'unreadable';

type Notes = Readonly<Record<string, unknown>>;
type Encrypted = { readonly v: number; readonly owner: string; readonly data: string };

export function dataKeyOf(secret: Buffer): DataKey {
  const derived = Buffer.from(hkdfSync('sha256', secret, '', 'coffer: metadata', 2 * keyBytes));
  return { encrypts: derived.subarray(0, keyBytes), derives: derived.subarray(keyBytes) };
}

/** The owner whose key opens a stored text; null if it is not encrypted. */
export function ownerOfSealed(text: string): string | null {
  return mayBeSealed(text) ? (encryptedIn(parse(text).notes)?.owner ?? null) : null;
}

/** Whether it is encrypted, or was not stored because its owner was erased. */
export function isSealed(text: string): boolean {
  if (!mayBeSealed(text)) return false;
  const { notes } = parse(text);
  return encryptedIn(notes) !== null || notes?.['erased'] === true;
}

/**
 * Encrypts what the caller noted; Coffer's own notes stay readable. The same text under the same operation key has the same result, so that a
 * retry is recognised: the nonce is derived from both. Of the messages of one key, n have an equal nonce with a probability of n²/2^97.
 */
export function sealMetadata(text: string, owner: string, key: DataKey | 'erased', operationKey: string): string {
  const { notes, callers } = parse(text);
  if (Object.keys(callers).length === 0) return text;
  if (key === 'erased') return withNotes({}, { erased: true, ...notes });
  const plain = notes ? JSON.stringify(callers) : text;
  const nonce = createHmac('sha256', key.derives)
    .update(`${Buffer.byteLength(operationKey)}:${operationKey}`)
    .update(plain)
    .digest()
    .subarray(0, nonceBytes);
  const sealing = createCipheriv(cipher, key.encrypts, nonce, { authTagLength: tagBytes }).setAAD(contextOf(owner));
  const data = Buffer.concat([nonce, sealing.update(plain, 'utf8'), sealing.final(), sealing.getAuthTag()]).toString('base64');
  return withNotes({}, { encrypted: { v: version, owner, data } satisfies Encrypted, ...notes });
}

/** The metadata as its readers see it. Says `erased` or `unreadable` under `coffer` in place of what cannot be read. */
export function openMetadata(text: string, key: KeyState): string {
  const { notes, callers } = parse(text);
  const encrypted = encryptedIn(notes);
  if (!encrypted) return text;
  const { encrypted: _encrypted, ...own } = notes ?? {};
  const plain = typeof key === 'string' ? null : decrypt(encrypted, key);
  if (plain === null) return withNotes(callers, { [key === 'erased' ? 'erased' : 'unreadable']: true, ...own });
  return Object.keys(own).length === 0 ? plain : withNotes(JSON.parse(plain) as Notes, own);
}

/** Adds a note of Coffer's own to metadata, encrypted or not. */
export function withNote(text: string | undefined, note: Notes): string {
  const { notes, callers } = parse(text ?? '{}');
  return withNotes(callers, { ...notes, ...note });
}

function decrypt({ v, owner, data }: Encrypted, { encrypts }: DataKey): string | null {
  const sealed = Buffer.from(data, 'base64');
  if (v !== version || sealed.length < nonceBytes + tagBytes) return null;
  const opening = createDecipheriv(cipher, encrypts, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(contextOf(owner))
    .setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function contextOf(owner: string): Buffer {
  return Buffer.from(`coffer metadata ${version} ${owner}`);
}

/** Most metadata is not, and need not be parsed. */
function mayBeSealed(text: string): boolean {
  return text.includes(`"${reservedMetadata}"`);
}

function parse(text: string): { readonly notes: Notes | undefined; readonly callers: Notes } {
  const { [reservedMetadata]: notes, ...callers } = JSON.parse(text) as Notes;
  return { notes: typeof notes === 'object' && notes !== null ? (notes as Notes) : undefined, callers };
}

function withNotes(callers: Notes, notes: Notes): string {
  return JSON.stringify({ ...callers, [reservedMetadata]: notes });
}

function encryptedIn(notes: Notes | undefined): Encrypted | null {
  const found = notes?.['encrypted'];
  if (typeof found !== 'object' || found === null) return null;
  const { v, owner, data } = found as Partial<Encrypted>;
  return typeof v === 'number' && typeof owner === 'string' && typeof data === 'string' ? { v, owner, data } : null;
}
