/** Second factors of users: enrolled, proved, removed. Each change leaves a row in `identity.user_change`. */
import type pg from 'pg';
import { Seal, isUuid, newId } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import { Challenges } from './challenges.ts';
import * as rows from './factor-store.ts';
import { challengeIn, loadPasskeys, Passkeys } from './passkeys.ts';
import type { PasskeyOptions, PasskeyResponse, PasskeySettings } from './passkeys.ts';
import { drawRecoveryCodes, hashOfRecoveryCode } from './recovery-codes.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import { nameRefusal } from './rules.ts';
import { drawTotp, stepOf } from './totp.ts';
import type { Factor, User } from './types.ts';
import { noteChange } from './user-changes.ts';

const factorsMax = 10;
const resealedAtOnce = 200;

/** What a caller proves a second factor with: one of them. */
export type GivenFactor = {
  readonly passcode?: string | undefined;
  readonly recoveryCode?: string | undefined;
  readonly passkey?: PasskeyResponse | undefined;
};

/** A user in a session that may be raised. `actor`: as logs name callers. */
export type Enrolling = { readonly user: Pick<User, 'id' | 'email' | 'name'>; readonly sessionId: string; readonly actor: string };

/** `recoveryCodes`: with the first factor of the user; they cannot be shown again. */
export type Enrolled = { readonly factor: Factor; readonly recoveryCodes: readonly string[] | null };

export class Factors {
  readonly #store: rows.FactorStore;
  readonly #challenges: Challenges;
  readonly #seal: Seal;
  readonly #passkeys: Passkeys | null;
  readonly #service: string;
  readonly #isStaffBound: boolean;
  readonly #log: Log | undefined;
  readonly #nowMs: () => number;

