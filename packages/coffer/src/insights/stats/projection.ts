/** Per-wallet stats as a projection: events are summed per wallet in memory, and the sums written in one statement. */
import type pg from 'pg';
import { int8Column, numericColumn, textColumn, timestamptzColumn } from '../../database/index.ts';
import type { Projection } from '../../projections/index.ts';
import { amountNames } from '../../wallets/index.ts';
import { amountColumns } from './columns.ts';
import { addUp } from './sums.ts';

export const statsName = 'stats';

const columns = [...amountNames.map((name) => amountColumns[name]), 'postings'];

const addText = `
  insert into insights.wallet_stats as kept (generation, book, wallet, ${columns.join(', ')}, version, last_activity_at, last_seq)
  select $1, $2, s.wallet, ${columns.map((column) => `coalesce(s.${column}, 0)`).join(', ')}, s.version, s.last_activity_at, s.last_seq
  from unnest($3::text[], ${columns.map((_, at) => `$${at + 4}::numeric[]`).join(', ')},
    $${columns.length + 4}::bigint[], $${columns.length + 5}::timestamptz[], $${columns.length + 6}::bigint[])
    as s (wallet, ${columns.join(', ')}, version, last_activity_at, last_seq)
  on conflict (generation, book, wallet) do update set
    ${columns.map((column) => `${column} = kept.${column} + excluded.${column}`).join(', ')},
    version = greatest(kept.version, excluded.version),
    last_activity_at = greatest(kept.last_activity_at, excluded.last_activity_at),
    last_seq = greatest(kept.last_seq, excluded.last_seq)`;

const rowsPerPart = 10_000;

export const statsProjection: Projection = {
  name: statsName,
  tables: ['insights.wallet_stats'],
  apply: async (client, events, generation) => {
    const sums = addUp(events);
    const book = events[0]?.book;
    if (book === undefined || sums.length === 0) return;
    await client.query({
      name: 'add_wallet_stats',
      text: addText,
      values: [
        generation,
        book,
        textColumn(sums, ({ wallet }) => wallet),
        ...amountNames.map((name) => numericColumn(sums, ({ amounts }) => amounts.get(name) ?? null)),
        numericColumn(sums, ({ postings }) => BigInt(postings)),
        int8Column(sums, ({ version }) => version),
        timestamptzColumn(sums, ({ lastActivityAt }) => lastActivityAt),
        int8Column(sums, ({ lastSeq }) => lastSeq),
      ],
    });
  },
  forget: async (client: pg.ClientBase, generation: number) => {
    const { rowCount } = await client.query(
      `delete from insights.wallet_stats s using (
         select book, wallet from insights.wallet_stats where generation = $1 order by book, wallet limit ${rowsPerPart}
       ) part
       where s.generation = $1 and s.book = part.book and s.wallet = part.wallet`,
      [generation],
    );
    return (rowCount ?? 0) > 0;
  },
};
