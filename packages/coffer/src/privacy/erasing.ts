/** Erases one user: every context removes what it has, and the row of the user stays as a tombstone. */
import type pg from 'pg';
import { eraseApprovalMetadata } from '../approvals/index.ts';
import { eraseAuditedText, recordChange, subjectsOf } from '../audit/index.ts';
import { inTransaction } from '../database/index.ts';
import { eraseIdentity, findErasable } from '../identity/index.ts';
import { eraseNotifications } from '../insights/index.ts';
import { eraseDataKey } from '../metadata/index.ts';
import { eraseRequestMetadata } from '../requests/index.ts';

/** `not_deleted`: the account is in use, and must be deleted first. */
export type Erased = { readonly erasedAt: Date } | { readonly refusal: 'user_not_found' | 'not_deleted' };

/**
 * Erases a deleted user. Does nothing a second time. What takes many rows is done first, in small transactions: after a crash in between,
 * erasing again finishes it.
 */
export async function eraseUser(pool: pg.Pool, id: string): Promise<Erased> {
  const found = await findErasable(pool, id);
  if (found === null) return { refusal: 'user_not_found' };
  if (found.erasedAt) return { erasedAt: found.erasedAt };
  if (!found.deletedAt) return { refusal: 'not_deleted' };
  const actors = [`user:${found.id}`, `operator:${found.id}`];
  const known = [...found.addresses, ...(await subjectsOf(pool, actors))];
  const addresses = [...new Set(known.filter((subject) => subject.includes('@')))];
  await eraseAuditedText(pool, { actors, subjects: [found.id, ...addresses], until: found.deletedAt });
  return await inTransaction(pool, async (client) => {
    await eraseNotifications(client, found.id);
    await eraseRequestMetadata(client, found.id);
    await eraseApprovalMetadata(client, found.id);
    await eraseDataKey(client, found.id);
    const erased = await eraseIdentity(client, found.id, addresses);
    if (erased) await recordChange(client, { kind: 'users.erase', subject: found.id });
    return { erasedAt: (await findErasable(client, found.id))?.erasedAt ?? new Date() };
  });
}