  /**
   * `factorKey`: at least 32 bytes, the same in every process; seals the secrets of TOTP. `previousFactorKey`: opens only.
   * `passkeys`: off if absent. `service`: the name that apps show. `staffMustHaveFactor`: staff without one may only enrol one.
   */
  constructor(options: {
    readonly pool: pg.Pool;
    readonly factorKey: string;
    readonly previousFactorKey?: string | undefined;
    readonly passkeys?: PasskeySettings | undefined;
    readonly service?: string | undefined;
    readonly staffMustHaveFactor?: boolean | undefined;
    readonly log?: Log | undefined;
    readonly nowMs?: () => number;
  }) {
    this.#store = new rows.FactorStore(options.pool);
    this.#challenges = new Challenges(options.pool);
    this.#seal = new Seal({ what: 'secrets of second factors', secret: options.factorKey, previous: options.previousFactorKey });
    this.#passkeys = options.passkeys ? new Passkeys(options.passkeys) : null;
    this.#service = options.service ?? 'Coffer';
    this.#isStaffBound = options.staffMustHaveFactor ?? false;
    this.#log = options.log;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Whether this user may do nothing without a second factor. */
  isBound({ role }: Pick<User, 'role'>): boolean {
    return this.#isStaffBound && role !== 'user';
  }

  /** Whether the user has a second factor, and the ways to prove it, by the names of the fields that carry them. */
  async waysOf(userId: string): Promise<{ readonly hasFactor: boolean; readonly ways: readonly (keyof GivenFactor)[] }> {
    const { totp, passkey, recoveryCodes } = await this.#store.stateOf(userId);
    const ways = [
      ...(totp ? (['passcode'] as const) : []),
      ...(passkey && this.#passkeys ? (['passkey'] as const) : []),
      ...(recoveryCodes > 0 ? (['recoveryCode'] as const) : []),
    ];
    return { hasFactor: totp || passkey, ways };
  }

  /** The user's factors, oldest first, and how many recovery codes are left. */
  async list({ id }: Pick<User, 'id'>): Promise<{ readonly items: readonly Factor[]; readonly recoveryCodes: number }> {
    const [items, { recoveryCodes }] = await Promise.all([this.#store.ofUser(id), this.#store.stateOf(id)]);
    return { items, recoveryCodes };
  }

  /** A new TOTP, to be confirmed within ten minutes; it proves nothing before. Refusals: name_invalid. */
  async enrolTotp(
    { id, email, name }: Enrolling['user'],
    label: string,
  ): Promise<{ readonly id: string; readonly secret: string; readonly uri: string } | Refused> {
    const refusal = nameRefusal(label);
    if (refusal) return refused(refusal);
    const { secret, text, uri } = drawTotp(this.#service, email ?? name);
    const factor = { id: newId(), userId: id, name: label };
    await this.#store.beginTotp({ ...factor, sealed: this.#seal.seal(secret, ownerOf(factor)) });
    return { id: factor.id, secret: text, uri };
  }

  /** Confirms a TOTP with its first code. Refusals: factor_not_found, factor_limit, second_factor_wrong, factor_unreadable. */
  async confirmTotp(enrolling: Enrolling, factorId: string, passcode: string): Promise<Enrolled | Refused> {
    const userId = enrolling.user.id;
    const id = factorId.toLowerCase();
    const found = isUuid(id) ? await this.#store.unconfirmedTotp(userId, id) : null;
    if (!found) return refused('factor_not_found');
    const secret = this.#open(userId, found);
    if (!secret) return refused('factor_unreadable');
    const step = stepOf(secret, passcode, this.#nowMs());
    if (step === null) return refused('second_factor_wrong');
    return await this.#add(enrolling, (client) => rows.confirmTotp(client, id, step), 'factor_not_found');
  }

  /** Options for a browser to create a passkey. Refusals: passkeys_off. */
  async startPasskey({ id, email, name }: Enrolling['user']): Promise<PasskeyOptions | Refused> {
    if (!this.#passkeys) return refused('passkeys_off');
    const known = await this.#store.credentialsOf(id);
    const options = await this.#passkeys.creation({ id, name: email ?? name }, this.#service, known);
    await this.#challenges.keep(id, 'passkey_enrolment', options.challenge);
    return options;
  }

  /** Adds the passkey that a browser created. Refusals: passkeys_off, name_invalid, passkey_rejected, factor_limit. */
  async addPasskey(enrolling: Enrolling, name: string, response: PasskeyResponse): Promise<Enrolled | Refused> {
    const refusal = nameRefusal(name);
    if (refusal) return refused(refusal);
    if (!this.#passkeys) return refused('passkeys_off');
    const userId = enrolling.user.id;
    const challenge = await this.#answered(userId, 'passkey_enrolment', response);
    const credential = challenge === null ? null : await this.#passkeys.create(response, challenge);
    if (!credential) return refused('passkey_rejected');
    const passkey = { id: newId(), userId, name, credential };
    return await this.#add(enrolling, (client) => rows.insertPasskey(client, passkey), 'passkey_rejected');
  }

  /** Options for a browser to use a passkey. Refusals: passkeys_off. */
  async challenge(userId: string, purpose: 'passkey_login' | 'passkey_proof'): Promise<PasskeyOptions | Refused> {
    if (!this.#passkeys) return refused('passkeys_off');
    const options = await this.#passkeys.request(await this.#store.credentialsOf(userId));
    await this.#challenges.keep(userId, purpose, options.challenge);
    return options;
  }

  /**
   * Proves a second factor, and uses up what proved it: a code, or the challenge of a passkey. Null if it is proved. Refusals:
   * second_factor_wrong, factor_unreadable, passkeys_off.
   */
  async prove(userId: string, given: GivenFactor, purpose: 'passkey_login' | 'passkey_proof'): Promise<Refused | null> {
    if (given.passcode !== undefined) return await this.#proveTotp(userId, given.passcode);
    if (given.passkey !== undefined) return await this.#provePasskey(userId, given.passkey, purpose);
    return (await this.#useRecoveryCode(userId, given.recoveryCode ?? '')) ? null : refused('second_factor_wrong');
  }

  /** New recovery codes; the earlier ones stop working. Refusals: factor_not_found (a user without factors needs none). */
  async renewRecoveryCodes(userId: string, actor: string): Promise<readonly string[] | Refused> {
    return await this.#store.transact(async (client) => {
      if (!(await rows.lockUser(client, userId)) || (await rows.countFactors(client, userId)) === 0) return refused('factor_not_found');
      await noteChange(client, userId, actor, { kind: 'recovery_codes_renewed' });
      return await drawInto(client, userId);
    });
  }

  /** Removes a factor; with the last one, also the recovery codes. Refusals: factor_not_found, last_factor. */
  async remove(userId: string, factorId: string, actor: string): Promise<null | Refused> {
    const id = factorId.toLowerCase();
    if (!isUuid(id)) return refused('factor_not_found');
    return await this.#store.transact(async (client) => {
      const user = await rows.lockUser(client, userId);
      if (user && this.isBound(user) && (await rows.isLastFactor(client, userId, id))) return refused('last_factor');
      const removed = user && (await rows.deleteFactor(client, userId, id));
      if (!removed) return refused('factor_not_found');
      if (!removed.confirmed) return null;
      await noteChange(client, userId, actor, { kind: 'factor_removed', before: `${removed.kind} ${id}` });
      if ((await rows.countFactors(client, userId)) === 0) await rows.replaceRecoveryCodes(client, userId, []);
      return null;
    });
  }

  /**
   * Loads what passkeys need, and seals with the current key what the previous one sealed. `unreadable`: what no known key sealed.
   * Throws OperatorError if a package is missing.
   */
  async prepare(): Promise<{ readonly resealed: number; readonly unreadable: number }> {
    if (this.#passkeys) await loadPasskeys();
    const report = { resealed: 0, unreadable: 0 };
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const found = await this.#store.sealedByOthers(this.#seal.currentId, after, resealedAtOnce);
      for (const factor of found) {
        const secret = this.#seal.open(factor.sealed, ownerOf(factor));
        if (secret) await this.#store.replaceSeal(factor, this.#seal.seal(secret, ownerOf(factor)));
        report[secret ? 'resealed' : 'unreadable']++;
        after = factor.id;
      }
      if (found.length < resealedAtOnce) return report;
    }
  }

  async #proveTotp(userId: string, passcode: string): Promise<Refused | null> {
    const totps = await this.#store.totpsOf(userId);
    const readable = totps.flatMap(({ id, sealed }) => {
      const secret = this.#open(userId, { id, sealed });
      return secret ? [{ id, secret }] : [];
    });
    // While one of them can be read, a wrong code is a guess, and counts as one.
    if (totps.length > 0 && readable.length === 0) return refused('factor_unreadable');
    for (const { id, secret } of readable) {
      const step = stepOf(secret, passcode, this.#nowMs());
      if (step !== null && (await this.#store.useStep(id, step))) return null;
    }
    return refused('second_factor_wrong');
  }

  async #provePasskey(userId: string, response: PasskeyResponse, purpose: 'passkey_login' | 'passkey_proof'): Promise<Refused | null> {
    if (!this.#passkeys) return refused('passkeys_off');
    const credential = (await this.#store.credentialsOf(userId)).find(({ id }) => id === response.id);
    const challenge = await this.#answered(userId, purpose, response);
    const counter = challenge === null || !credential ? null : await this.#passkeys.use(response, challenge, credential);
    const isProved = credential && counter !== null && (await this.#store.useCounter(userId, credential.id, counter));
    return isProved ? null : refused('second_factor_wrong');
  }

  /** The challenge that a response answers, used up; null if it was not open for this user and purpose. */
  async #answered(
    userId: string,
    purpose: 'passkey_login' | 'passkey_proof' | 'passkey_enrolment',
    response: PasskeyResponse,
  ): Promise<string | null> {
    const challenge = challengeIn(response);
    return challenge !== null && (await this.#challenges.take(userId, purpose, challenge)) ? challenge : null;
  }

  async #useRecoveryCode(userId: string, code: string): Promise<boolean> {
    return await this.#store.transact(async (client) => {
      if (!(await rows.useRecoveryCode(client, userId, hashOfRecoveryCode(code)))) return false;
      await noteChange(client, userId, `user:${userId}`, { kind: 'recovery_code_used' });
      return true;
    });
  }

  async #add(
    { user: { id: userId }, sessionId, actor }: Enrolling,
    insert: (client: pg.PoolClient) => Promise<Factor | null>,
    otherwise: 'factor_not_found' | 'passkey_rejected',
  ): Promise<Enrolled | Refused> {
    return await this.#store.transact(async (client): Promise<Enrolled | Refused> => {
      if (!(await rows.lockUser(client, userId))) return refused('user_not_found');
      const before = await rows.countFactors(client, userId);
      if (before >= factorsMax) return refused('factor_limit', { most: String(factorsMax) });
      const factor = await insert(client);
      if (!factor) return refused(otherwise);
      const isFirst = before === 0;
      await noteChange(client, userId, actor, { kind: 'factor_added', after: `${factor.kind} ${factor.id}` });
      await rows.raiseSession(client, userId, sessionId, isFirst);
      return { factor, recoveryCodes: isFirst ? await drawInto(client, userId) : null };
    });
  }

  #open(userId: string, { id, sealed }: rows.StoredTotp): Buffer | null {
    const secret = this.#seal.open(sealed, ownerOf({ id, userId }));
    if (!secret) this.#log?.error({ factor: id }, 'No factor key opens the secret of this TOTP: check COFFER_FACTOR_KEY');
    return secret;
  }
}

function ownerOf({ id, userId }: { readonly id: string; readonly userId: string }): string {
  return `${userId} ${id}`;
}

async function drawInto(client: pg.PoolClient, userId: string): Promise<readonly string[]> {
  const codes = drawRecoveryCodes();
  await rows.replaceRecoveryCodes(client, userId, codes.map(hashOfRecoveryCode));
  return codes;
}
