/** People with second factors, over HTTP in required mode, on a clock of TOTP that the test moves. */
import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import type { Role } from '../../packages/coffer/src/identity/index.ts';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { startProduct } from '../http/product.ts';
import type { Answer, TestProduct } from '../http/product.ts';

export const password = 'correct horse battery staple';
export const origin = 'https://wallet.example.com';
export const relyingParty = 'example.com';
export const stepMs = 30_000;

export type Headers = Record<string, string>;

export class FactorWorld {
  readonly coffer: TestProduct;
  /** The clock of TOTP: a whole step. */
  readonly #clock: { nowMs: number };

  private constructor(coffer: TestProduct, clock: { nowMs: number }) {
    this.coffer = coffer;
    this.#clock = clock;
  }

  static async start(conditions: Parameters<typeof startProduct>[1] = {}): Promise<FactorWorld> {
    const clock = { nowMs: Math.floor(Date.now() / stepMs) * stepMs };
    const passkeys = { origin, relyingParty };
    const coffer = await startProduct({}, { mode: 'required', passkeys, nowMs: () => clock.nowMs, ...conditions });
    return new FactorWorld(coffer, clock);
  }

  async call(method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer> {
    return await this.coffer.call(method, path, body, headers);
  }

  async signUp(email: string, role: Role = 'user'): Promise<string> {
    const made = await this.call('POST', '/users/signup', { email, name: 'Jane Doe', password });
    const id = String(made.body['id']);
    expect(made.status).toBe(201);
    if (role !== 'user') await this.coffer.product.users.setRole(id, role, 'cli');
    return id;
  }

  async login(email: string): Promise<Answer> {
    return await this.call('POST', '/users/login', { email, password });
  }

  /** The Authorization header of a login that needs no second factor. */
  async session(email: string): Promise<Headers> {
    return authorizationOf(await this.login(email));
  }

  /** A login ticket of a user who has a second factor. */
  async ticket(email: string): Promise<string> {
    const answer = await this.login(email);
    expect(answer).toMatchObject({ status: 401, body: { code: 'second_factor_required' } });
    return String(answer.body['ticket']);
  }

  async finish(ticket: string, given: object): Promise<Answer> {
    return await this.call('POST', '/users/login/second-factor', { ticket, ...given });
  }

  /** Enrols an authenticator app in a session. Returns how to make its codes; it used the code of the current step. */
  async enrol(
    session: Headers,
  ): Promise<{ readonly code: (steps?: number) => string; readonly id: string; readonly recoveryCodes: string[] }> {
    const begun = await this.call('POST', '/users/me/factors/totp', { name: 'a phone' }, session);
    expect(begun.status).toBe(201);
    const totp = new TOTP({ secret: Secret.fromBase32(String(begun.body['secret'])) });
    const code = (steps = 0) => totp.generate({ timestamp: this.#clock.nowMs + steps * stepMs });
    const id = String(begun.body['id']);
    const confirmed = await this.call('POST', `/users/me/factors/totp/${id}/confirm`, { passcode: code() }, session);
    expect(confirmed).toMatchObject({ status: 201, body: { factor: { id, kind: 'totp', name: 'a phone' } } });
    return { code, id, recoveryCodes: (confirmed.body['recoveryCodes'] ?? []) as string[] };
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  /** Moves the clock of TOTP on by whole steps. */
  wait(steps: number): void {
    this.#clock.nowMs += steps * stepMs;
  }

  /** As if the sessions of a user were this old. */
  async age(userId: string, minutes: number): Promise<void> {
    await this.coffer.pool.query('update identity.session set proved_at = proved_at - make_interval(mins => $2) where user_id = $1', [
      userId,
      minutes,
    ]);
    this.coffer.product.access.forget();
  }

  async stop(): Promise<void> {
    await this.coffer.stop();
  }
}

export function authorizationOf({ status, body }: Answer): Headers {
  assert(status === 200, 'the login is complete');
  return { authorization: `Bearer ${String(body['token'])}` };
}

/** In ascending order. */
export function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status).toSorted((a, b) => a - b);
}
