/** Subjects of another token issuer: which user each of them is. Each change leaves a row in `identity.user_change`. */
import type pg from 'pg';
import { isUuid, newId } from '../kernel/index.ts';
import { Queries } from './queries.ts';
import { refused } from './refusals.ts';
import type { Refused } from './refusals.ts';
import type { Subject } from './types.ts';
import { voidPrintedLinks } from './proof-store.ts';
import { noteChange } from './user-changes.ts';

/** Of a subject: OpenID Connect allows no more. An issuer is a URL, and Coffer allows no more either. */
export const subjectLengthMax = 255;
const columns = 'id, issuer, subject, created_at as "createdAt", created_by as "createdBy"';

export class Subjects {
  readonly #queries: Queries;

  constructor(pool: pg.Pool) {
    this.#queries = new Queries(pool);
  }

  /** Oldest first. */
  async ofUser(userId: string): Promise<Subject[]> {
    return await this.#queries.read<Subject>({
      name: 'subject_of_user',
      text: `select ${columns} from identity.subject where user_id = $1 order by created_at, id`,
      values: [userId],
    });
  }

  /**
   * Links a subject to a user, who can use the tokens of that subject from then on; linked again, nothing changes. `actor`: as logs
   * name callers. Refusals: subject_invalid, user_not_found, subject_taken (it belongs to another user who is not deleted).
   */
  async link(userId: string, named: { readonly issuer: string; readonly subject: string }, actor: string): Promise<Subject | Refused> {
    const { issuer, subject } = named;
    if (!isStorable(issuer) || !isStorable(subject)) return refused('subject_invalid', { most: String(subjectLengthMax) });
    const id = userId.toLowerCase();
    if (!isUuid(id)) return refused('user_not_found');
    return await this.#queries.transact(async (client): Promise<Subject | Refused> => {
      const { rowCount } = await client.query(
        "select from identity.users where id = $1 and status = 'active' and deleted_at is null for update",
        [id],
      );
      if (rowCount === 0) return refused('user_not_found');
      await client.query(
        `delete from identity.subject s using identity.users u
         where s.issuer = $1 and s.subject = $2 and u.id = s.user_id and u.deleted_at is not null`,
        [issuer, subject],
      );
      const { rows } = await client.query<Subject>(
        `insert into identity.subject (id, issuer, subject, user_id, created_by) values ($1, $2, $3, $4, $5)
         on conflict do nothing returning ${columns}`,
        [newId(), issuer, subject, id, actor],
      );
      if (!rows[0]) {
        const existing = await client.query<Subject>(
          `select ${columns} from identity.subject where issuer = $1 and subject = $2 and user_id = $3`,
          [issuer, subject, id],
        );
        return existing.rows[0] ?? refused('subject_taken');
      }
      await voidPrintedLinks(client, id);
      await noteChange(client, id, actor, { kind: 'subject_linked', after: `${rows[0].id} of ${issuer}` });
      return rows[0];
    });
  }

  /** Unlinks a subject: its tokens stop working within a second. Refusal: subject_not_found. */
  async unlink(userId: string, subjectId: string, actor: string): Promise<null | Refused> {
    const [id, owner] = [subjectId.toLowerCase(), userId.toLowerCase()];
    if (!isUuid(id) || !isUuid(owner)) return refused('subject_not_found');
    return await this.#queries.transact(async (client) => {
      const { rows } = await client.query<{ issuer: string }>(
        'delete from identity.subject where id = $1 and user_id = $2 returning issuer',
        [id, owner],
      );
      if (!rows[0]) return refused('subject_not_found');
      await noteChange(client, owner, actor, { kind: 'subject_unlinked', before: `${id} of ${rows[0].issuer}` });
      return null;
    });
  }
}

/** Also decides whether a subject in a token is looked up: PostgreSQL rejects some texts. */
export function isStorable(text: string): boolean {
  return text.length > 0 && text.length <= subjectLengthMax && text.isWellFormed() && !/\p{Cc}/u.test(text);
}
