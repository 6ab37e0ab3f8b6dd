/** The record of what was changed about a user's access: a row of `identity.user_change`, in the transaction of the change. */
import type pg from 'pg';
import { recordChange } from '../audit/index.ts';

export type UserChange = {
  readonly kind:
    | 'role'
    | 'suspended'
    | 'reinstated'
    | 'sessions_ended'
    | 'factor_added'
    | 'factor_removed'
    | 'factors_reset'
    | 'recovery_codes_renewed'
    | 'recovery_code_used'
    | 'subject_linked'
    | 'subject_unlinked'
    | 'link_made'
    | 'password_set'
    | 'deleted';
  /** The role; or what was added or removed, by id: these records are never erased, so they contain no names and no subjects. */
  readonly before?: string;
  readonly after?: string;
  readonly reason?: string | undefined;
};

/** `actor`: as logs name callers; `cli` at the command line. */
export async function noteChange(
  client: pg.PoolClient,
  userId: string,
  actor: string,
  { kind, before, after, reason }: UserChange,
): Promise<void> {
  await client.query('insert into identity.user_change (user_id, kind, before, after, reason, actor) values ($1, $2, $3, $4, $5, $6)', [
    userId,
    kind,
    before,
    after,
    reason,
    actor,
  ]);
  // The role, or what was added or removed.
  const name = kind === 'role' ? 'role' : 'what';
  await recordChange(client, {
    kind: `users.${kind}`,
    subject: userId,
    before: before === undefined ? undefined : { [name]: before },
    after: after === undefined ? { reason } : { [name]: after, reason },
  });
}
