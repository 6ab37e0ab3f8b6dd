/** Erases personal text from the audit. */
import type pg from 'pg';

const rowsAtOnce = 2_000;

/** Rows of these actors, rows about these ids, and rows about these addresses until a moment: they may belong to others afterwards. */
export type AuditedAbout = { readonly actors: readonly string[]; readonly subjects: readonly string[]; readonly until: Date };

/** In small transactions; the chain still verifies. */
export async function eraseAuditedText(pool: pg.Pool, { actors, subjects, until }: AuditedAbout): Promise<void> {
  for (let erased = rowsAtOnce; erased === rowsAtOnce;) {
    const { rows } = await pool.query<{ erased: number }>('select audit.erase($1, $2, $3, $4) as erased', [
      actors,
      subjects,
      until,
      rowsAtOnce,
    ]);
    erased = rows[0]?.erased ?? 0;
  }
}

/** What requests of these actors were about: ids of users and e-mail addresses. */
export async function subjectsOf(pool: pg.Pool, actors: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ subject: string }>(
    `select distinct subject from audit.request where actor = any ($1) and actor <> 'anonymous' and subject is not null`,
    [actors],
  );
  return rows.map(({ subject }) => subject);
}
