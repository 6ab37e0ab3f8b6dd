/** Sums over all books, in one snapshot: what accounts hold, and what moved. Added up from the postings, not from stored balances. */
import type pg from 'pg';

/** `account`: the id of one of the chart, the kind of a built-in one, or `wallets` for all wallets of the asset together. */
export type AccountTotal = { readonly account: string; readonly asset: number; readonly balance: bigint };

/** Postings recorded at or after `since`, and before `until`; null: from the first, to the last. */
export type Period = { readonly since: Date | null; readonly until: Date | null };

/** The read pool forbids scans, which look-ups must not need; a sum reads the whole range. */
const settings = ['enable_seqscan = on', 'enable_hashjoin = on', "statement_timeout = '10min'"].map((one) => `set local ${one};`).join(' ');

const totalsText = `
  with range as (
    select coalesce(ledger.seq_at($1, $2::timestamptz - interval '1 microsecond'), 0) as after,
      coalesce(ledger.seq_at($1, $3::timestamptz - interval '1 microsecond'), 0) as until
  ), moved as (
    select e.debit_account as account, -sum(e.amount) as amount from ledger.entry e
    where e.book = $1 and e.seq > (select after from range) and e.seq <= (select until from range)
      and e.amount is not null and e.debit_account is not null and e.credit_account is not null
    group by e.debit_account
    union all
    select e.credit_account, sum(e.amount) from ledger.entry e
    where e.book = $1 and e.seq > (select after from range) and e.seq <= (select until from range)
      and e.amount is not null and e.debit_account is not null and e.credit_account is not null
    group by e.credit_account
  )
  select case a.kind when 'wallet' then 'wallets' when 'named' then substr(a.id, 2) else a.kind::text end as account, a.asset,
    sum(m.amount) as balance
  from moved m join ledger.account a on a.book = $1 and a.number = m.account
  group by 1, 2`;

const balanceText = `
  select a.id as account, a.asset, past.balance from ledger.account a cross join lateral ledger.balance_at($1, a.number, ledger.seq_at($1, $3)) past
  where a.book = $1 and a.id = $2`;

export class Totals {
  readonly #pool: pg.Pool;
  readonly #books: readonly number[];

  constructor(pool: pg.Pool, books: readonly number[]) {
    this.#pool = pool;
    this.#books = books;
  }

  /** Of every account that has moved in the period. In each asset they add up to zero. */
  async within({ since, until }: Period): Promise<AccountTotal[]> {
    const sums = new Map<string, AccountTotal>();
    for (const { account, asset, balance } of await this.#inEachBook(totalsText, [since ?? '-infinity', until ?? 'infinity'])) {
      const name = `${account}/${asset}`;
      sums.set(name, { account, asset, balance: (sums.get(name)?.balance ?? 0n) + balance });
    }
    return [...sums.values()];
  }

  /** The balance of an account, by its id in books, with what was recorded by a moment; null: now. */
  async balanceOf(id: string, at: Date | null): Promise<bigint> {
    const found = await this.#inEachBook(balanceText, [id, at ?? 'infinity']);
    return found.reduce((sum, { balance }) => sum + balance, 0n);
  }

  /** A statement for each book, so that it stays on the machine of the book; all of them read one moment. */
  async #inEachBook(text: string, values: readonly unknown[]): Promise<AccountTotal[]> {
    const client = await this.#pool.connect();
    const found: AccountTotal[] = [];
    let isDone = false;
    try {
      await client.query(`begin isolation level repeatable read read only; ${settings}`);
      for (const book of this.#books) found.push(...(await client.query<AccountTotal>(text, [book, ...values])).rows);
      await client.query('commit');
      isDone = true;
      return found;
    } finally {
      client.release(!isDone);
    }
  }
}
