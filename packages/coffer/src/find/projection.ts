/** What is found by, as a projection: entries are read from the log, and each batch of them is written in four statements. */
import type pg from 'pg';
import { numericColumn } from '../database/index.ts';
import { readEntries } from '../ledger/index.ts';
import type { FoundEntry } from '../ledger/index.ts';
import type { Projection } from '../projections/index.ts';
import { endedBy, factsOf, isOperation } from './facts.ts';
import { placed, placedTerm, term, termsOf } from './terms.ts';
import type { Progress } from './terms.ts';
import { forgetWallets, writeWallets } from './wallet-store.ts';

export const findName = 'find';

const rowsPerPart = 10_000;

export const findProjection: Projection = {
  name: findName,
  tables: ['find.operation', 'find.wallet'],
  apply: async (client, events, generation) => {
    const book = events[0]?.book;
    // Each entry has one event that is its first.
    const seqs = events.filter(({ part }) => part === 1).map(({ seq }) => seq);
    if (book === undefined || seqs.length === 0) return;
    const found = await readEntries(client, book, seqs);
    await writeOperations(client, generation, book, found);
    await writeWallets(
      client,
      generation,
      found.map(({ entry }) => entry),
    );
  },
  forget: async (client, generation) => {
    const { rowCount } = await client.query(
      'delete from find.operation where ctid = any (array(select ctid from find.operation where generation = $1 limit $2))',
      [generation, rowsPerPart],
    );
    return (await forgetWallets(client, generation, rowsPerPart)) || (rowCount ?? 0) > 0;
  },
};

type Row = { readonly found: FoundEntry; progress: Progress };
type Change = { readonly seq: number; readonly from: Progress; readonly to: Progress };

async function writeOperations(client: pg.ClientBase, generation: number, book: number, found: readonly FoundEntry[]): Promise<void> {
  const rows = new Map<number, Row>();
  const changes: Change[] = [];
  for (const one of found) {
    const { seq } = one.entry;
    if (isOperation(one.entry)) rows.set(seq, { found: one, progress: progressAt(one) });
    const change = changeBy(one);
    if (!change) continue;
    const begun = rows.get(change.seq);
    if (begun) begun.progress = change.to;
    else changes.push(change);
  }
  await insertOperations(client, generation, book, [...rows.values()]);
  await changeOperations(client, generation, book, changes);
}

/** Of the entry alone. */
function progressAt({ entry: { refusal, kind } }: FoundEntry): Progress {
  if (refusal) return 'refused';
  return kind === 'transfer_debit' ? 'debited' : kind === 'hold' ? 'open' : 'completed';
}

/** What the entry ends: a hold, or a transfer in steps. */
function changeBy({ entry }: FoundEntry): Change | null {
  const { kind, hold, holdLeft, seq } = entry;
  const transfer = endedBy(entry);
  if (transfer !== null) return { seq: transfer, from: 'debited', to: kind === 'transfer_complete' ? 'completed' : 'compensated' };
  if (hold === null || hold === seq || holdLeft !== 0n) return null;
  return { seq: hold, from: 'open', to: kind === 'expire' ? 'expired' : 'done' };
}

async function insertOperations(client: pg.ClientBase, generation: number, book: number, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query({
    name: 'find_operations',
    text: `
      insert into find.operation (generation, book, seq, terms, amount)
      select $1, $2, o.seq, o.terms::bigint[], o.amount from unnest($3::bigint[], $4::text[], $5::numeric[]) as o (seq, terms, amount)
      on conflict do nothing`,
    values: [
      generation,
      book,
      rows.map(({ found }) => found.entry.seq),
      rows.map(({ found, progress }) => placed(termsOf(factsOf(found), progress), found.entry)),
      numericColumn(rows, ({ found }) => found.entry.amount),
    ],
  });
}

async function changeOperations(client: pg.ClientBase, generation: number, book: number, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const termIn = (seq: number, progress: Progress) => placedTerm(term.progress(progress), book, seq);
  await client.query({
    name: 'find_changes',
    text: `
      update find.operation o set terms = array_replace(o.terms, c.before, c.after)
      from unnest($3::bigint[], $4::bigint[], $5::bigint[]) as c (seq, before, after)
      where o.generation = $1 and o.book = $2 and o.seq = c.seq`,
    values: [
      generation,
      book,
      changes.map(({ seq }) => seq),
      changes.map(({ seq, from }) => termIn(seq, from)),
      changes.map(({ seq, to }) => termIn(seq, to)),
    ],
  });
}
