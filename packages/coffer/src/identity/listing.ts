/** Lists of users, by what staff know of them. Read from the users themselves: what is erased is not found. */
import type { Estimate } from '../database/index.ts';
import { keysetPage, parseKeyset } from '../kernel/index.ts';
import type { KeysetPage } from '../kernel/index.ts';
import type { Queries } from './queries.ts';
import { emailRefusal } from './rules.ts';
import type { Role, User } from './types.ts';
import { userColumns, userFromRow } from './user-rows.ts';
import type { UserRow } from './user-rows.ts';

export const userStates = ['active', 'suspended'] as const;
export type UserState = (typeof userStates)[number];

export type UserFilter = {
  readonly email?: string | undefined;
  /** Words of the name, or their beginnings: all of them, in any order. */
  readonly name?: string | undefined;
  readonly state?: UserState | undefined;
  readonly role?: Role | undefined;
};

export type UserListing = UserFilter & {
  readonly limit: number;
  /** The `next` or `previous` of another page. */
  readonly cursor?: string | undefined;
  readonly order?: 'desc' | 'asc' | undefined;
  readonly count?: boolean | undefined;
};

export type ListedUsers = KeysetPage<User> & { readonly count: Estimate | null };

/** In the order of account numbers, which is that of time. Null for a cursor that no page has returned. */
export async function listUsers(
  queries: Queries,
  { limit, cursor, order = 'desc', count, ...filter }: UserListing,
): Promise<ListedUsers | null> {
  const keyset = parseKeyset(cursor);
  if (keyset.position !== null && !isNumber(keyset.position)) return null;
  const query = conditionsOf(filter);
  if (query === null) return { items: [], next: null, previous: null, count: count === true ? { value: 0, exact: true } : null };
  const { where, values } = query;
  const [way, beyond] = (order === 'desc') === keyset.isBackward ? ['asc', '>'] : ['desc', '<'];
  const after = keyset.position === null ? '' : ` and number ${beyond} $${values.length + 2}`;
  const rows = await queries.read<UserRow>({
    text: `select ${userColumns} from identity.users where ${where}${after} order by number ${way} limit $${values.length + 1}`,
    values: [...values, limit + 1, ...(keyset.position === null ? [] : [keyset.position])],
  });
  const page = keysetPage(rows, limit, keyset, ({ number }) => String(number));
  return {
    ...page,
    items: page.items.map((row) => userFromRow(row).user),
    count: count === true ? await queries.estimate(`from identity.users where ${where}`, values) : null,
  };
}

/** Null if nothing can match. */
function conditionsOf({ email, name, state, role }: UserFilter): { readonly where: string; readonly values: unknown[] } | null {
  const values: unknown[] = [];
  // By the address also users whose wallet is still to be opened.
  const conditions = [email === undefined ? `status = 'active'` : `status <> 'rolled_back'`, 'deleted_at is null'];
  if (email !== undefined) {
    if (emailRefusal(email)) return null;
    conditions.push(`lower(email collate "C") = lower($${values.push(email)}::text collate "C")`);
  }
  if (name !== undefined) {
    const words = name.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    if (words.length === 0) return null;
    const prefixes = words.map((word) => `${word}:*`).join(' & ');
    conditions.push(
      `to_tsvector('simple', regexp_replace(name, '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', $${values.push(prefixes)})`,
    );
  }
  if (state !== undefined) conditions.push(`suspended_at is ${state === 'active' ? '' : 'not '}null`);
  if (role !== undefined) conditions.push(`role = $${values.push(role)}`);
  return { where: conditions.join(' and '), values };
}

function isNumber(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
