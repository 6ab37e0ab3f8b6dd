/** Resolves the sides of a transfer: wallets, accounts of the chart, and built-in accounts. */
import { isSystemKind, namedId } from '../ledger/index.ts';
import type { AccountRef, Asset, Assets, Chart } from '../ledger/index.ts';

/** One side, as a caller names it. */
export type Party = { readonly wallet: string } | { readonly account: string };

export class KnownAccounts {
  readonly #chart: Chart;
  readonly #assets: Assets;

  constructor(chart: Chart, assets: Assets) {
    this.#chart = chart;
    this.#assets = assets;
  }

  /** Looks up the accounts that requests name and this process does not know yet; null, without waiting, when it knows them. */
  learn(requests: readonly object[]): Promise<unknown> | null {
    const named: string[] = [];
    for (const request of requests) {
      if (!('parties' in request)) continue;
      for (const party of request.parties as readonly Party[])
        if ('account' in party && !isSystemKind(party.account)) named.push(party.account);
    }
    return this.#chart.learn(named);
  }

  /** Null: there is no such account. One with a floor is in one book, as a wallet is. */
  refOf(party: Party): AccountRef | null {
    if ('wallet' in party) return party;
    const { account } = party;
    if (isSystemKind(account)) return { system: account };
    const found = this.#chart.find(account);
    if (!found) return null;
    return found.floor === null ? { named: namedId(account) } : { wallet: namedId(account) };
  }

  /** The asset of an account of the chart; undefined for any other side. */
  assetOf(party: Party): Asset | undefined {
    const found = 'account' in party ? this.#chart.find(party.account) : undefined;
    return found && this.#assets.get(found.asset);
  }
}
