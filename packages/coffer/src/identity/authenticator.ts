/** Maps a credential to its principal, with a short-lived cache, because most callers come back soon. */
import type { ApiKeys } from './api-keys.ts';
import type { Principal } from './principals.ts';
import type { Sessions } from './sessions.ts';

/** How long a revoked key, a deleted user or a withdrawn role may still work. */
export const principalLivesMs = 1_000;
const principalsMax = 10_000;

type Known = { readonly principal: Principal; readonly untilMs: number };

export class Authenticator {
  readonly #sessions: Sessions;
  readonly #apiKeys: ApiKeys;
  readonly #known = new Map<string, Known>();
  #generation = 0;

  constructor({ sessions, apiKeys }: { readonly sessions: Sessions; readonly apiKeys: ApiKeys }) {
    this.#sessions = sessions;
    this.#apiKeys = apiKeys;
  }

  /** The principal if the credential was looked up within the last second; undefined if it has to be looked up. */
  known(credential: string): Principal | undefined {
    const known = this.#known.get(credential);
    return known && known.untilMs > performance.now() ? known.principal : undefined;
  }

  /** Null if it is not a valid credential. Throws IdentityUnavailable. */
  async authenticate(credential: string): Promise<Principal | null> {
    // Taken before the look-up, so that a change during it is not missed for longer.
    const untilMs = performance.now() + principalLivesMs;
    const generation = this.#generation;
    const principal = await this.#lookUp(credential, { isUse: true });
    if (principal && generation === this.#generation) this.#remember(credential, { principal, untilMs });
    return principal;
  }

  /**
   * Whether a credential in use for a long-lived answer is still valid: always looked up, and no use of its session, which would
   * otherwise never be idle. Null if it is not. Throws IdentityUnavailable.
   */
  async recheck(credential: string): Promise<Principal | null> {
    return await this.#lookUp(credential, { isUse: false });
  }

  /** Applies a change immediately in this process, such as the deletion of a user. */
  forget(): void {
    this.#generation++;
    this.#known.clear();
  }

  async #lookUp(credential: string, how: { readonly isUse: boolean }): Promise<Principal | null> {
    if (credential.startsWith('cof_')) return await this.#apiKeys.authenticate(credential);
    const found = await this.#sessions.authenticate(credential, how);
    if ('refusal' in found) return null;
    const { user, sessionId, proved, limited } = found;
    return { kind: user.role, userId: user.id, sessionId, proved, limited };
  }

  #remember(credential: string, known: Known): void {
    this.#known.delete(credential);
    this.#known.set(credential, known);
    if (this.#known.size <= principalsMax) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
