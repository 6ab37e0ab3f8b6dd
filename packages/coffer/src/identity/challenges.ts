/** Login tickets and WebAuthn challenges: random texts that work once, for one user, one purpose and five minutes. */
import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { Queries } from './queries.ts';

/** `login`: the password was right, and the second factor is due. The others: WebAuthn challenges. */
export type Purpose = 'login' | 'passkey_login' | 'passkey_proof' | 'passkey_enrolment';

const liveSeconds = 300;
const ticketBytes = 32;

export class Challenges {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /** A new login ticket; null if the user was suspended, deleted or given another password since `epoch` was read. */
  async issueTicket(userId: string, epoch: number): Promise<string | null> {
    const ticket = randomBytes(ticketBytes).toString('base64url');
    return (await this.#store(userId, 'login', ticket, epoch)) ? ticket : null;
  }

  async keep(userId: string, purpose: Exclude<Purpose, 'login'>, challenge: string): Promise<void> {
    await this.#store(userId, purpose, challenge, null);
  }

  /** The user of a challenge that is still open; null if there is none. */
  async userOf(purpose: Purpose, text: string): Promise<string | null> {
    const rows = await this.#queries.read<{ user_id: string }>({
      name: 'challenge_user',
      text: `
        select c.user_id from identity.challenge c join identity.users u on u.id = c.user_id and u.token_epoch = c.epoch
        where c.digest = $1 and c.purpose = $2 and c.expires_at > clock_timestamp()`,
      values: [digestOf(text), purpose],
    });
    return rows[0]?.user_id ?? null;
  }

  /** Uses a challenge up; false if it was not open. Of two callers at once, one gets true. */
  async take(userId: string, purpose: Purpose, text: string): Promise<boolean> {
    const rows = await this.#queries.write({
      name: 'challenge_take',
      text: `
        delete from identity.challenge c using identity.users u
        where c.digest = $1 and c.user_id = $2 and c.purpose = $3 and c.expires_at > clock_timestamp()
          and u.id = c.user_id and u.token_epoch = c.epoch
        returning c.digest`,
      values: [digestOf(text), userId, purpose],
    });
    return rows.length > 0;
  }

  async #store(userId: string, purpose: Purpose, text: string, epoch: number | null): Promise<boolean> {
    const rows = await this.#queries.write({
      name: 'challenge_store',
      text: `
        with expired as (delete from identity.challenge where user_id = $2 and expires_at <= clock_timestamp())
        insert into identity.challenge (digest, user_id, purpose, epoch, expires_at)
        select $1, id, $3, token_epoch, clock_timestamp() + interval '${liveSeconds} seconds' from identity.users
        where id = $2 and token_epoch = coalesce($4, token_epoch) and deleted_at is null and suspended_at is null
        returning digest`,
      values: [digestOf(text), userId, purpose, epoch],
    });
    return rows.length > 0;
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
