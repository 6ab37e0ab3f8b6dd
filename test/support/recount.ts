/** The stats of every wallet, counted naively from the ledger entries, without events and without the product's own sums. */
import type pg from 'pg';
import { amountNames } from '../../packages/coffer/src/wallets/index.ts';
import type { AmountName, WalletTotals } from '../../packages/coffer/src/wallets/index.ts';
import { kindOf } from './kinds.ts';

type Side = { id: string; kind: string; version: number };
type Row = {
  book: number;
  seq: number;
  kind: string;
  amount: bigint | null;
  recorded_at: Date;
  debit: Side | null;
  credit: Side | null;
};

export type Recounted = { -readonly [name in keyof WalletTotals]: WalletTotals[name] } & { version: number };

/** By book and wallet; only wallets that some entry names after their opening. */
export async function recount(pool: pg.Pool): Promise<Map<string, Recounted>> {
  const { rows } = await pool.query<Row>(`
    select e.book, e.seq, e.kind, e.amount, e.recorded_at,
      case when d.id is not null then json_build_object('id', d.id, 'kind', d.kind, 'version', e.debit_version) end as debit,
      case when c.id is not null then json_build_object('id', c.id, 'kind', c.kind, 'version', e.credit_version) end as credit
    from ledger.entry e
    left join ledger.account d on d.book = e.book and d.number = e.debit_account
    left join ledger.account c on c.book = e.book and c.number = e.credit_account
    where e.refusal is null and e.kind <> 'open' order by e.book, e.seq`);
  const wallets = new Map<string, Recounted>();
  for (const row of rows) {
    count(wallets, row, row.debit, kindOf(row).outOf);
    count(wallets, row, row.credit, kindOf(row).into);
  }
  return wallets;
}

function count(wallets: Map<string, Recounted>, row: Row, side: Side | null, name: AmountName | undefined): void {
  if (side?.kind !== 'wallet') return;
  const key = `${row.book} ${side.id}`;
  const wallet = wallets.get(key) ?? nothing();
  wallets.set(key, wallet);
  wallet.version = side.version;
  if (!kindOf(row).isQuiet) wallet.lastActivityAt = row.recorded_at;
  if (row.debit === null || row.credit === null || row.amount === null) return;
  if (name === undefined) throw new Error(`no stat counts a ${row.kind}`);
  wallet[name] += kindOf(row).takesBack ? -row.amount : row.amount;
  wallet.postings++;
}

function nothing(): Recounted {
  const amounts = Object.fromEntries(amountNames.map((name) => [name, 0n])) as Record<AmountName, bigint>;
  return { ...amounts, postings: 0, lastActivityAt: null, version: 0 };
}
