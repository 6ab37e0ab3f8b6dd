/** The reports, from sums of postings. Balances are credits minus debits; a report shows each account on the normal side of its type. */
import { isSystemKind, namedId, systemAccountId, systemAccounts, walletsName } from '../ledger/index.ts';
import type { AccountTotal, AccountType, Asset, ChartAccount, Period, ReadableLedger } from '../ledger/index.ts';

type Described = { readonly account: string; readonly name: string; readonly type: AccountType; readonly parent: string | null };

/** An account with its balance in the column of its sign; the other column is 0. */
export type TrialLine = Described & { readonly debit: bigint; readonly credit: bigint };

/** `difference`: debit minus credit, which is 0. */
export type TrialBalance = {
  readonly asset: Asset;
  readonly lines: readonly TrialLine[];
  readonly debit: bigint;
  readonly credit: bigint;
  readonly difference: bigint;
};

/** `balance`: of the account alone, on the normal side of its type; `total`: with the accounts below it. */
export type ReportLine = Described & { readonly balance: bigint; readonly total: bigint };
export type ReportSection = { readonly type: AccountType; readonly lines: readonly ReportLine[]; readonly total: bigint };

/** `result`: revenue minus expenses. In a balance sheet, assets are liabilities plus equity plus the result. */
export type AssetReport = { readonly asset: Asset; readonly sections: readonly ReportSection[]; readonly result: bigint };
export type Report = readonly AssetReport[];

const order: readonly AccountType[] = ['asset', 'liability', 'equity', 'revenue', 'expense'];
/** Their balances grow by debits. */
const onDebitSide: ReadonlySet<AccountType> = new Set(['asset', 'expense']);

const builtIn = new Map<string, Omit<Described, 'account'>>([
  ...systemAccounts.map(({ id, name, type }) => [id, { name, type, parent: null }] as const),
  [walletsName, { name: 'All wallets', type: 'liability', parent: null }],
]);

type Line = Described & { readonly asset: number; readonly balance: bigint };

/** There is no such account, or no such asset. */
export type AccountUnknown = {
  readonly refusal: { readonly code: 'account_not_found' | 'asset_unknown'; readonly facts: Readonly<Record<string, string>> };
};

/** An account with its balance over all books. `account`: null for a built-in one. */
export type AccountRead = { readonly id: string; readonly account: ChartAccount | null; readonly asset: Asset; readonly balance: bigint };

export class Reports {
  readonly #ledger: Pick<ReadableLedger, 'assets' | 'chart' | 'totals'>;

  constructor(ledger: Pick<ReadableLedger, 'assets' | 'chart' | 'totals'>) {
    this.#ledger = ledger;
  }

  /**
   * An account of the chart, or a built-in one in an asset, with what was recorded by a moment; null: now. Refusals: account_not_found,
   * asset_unknown.
   */
  async account(id: string, asset: string | number, at: Date | null): Promise<AccountRead | AccountUnknown> {
    const { assets, chart, totals } = this.#ledger;
    if (isSystemKind(id)) {
      await assets.learn([asset]);
      const found = assets.find(asset);
      if (!found) return { refusal: { code: 'asset_unknown', facts: { asset: String(asset) } } };
      return { id, account: null, asset: found, balance: await totals.balanceOf(systemAccountId(id, found.id), at) };
    }
    await chart.learn([id]);
    const account = chart.find(id);
    if (!account) return { refusal: { code: 'account_not_found', facts: { account: id } } };
    return { id, account, asset: assets.get(account.asset), balance: await totals.balanceOf(namedId(id), at) };
  }

  /** Of everything recorded by a moment; null: now. */
  async trialBalance(at: Date | null): Promise<TrialBalance[]> {
    return this.#byAsset(await this.#lines(upTo(at))).map(([asset, all]) => {
      const lines = all.map(({ account, name, type, parent, balance }) => {
        return { account, name, type, parent, debit: balance < 0n ? -balance : 0n, credit: balance > 0n ? balance : 0n };
      });
      const [debit, credit] = [sum(lines.map((line) => line.debit)), sum(lines.map((line) => line.credit))];
      return { asset, lines, debit, credit, difference: debit - credit };
    });
  }

  /** Of everything recorded by a moment; null: now. */
  async balanceSheet(at: Date | null): Promise<Report> {
    return await this.#report(upTo(at), ['asset', 'liability', 'equity']);
  }

  async income(period: Period): Promise<Report> {
    return await this.#report(period, ['revenue', 'expense']);
  }

  async #report(period: Period, types: readonly AccountType[]): Promise<Report> {
    const all = await this.#lines(period);
    return this.#byAsset(all).map(([asset, lines]) => ({
      asset,
      sections: types.map((type) => sectionOf(type, lines)),
      result: sum(lines.filter(({ type }) => type === 'revenue' || type === 'expense').map(({ balance }) => balance)),
    }));
  }

  /** With the accounts of the chart that have not moved. */
  async #lines(period: Period): Promise<Line[]> {
    const { assets, chart, totals } = this.#ledger;
    const moved = await totals.within(period);
    const own = await chart.list();
    await assets.learn(moved.map(({ asset }) => asset));
    const found = new Map(moved.map((total) => [`${total.account}/${total.asset}`, total]));
    const charted = own.map(({ id, asset, name, type, parent }) => {
      return { account: id, name, type, parent, asset, balance: found.get(`${id}/${asset}`)?.balance ?? 0n };
    });
    return [...moved.flatMap(builtInLine), ...charted];
  }

  /** By number of the asset, each with its lines in the order of types and ids. */
  #byAsset(lines: readonly Line[]): [Asset, Line[]][] {
    const sorted = lines.toSorted(
      (a, b) => a.asset - b.asset || order.indexOf(a.type) - order.indexOf(b.type) || (a.account < b.account ? -1 : 1),
    );
    return [...Map.groupBy(sorted, ({ asset }) => asset)].map(([number, own]) => [this.#ledger.assets.get(number), own]);
  }
}

/** The log counts milliseconds. */
function upTo(at: Date | null): Period {
  return { since: null, until: at && new Date(at.getTime() + 1) };
}

function builtInLine({ account, asset, balance }: AccountTotal): Line[] {
  const described = builtIn.get(account);
  return described ? [{ account, ...described, asset, balance }] : [];
}

function sectionOf(type: AccountType, all: readonly Line[]): ReportSection {
  const sign = onDebitSide.has(type) ? -1n : 1n;
  const own = all.filter((line) => line.type === type);
  const below = new Map<string, bigint>();
  const parents = new Map(own.map(({ account, parent }) => [account, parent]));
  for (const { account, balance } of own) {
    let at: string | null = account;
    while (at !== null) {
      below.set(at, (below.get(at) ?? 0n) + sign * balance);
      at = parents.get(at) ?? null;
    }
  }
  const lines = own.map(({ account, name, parent, balance }) => {
    return { account, name, type, parent, balance: sign * balance, total: below.get(account) ?? 0n };
  });
  return { type, lines, total: sum(lines.map(({ balance }) => balance)) };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
