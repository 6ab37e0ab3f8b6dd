/** API keys, with which services authenticate: `cof_<id>_<secret>`. The id is public; the secret is shown once. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';
import { ApiKeyStore } from './api-key-store.ts';
import type { ApiKey } from './api-key-store.ts';
import type { Principal } from './principals.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { nameRefusal } from './rules.ts';
import { isScope } from './scopes.ts';
import type { Scope } from './scopes.ts';

const apiKeyPattern = /^cof_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;
const secretBytes = 32;
const idAlphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const idLength = 16;

/** A key with its secret, which cannot be shown again. */
export type NewApiKey = { readonly key: ApiKey; readonly secret: string };

/** A caller that manages keys with a key can access only keys whose scopes it has; undefined for people. */
type Within = ReadonlySet<Scope> | undefined;
/** A key that manages keys. */
type Manager = { readonly keyId: string; readonly scopes: ReadonlySet<Scope> };

export class ApiKeys {
  readonly #store: ApiKeyStore;
  readonly #liveMs: number | undefined;

  /** `liveMs`: how long a key lives whose creation says nothing else; it never expires if absent. */
  constructor(pool: pg.Pool, liveMs?: number) {
    this.#store = new ApiKeyStore(pool);
    this.#liveMs = liveMs;
  }

  /**
   * `expiresAfterMs`: if absent, the default. `networks`: where requests may come from, in CIDR notation; anywhere if absent.
   * `parent`: the key that creates this one, which bounds its scopes (`within`) and its life. Refusals: name_invalid,
   * scopes_exceeded, key_not_found (the parent was revoked or has expired).
   */
  async create(input: {
    readonly name: string;
    readonly scopes: readonly Scope[];
    readonly createdBy: string;
    readonly expiresAfterMs?: number | undefined;
    readonly within?: Within;
    readonly networks?: readonly string[] | undefined;
    readonly parent?: string | undefined;
  }): Promise<NewApiKey | Refused> {
    const refusal = nameRefusal(input.name);
    if (refusal) return refused(refusal);
    if (!isWithin(input.scopes, input.within)) return refused('scopes_exceeded');
    const { id, secret, text } = draw();
    const key = await this.#store.insert({
      id,
      name: input.name,
      scopes: [...new Set(input.scopes)],
      secretHash: hashOf(secret),
      createdBy: input.createdBy,
      expiresAfterMs: input.expiresAfterMs ?? this.#liveMs ?? null,
      networks: input.networks && input.networks.length > 0 ? input.networks : null,
      parent: input.parent ?? null,
    });
    return key ? { key, secret: text } : refused('key_not_found');
  }

  async list(): Promise<ApiKey[]> {
    return await this.#store.all();
  }

  /**
   * A new secret, valid immediately; the previous one stays valid for `previousForMs`. `by`: the key that asks for it, which rotates only
   * itself and keys that descend from it: with another one's secret it would act under that name, for policies as another person.
   * Refusals: key_not_found, scopes_exceeded, key_of_others.
   */
  async rotate(id: string, previousForMs: number, by?: Manager): Promise<NewApiKey | Refused> {
    const refusal = await this.#reach(id, by?.scopes);
    if (refusal) return refusal;
    if (by && !(await this.#store.descends(id, by.keyId))) return refused('key_of_others');
    const { secret, text } = draw(id);
    const key = await this.#store.rotate(id, hashOf(secret), previousForMs);
    return key ? { key, secret: text } : refused('key_not_found');
  }

  /** Revokes a key and every key that it created. Refusals: key_not_found, scopes_exceeded. */
  async revoke(id: string, within?: Within): Promise<ApiKey | Refused> {
    return (await this.#reach(id, within)) ?? (await this.#store.revoke(id)) ?? refused('key_not_found');
  }

  /** The service that a key authenticates; null if it is not a valid key. */
  async authenticate(text: string): Promise<Principal | null> {
    const [, keyId, secret] = apiKeyPattern.exec(text) ?? [];
    if (keyId === undefined || secret === undefined) return null;
    const stored = await this.#store.living(keyId);
    if (!stored) return null;
    const given = hashOf(secret);
    const current = timingSafeEqual(given, stored.secretHash);
    const previous = stored.previousHash !== null && timingSafeEqual(given, stored.previousHash);
    if (!current && !previous) return null;
    // Helps people find unused keys: a call neither waits for it nor fails with it.
    if (!stored.usedLately) this.#store.noteUse(keyId).catch(() => undefined);
    const { name, networks } = stored;
    return { kind: 'service', keyId, name, scopes: new Set(stored.scopes.filter(isScope)), ...(networks && { networks }) };
  }

  async #reach(id: string, within: Within): Promise<Refused | null> {
    const found = await this.#store.get(id);
    if (!found) return refused('key_not_found');
    return isWithin(found.scopes.filter(isScope), within) ? null : refused('scopes_exceeded');
  }
}

function isWithin(scopes: readonly Scope[], within: Within): boolean {
  return within === undefined || scopes.every((scope) => within.has(scope));
}

function draw(id = drawId()): { id: string; secret: string; text: string } {
  const secret = randomBytes(secretBytes).toString('base64url');
  return { id, secret, text: `cof_${id}_${secret}` };
}

function drawId(): string {
  return Array.from(randomBytes(idLength), (byte) => idAlphabet[byte % idAlphabet.length]).join('');
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
