/** The SQL of sessions. The database's clock decides whether one is valid, the same for every process. */
import type pg from 'pg';
import { BatchedReader } from '../database/index.ts';
import { Queries } from './queries.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { UserRow } from './user-rows.ts';
import type { Session, User } from './types.ts';

/** A valid session with its user. */
export type LivingSession = {
  readonly user: User;
  readonly usedLately: boolean;
  /** Whether the user proved who they are within the last ten minutes. */
  readonly provedLately: boolean;
  /** Whether the session ever proved a second factor. */
  readonly hasSecondFactor: boolean;
};

const columns = `s.id, s.created_at as "createdAt", s.last_used_at as "lastUsedAt", s.expires_at as "expiresAt",
  s.client_ip as "clientIp", s.user_agent as "userAgent"`;
const living = `s.ended_at is null and s.expires_at > clock_timestamp() and s.epoch = u.token_epoch
  and u.status = 'active' and u.deleted_at is null and u.suspended_at is null`;
/** More sessions than a person has devices; a script that logs in for each request has more. */
const listedMax = 500;
/** How long a proof is fresh. */
export const freshMinutes = 10;
/** How long an ended session stays, so that its row can answer questions. */
const keptDays = 30;

export class SessionStore {
  readonly #queries: Queries;
  readonly #staffIdleMs: number | null;
  readonly #living: BatchedReader<LivingSession>;

  /** `staffIdleMs`: how long a session of staff may be idle; null for no limit. */
  constructor(pool: pg.Pool, staffIdleMs: number | null) {
    this.#queries = new Queries(pool);
    this.#staffIdleMs = staffIdleMs;
    this.#living = new BatchedReader((ids) => this.#readLiving(ids));
  }

  /** Begins a session; false if the user was deleted, suspended or given another password since it was read. */
  async begin(session: {
    readonly id: string;
    readonly userId: string;
    readonly epoch: number;
    readonly liveMs: number;
    readonly clientIp: string | null;
    readonly userAgent: string | null;
    readonly secondFactor: boolean;
  }): Promise<boolean> {
    const rows = await this.#queries.write({
      name: 'session_begin',
      text: `
        with forgotten as (
          delete from identity.session
          where user_id = $2 and created_at < clock_timestamp() - make_interval(days => ${keptDays})
        )
        insert into identity.session (id, user_id, epoch, expires_at, client_ip, user_agent, second_factor_at)
        select $1, id, $3, clock_timestamp() + $4::double precision * interval '1 millisecond', $5, $6,
          case when $7 then clock_timestamp() end from identity.users
        where id = $2 and token_epoch = $3 and status = 'active' and deleted_at is null and suspended_at is null
        returning id`,
      values: [session.id, session.userId, session.epoch, session.liveMs, session.clientIp, session.userAgent, session.secondFactor],
    });
    return rows.length > 0;
  }

  /** Look-ups that arrive together share a query: a thousand live streams are rechecked every second. */
  async living(id: string): Promise<LivingSession | null> {
    return await this.#living.read(id);
  }

  async noteUse(id: string): Promise<void> {
    await this.#queries.write({
      name: 'session_note_use',
      text: 'update identity.session set last_used_at = clock_timestamp() where id = $1',
      values: [id],
    });
  }

  /** The user has proved who they are again. */
  async noteProof(id: string, secondFactor: boolean): Promise<void> {
    await this.#queries.write({
      name: 'session_note_proof',
      text: `
        update identity.session set proved_at = clock_timestamp(),
          second_factor_at = case when $2 then clock_timestamp() else second_factor_at end
        where id = $1`,
      values: [id, secondFactor],
    });
  }

  /** Newest first. */
  async ofUser(userId: string): Promise<Session[]> {
    return await this.#queries.read<Session>({
      name: 'session_of_user',
      text: `
        select ${columns} from identity.session s join identity.users u on u.id = s.user_id
        where s.user_id = $1 and ${living} and ${notIdle('$2')}
        order by s.created_at desc limit ${listedMax}`,
      values: [userId, this.#staffIdleMs],
    });
  }

  /** Ends sessions of a user: only `id`, or all but `kept`. Returns how many. */
  async end(userId: string, { id = null, kept = null }: { readonly id?: string | null; readonly kept?: string | null }): Promise<number> {
    const rows = await this.#queries.write({
      name: 'session_end',
      text: `
        update identity.session set ended_at = clock_timestamp()
        where user_id = $1 and id = coalesce($2, id) and id is distinct from $3 and ended_at is null and expires_at > clock_timestamp() returning id`,
      values: [userId, id, kept],
    });
    return rows.length;
  }

  async #readLiving(ids: readonly string[]): Promise<ReadonlyMap<string, LivingSession>> {
    type Row = UserRow & { session: string; used_lately: boolean; proved_lately: boolean; has_second_factor: boolean };
    const rows = await this.#queries.read<Row>({
      name: 'session_living',
      text: `
        select s.id as session, s.last_used_at > clock_timestamp() - interval '15 seconds' as used_lately,
          s.proved_at > clock_timestamp() - interval '${freshMinutes} minutes' as proved_lately, s.second_factor_at is not null as has_second_factor,
          ${userColumns.replaceAll(/\w+/g, 'u.$&')}
        from identity.session s join identity.users u on u.id = s.user_id
        where s.id = any ($1::uuid[]) and ${living} and ${notIdle('$2')}`,
      values: [ids, this.#staffIdleMs],
    });
    return new Map(
      rows.map((row) => [
        row.session,
        {
          user: userFromRow(row).user,
          usedLately: row.used_lately,
          provedLately: row.proved_lately,
          hasSecondFactor: row.has_second_factor,
        },
      ]),
    );
  }
}

function notIdle(parameter: string): string {
  return `(u.role = 'user' or ${parameter}::double precision is null
    or s.last_used_at > clock_timestamp() - ${parameter}::double precision * interval '1 millisecond')`;
}
