/** The SQL of the projection's wallets. */
import type pg from 'pg';
import { numericColumn } from '../database/index.ts';
import { controlsFromText } from '../ledger/index.ts';
import type { PostedSide, RecordedEntry } from '../ledger/index.ts';
import { isReservedForOwner } from '../wallets/index.ts';

export const walletStates = ['active', 'frozen', 'closed'] as const;
export type WalletState = (typeof walletStates)[number];

type Row = {
  readonly side: PostedSide;
  readonly asset: number;
  readonly at: Date;
  readonly state: { readonly is: WalletState; readonly version: number } | null;
};

/** Each wallet once, as its newest entry leaves it. An entry that is applied late changes nothing that is newer. */
export async function writeWallets(client: pg.ClientBase, generation: number, entries: readonly RecordedEntry[]): Promise<void> {
  const book = entries[0]?.book;
  const newest = new Map<number, Row>();
  for (const { debit, credit, asset, recordedAt: at, controls } of entries) {
    for (const side of [debit, credit]) {
      if (side?.kind !== 'wallet' || asset === null) continue;
      const state = side === debit && controls !== null ? { is: stateIn(controls), version: side.version } : null;
      newest.set(side.number, { side, asset, at, state: state ?? newest.get(side.number)?.state ?? null });
    }
  }
  // In one order, so that two workers cannot deadlock.
  const rows = [...newest.values()].toSorted(({ side: one }, { side: other }) => one.number - other.number);
  if (rows.length === 0) return;
  await client.query({
    name: 'find_wallets',
    text: `
      insert into find.wallet as kept (generation, book, number, id, owner, asset, balance, version, state, state_version, last_activity_at)
      select $1, $2, w.number, w.id, w.owner, w.asset, w.balance, w.version, coalesce(w.state, 'active'), coalesce(w.state_version, 0), w.at
      from unnest($3::bigint[], $4::text[], $5::text[], $6::integer[], $7::numeric[], $8::bigint[], $9::text[], $10::bigint[], $11::timestamptz[])
        as w (number, id, owner, asset, balance, version, state, state_version, at)
      on conflict (generation, book, number) do update set
        balance = case when excluded.version > kept.version then excluded.balance else kept.balance end,
        last_activity_at = greatest(kept.last_activity_at, excluded.last_activity_at),
        state = case when excluded.state_version > kept.state_version then excluded.state else kept.state end,
        state_version = greatest(kept.state_version, excluded.state_version),
        version = greatest(kept.version, excluded.version)`,
    values: [
      generation,
      book,
      rows.map(({ side }) => side.number),
      rows.map(({ side }) => side.id),
      rows.map(({ side: { id } }) => (isReservedForOwner(id) ? id.slice(0, 36) : null)),
      rows.map(({ asset }) => asset),
      numericColumn(rows, ({ side }) => side.balance),
      rows.map(({ side }) => side.version),
      rows.map(({ state }) => state?.is ?? null),
      rows.map(({ state }) => state?.version ?? null),
      rows.map(({ at }) => at),
    ],
  });
}

/** The stricter of the two sides. */
function stateIn(controls: string): WalletState {
  const { debits, credits } = controlsFromText(controls);
  return walletStates.findLast((state) => debits === state || credits === state) ?? 'active';
}

/** Returns whether there were any. */
export async function forgetWallets(client: pg.ClientBase, generation: number, limit: number): Promise<boolean> {
  const { rowCount } = await client.query(
    'delete from find.wallet where ctid = any (array(select ctid from find.wallet where generation = $1 limit $2))',
    [generation, limit],
  );
  return (rowCount ?? 0) > 0;
}
