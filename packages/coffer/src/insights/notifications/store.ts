/** The SQL of notifications. The key identifies the subject: the same notification is inserted once. */
import type pg from 'pg';
import { textColumn } from '../../database/index.ts';
import { mailedKinds } from './kinds.ts';
import type { NotificationKind } from './kinds.ts';

export type NewNotification = {
  readonly key: string;
  readonly kind: NotificationKind;
  readonly wallet: string;
  readonly facts: Readonly<Record<string, string>>;
};

/** Older events cause no notification, so a worker that starts with an old log does not notify about its past. */
const newsDays = 7;

/** All staff share one list. */
export async function notifyStaff(
  client: pg.ClientBase,
  added: readonly (NewNotification & { readonly recordedAt: Date })[],
): Promise<void> {
  if (added.length === 0) return;
  await client.query({
    name: 'notify_staff',
    text: `
      insert into insights.notification (kind, wallet, facts, key)
      select t.kind, t.wallet, t.facts, t.key
      from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[]) as t (kind, wallet, facts, key, recorded_at)
      where t.recorded_at > clock_timestamp() - $6 * interval '1 day'
      on conflict (key) do nothing`,
    values: [...columnsOf(added), added.map(({ recordedAt }) => recordedAt), newsDays],
  });
}

/** For the owner, whom the caller knows. With its e-mail, in one statement. */
export async function notifyUser(
  pool: pg.Pool,
  { userId, ...added }: NewNotification & { readonly userId: string },
  mailed: boolean,
): Promise<void> {
  await pool.query({
    text: `
      with added as (
        insert into insights.notification (kind, wallet, facts, key, user_id) values ($1, $2, $3, $4, $5) on conflict (key) do nothing
        returning id)
      insert into insights.mail (notification) select id from added where $6`,
    values: [added.kind, added.wallet, JSON.stringify(added.facts), added.key, userId, mailed && mailedKinds.includes(added.kind)],
  });
}

export async function notifyOwners(
  client: pg.ClientBase,
  added: readonly (NewNotification & { readonly owner: string; readonly recordedAt: Date })[],
  mailed: boolean,
): Promise<void> {
  if (added.length === 0) return;
  await client.query({
    name: 'notify_owners',
    text: `
      with added as (
        insert into insights.notification (kind, wallet, facts, key, user_id)
        select t.kind, t.wallet, t.facts, t.key, t.owner
        from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[], $8::uuid[])
          with ordinality as t (kind, wallet, facts, key, recorded_at, owner, position)
        where t.recorded_at > clock_timestamp() - $6 * interval '1 day'
        order by t.position
        on conflict (key) do nothing
        returning id, kind)
      insert into insights.mail (notification) select id from added where kind = any ($7::text[])`,
    values: [
      ...columnsOf(added),
      added.map(({ recordedAt }) => recordedAt),
      newsDays,
      mailed ? mailedKinds : [],
      added.map(({ owner }) => owner),
    ],
  });
}

/** Of wallets that have an owner. */
export async function ownersOf(client: pg.ClientBase, wallets: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  if (wallets.size === 0) return new Map();
  const { rows } = await client.query<{ wallet: string; owner: string }>({
    name: 'wallet_owners',
    text: 'select wallet, owner from insights.wallet_owner where wallet = any ($1::text[])',
    values: [textColumn([...wallets], (wallet) => wallet)],
  });
  return new Map(rows.map(({ wallet, owner }) => [wallet, owner]));
}

export async function learnOwners(
  client: pg.ClientBase,
  owned: readonly { readonly wallet: string; readonly owner: string }[],
): Promise<void> {
  if (owned.length === 0) return;
  await client.query({
    name: 'learn_owners',
    text: 'insert into insights.wallet_owner (wallet, owner) select * from unnest($1::text[], $2::uuid[]) on conflict do nothing',
    values: [owned.map(({ wallet }) => wallet), owned.map(({ owner }) => owner)],
  });
}

function columnsOf(added: readonly NewNotification[]): unknown[] {
  return [
    added.map(({ kind }) => kind),
    added.map(({ wallet }) => wallet),
    added.map(({ facts }) => JSON.stringify(facts)),
    added.map(({ key }) => key),
  ];
}
