/**
 * The chart of accounts. Its accounts are few, and what postings depend on (asset, type, floor) never changes, so each process caches them,
 * as it does assets. One that is unknown here is looked up the first time that a request names it.
 */
import type pg from 'pg';
import { assert, currentRequest } from '../../kernel/index.ts';
import type { Assets } from '../assets/assets.ts';
import { assetNameMistake } from '../assets/rules.ts';
import { orUnknown } from '../posting/outages.ts';
import { accountIdMistake, accountMistake, accountsMax } from './rules.ts';
import type { AccountChange, NewAccount } from './rules.ts';

/** An account of the chart as it is now. `version` counts its definitions: each change makes a new one. */
export type ChartAccount = NewAccount & { readonly version: number };

/** An account to add, with its asset by code or number. */
export type WantedAccount = Omit<NewAccount, 'asset'> & { readonly asset: string | number };

/** What may be wrong with a request to add or change an account. */
export const chartRefusalCodes = [
  'account_invalid',
  'account_exists',
  'account_not_found',
  'account_parent_unknown',
  'account_parent_differs',
  'account_cycle',
  'too_many_accounts',
  'asset_unknown',
  'asset_retired',
] as const;
export type ChartRefusal = {
  readonly refusal: { readonly code: (typeof chartRefusalCodes)[number]; readonly facts: Readonly<Record<string, string>> };
};

/** Of a view or table with its columns; for the writer of a book, too. */
export const chartText = 'select c.id, c.asset, c.type, c.floor, c.name, c.parent, c.version from ledger.current_chart c order by c.id';

export class Chart {
  readonly #pool: pg.Pool;
  readonly #assets: Assets;
  #all: readonly ChartAccount[] = [];
  #byId: ReadonlyMap<string, ChartAccount> = new Map();

  private constructor(pool: pg.Pool, assets: Assets) {
    this.#pool = pool;
    this.#assets = assets;
  }

  static async load(pool: pg.Pool, assets: Assets): Promise<Chart> {
    const chart = new Chart(pool, assets);
    await chart.list();
    return chart;
  }

  /** As cached. */
  find(id: string): ChartAccount | undefined {
    return this.#byId.get(id);
  }

  /** As they are in the database now, by id; the cache has them then, too, and the assets that they count in. */
  async list(): Promise<readonly ChartAccount[]> {
    const { rows } = await this.#pool.query<ChartAccount>({ name: 'chart', text: chartText });
    // Two readings can be answered in the other order; versions only grow.
    const newest = new Map<string, ChartAccount>(rows.map((account) => [account.id, account]));
    for (const known of this.#all) if ((newest.get(known.id)?.version ?? 0) < known.version) newest.set(known.id, known);
    this.#all = [...newest.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#byId = newest;
    await this.#assets.learn(this.#all.map(({ asset }) => asset));
    return this.#all;
  }

  /** Reads the database if one of these is unknown here; null, without waiting, when all are known. */
  learn(ids: readonly string[]): Promise<unknown> | null {
    return ids.every((id) => this.#byId.has(id)) ? null : this.list();
  }

  /**
   * Adds an account and records it in the audit. The same definition again is answered with the account as it is now (`added` false).
   * Refusals: account_invalid, account_exists, account_parent_unknown, account_parent_differs, asset_unknown, asset_retired,
   * too_many_accounts. Throws LedgerUnavailable.
   */
  async add({ asset: named, ...rest }: WantedAccount): Promise<{ readonly account: ChartAccount; readonly added: boolean } | ChartRefusal> {
    // As they are now: a retirement counts at once.
    await this.#assets.list();
    const found = this.#assets.find(named);
    if (!found) return refused('asset_unknown', { asset: String(named) });
    const wanted = { ...rest, asset: found.id };
    const mistake = accountMistake(wanted);
    if (mistake !== null) return refused('account_invalid', { said: mistake });
    const { id, asset, type, name, floor, parent } = wanted;
    await this.learn([id]);
    if (found.retired && !this.find(id)) return refused('asset_retired', { asset: found.code });
    const text = 'select ledger.add_chart_account($1, $2, $3, $4, $5, $6, $7, $8, $9) as said';
    const said = await this.#ask(text, [id, asset, type, floor, name, parent, accountsMax, ...changing()]);
    if (said === 'too_many') return refused('too_many_accounts', { most: String(accountsMax) });
    if (said === 'parent_unknown') return refused('account_parent_unknown', { parent: parent ?? '' });
    if (said === 'parent_differs') return refused('account_parent_differs', { account: id, parent: parent ?? '' });
    await this.list();
    const account = this.find(id);
    assert(account, 'an account that was added exists');
    if (said === 'added') return { account, added: true };
    const isFixed = account.asset === asset && account.type === type && account.floor === floor;
    const isSame = isFixed && ((account.name === name && account.parent === parent) || (await this.#wasFirst(wanted)));
    return isSame ? { account, added: false } : refused('account_exists', { account: id });
  }

  /**
   * Renames an account or gives it another parent, and records it in the audit. Refusals: account_invalid, account_not_found,
   * account_parent_unknown, account_parent_differs, account_cycle. Throws LedgerUnavailable.
   */
  async change(id: string, { name, parent }: AccountChange): Promise<ChartAccount | ChartRefusal> {
    if (name === undefined && parent === undefined) return refused('account_invalid', { said: 'Send a name, a parent, or both.' });
    const mistake = name === undefined ? null : assetNameMistake(name);
    if (mistake !== null) return refused('account_invalid', { said: mistake });
    if (accountIdMistake(id) !== null) return refused('account_not_found', { account: id });
    const text = 'select ledger.change_chart_account($1, $2, $3, $4, $5, $6) as said';
    const said = await this.#ask(text, [id, name ?? null, parent !== undefined, parent ?? null, ...changing()]);
    const facts = { account: id, parent: parent ?? '' };
    if (said === 'not_found') return refused('account_not_found', { account: id });
    if (said === 'parent_unknown') return refused('account_parent_unknown', { parent: parent ?? '' });
    if (said === 'parent_differs') return refused('account_parent_differs', facts);
    if (said === 'cycle') return refused('account_cycle', facts);
    await this.list();
    const account = this.find(id);
    assert(account, 'an account that was changed exists');
    return account;
  }

  /** How many definitions there are: grows with each change. */
  async changes(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>({
      name: 'chart_changes',
      text: 'select count(*) from ledger.chart_version',
    });
    return rows[0]?.count ?? 0;
  }

  async #ask(text: string, values: unknown[]): Promise<string> {
    const { rows } = await orUnknown(() => this.#pool.query<{ said: string }>(text, values));
    assert(rows[0], 'the function returns a word');
    return rows[0].said;
  }

  /** A retry of the request after a change is still the same request. */
  async #wasFirst({ id, name, parent }: NewAccount): Promise<boolean> {
    const text = 'select from ledger.chart_version where account = $1 and version = 1 and name = $2 and parent is not distinct from $3';
    return (await this.#pool.query(text, [id, name, parent])).rowCount === 1;
  }
}

/** The actor and the request of a change, for the audit. */
function changing(): [string, string | undefined] {
  const request = currentRequest();
  return [request?.actor ?? 'coffer', request?.requestId];
}

function refused(code: (typeof chartRefusalCodes)[number], facts: Readonly<Record<string, string>>): ChartRefusal {
  return { refusal: { code, facts } };
}
