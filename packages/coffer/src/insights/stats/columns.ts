/** The columns of insights.wallet_stats that are sums, by their names in the API. */
import { amountNames } from '../../wallets/index.ts';
import type { AmountName } from '../../wallets/index.ts';

export const amountColumns = Object.fromEntries(
  amountNames.map((name) => [name, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
) as Readonly<Record<AmountName, string>>;
