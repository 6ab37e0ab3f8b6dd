/**
 * Keyspaces: an idempotency key is unique for a wallet and a kind of principal, so that a key of the wallet's owner and the same key of a
 * service are two keys. The log stores a key with its keyspace; everything else has the key as the caller sent it.
 */
import { isInternalKey } from './internal-keys.ts';

/** `user`: users. `service`: API keys, staff, and Coffer itself. `anonymous`: callers without credentials, in open mode. */
export const keyspaces = ['user', 'service', 'anonymous'] as const;
export type Keyspace = (typeof keyspaces)[number];

/** Begins with a control character, which callers' keys cannot contain. Keys of services are stored as they are. */
const mark = '\u0002';
const prefixes: Readonly<Record<Keyspace, string>> = { user: `${mark}user/`, service: '', anonymous: `${mark}anonymous/` };

/** By the actor, as the log names it. */
export function keyspaceOf(actor: string | null | undefined): Keyspace {
  if (actor === 'anonymous') return 'anonymous';
  return actor?.startsWith('user:') === true ? 'user' : 'service';
}

/** The key as the log stores it. Coffer's own keys belong to no principal. */
export function storedKey(key: string, keyspace: Keyspace): string {
  return isInternalKey(key) ? key : prefixes[keyspace] + key;
}

/** The key as the caller sent it. */
export function callersKey(stored: string): string {
  return stored.startsWith(mark) ? stored.slice(stored.indexOf('/') + 1) : stored;
}

/**
 * Whether an entry that may be older than keyspaces belongs to one. Such an entry has its key without a keyspace; without an actor, nobody
 * knows whose it is, and every principal finds it.
 */
export function isInKeyspace({ actor }: { readonly actor: string | null }, keyspace: Keyspace): boolean {
  return actor === null || keyspaceOf(actor) === keyspace;
}
