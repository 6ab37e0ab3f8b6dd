/** The SQL of recent movements. */
import type pg from 'pg';
import type { MovementKind } from './definitions.ts';
import type { Movement } from './movements.ts';

type MovementsQuery = {
  readonly generation: number;
  readonly book: number;
  readonly wallets: readonly string[];
  readonly kinds: readonly MovementKind[];
  /** For each wallet and kind, the newest. */
  readonly limit: number;
  readonly before: { readonly seq: number; readonly part: number };
};

type MovementRow = Omit<Movement, 'id' | 'book' | 'recordedAt'> & { recorded_at: Date };

/** In log order. */
export async function readRecent(
  client: pg.ClientBase,
  { generation, book, wallets, kinds, limit, before }: MovementsQuery,
): Promise<Movement[]> {
  if (wallets.length === 0 || limit === 0) return [];
  const { rows } = await client.query<MovementRow>({
    name: 'fraud_recent',
    text: `
      select m.* from unnest($3::text[]) as wanted (wallet) cross join unnest($4::text[]) as counted (kind)
      cross join lateral (
        select seq, part, wallet, kind, asset, amount, recorded_at from insights.fraud_movement m
        where generation = $1 and book = $2 and m.wallet = wanted.wallet and m.kind = counted.kind and (m.seq, m.part) < ($6, $7)
        order by seq desc, part desc limit $5
      ) m order by m.seq, m.part`,
    values: [generation, book, wallets, kinds, limit, before.seq, before.part],
  });
  return rows.map(({ recorded_at: recordedAt, ...row }) => ({ ...row, book, id: `${book}-${row.seq}-${row.part}`, recordedAt }));
}

export async function insertMovements(client: pg.ClientBase, generation: number, movements: readonly Movement[]): Promise<void> {
  if (movements.length === 0) return;
  await client.query({
    name: 'fraud_keep',
    text: `
      insert into insights.fraud_movement (generation, book, wallet, kind, seq, part, asset, amount, recorded_at)
      select $1, m.* from unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::int[], $8::numeric[], $9::timestamptz[]) as m
      on conflict do nothing`,
    values: [
      generation,
      movements.map(({ book }) => book),
      movements.map(({ wallet }) => wallet),
      movements.map(({ kind }) => kind),
      movements.map(({ seq }) => seq),
      movements.map(({ part }) => part),
      movements.map(({ asset }) => asset),
      movements.map(({ amount }) => amount.toString()),
      movements.map(({ recordedAt }) => recordedAt),
    ],
  });
}

/** Movements of each kind recorded before its cutoff, a bounded number at a time: more than were added. */
export async function pruneMovements(
  client: pg.ClientBase,
  query: Pick<MovementsQuery, 'generation' | 'book' | 'kinds' | 'limit'> & { readonly cutoffs: readonly Date[] },
): Promise<void> {
  if (query.kinds.length === 0) return;
  await client.query({
    name: 'fraud_prune',
    text: `
      delete from insights.fraud_movement where ctid = any (array(
        select old.ctid from unnest($3::text[], $4::timestamptz[]) as kept (kind, since)
        cross join lateral (
          select m.ctid from insights.fraud_movement m
          where m.generation = $1 and m.book = $2 and m.kind = kept.kind and m.recorded_at < kept.since
          order by m.recorded_at limit $5
        ) old))`,
    values: [query.generation, query.book, query.kinds, query.cutoffs, query.limit],
  });
}

/** Returns how many. */
export async function forgetMovements(client: pg.ClientBase, generation: number, limit: number): Promise<number> {
  const { rowCount } = await client.query(
    'delete from insights.fraud_movement where ctid = any (array(select ctid from insights.fraud_movement where generation = $1 limit $2))',
    [generation, limit],
  );
  return rowCount ?? 0;
}
