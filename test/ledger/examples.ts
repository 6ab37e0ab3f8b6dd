/** Requests on which the ledger and the model once differed, or nearly did. Property tests replay them before anything random. */
import type { Operation } from '../../server/ledger/index.ts';
import { exactly } from '../support/operations.ts';
import type { Request } from '../support/operations.ts';

const walletOfGold = { owner: null, asset: 1, floor: 0n };
const deposit = (wallet: string, key: string, amount: bigint, asset?: number): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet, opens: walletOfGold },
  amount,
  ...(asset !== undefined && { asset }),
});
const withdrawal = (wallet: string, key: string, amount: bigint): Operation => ({
  kind: 'withdrawal',
  key,
  debit: { wallet },
  credit: { system: 'cash_out' },
  amount,
});

const transfer = (
  from: string,
  to: string,
  key: string,
  amount: bigint,
  more: { asset?: number; expectedVersion?: number } = {},
): Operation => ({
  kind: 'transfer',
  key,
  debit: { wallet: from },
  credit: { wallet: to },
  amount,
  ...more,
});
const openGold = (wallet: string, key: string, asset = 1): Operation => ({ kind: 'open', key, wallet, opens: { ...walletOfGold, asset } });

type Asked = readonly Operation[];

const asked: readonly (readonly Asked[])[] = [
  // In a group, a key whose content differs only in the asset is the reason of the refusal, not a replay of the first posting.
  [[deposit('a', 'k', 5n)], [deposit('a', 'k', 5n, 2), deposit('b', 'other', 1n)]],
  // The first deposit opens the wallet, fails with its group, and the wallet was never there.
  [[deposit('a', 'k', 5n), withdrawal('a', 'w', 6n)], [withdrawal('a', 'w', 1n)], [deposit('a', 'k', 5n)]],
  // One key twice in one group, once with other content.
  [[deposit('a', 'k', 5n), deposit('a', 'k', 5n)], [deposit('a', 'k2', 1n), deposit('a', 'k2', 2n)], [deposit('a', 'k2', 2n)]],
  // A refused group asked for again is refused again in the same words.
  [[deposit('a', 'k', 5n)], [withdrawal('a', 'x', 3n), withdrawal('a', 'y', 3n)], [withdrawal('a', 'x', 3n), withdrawal('a', 'y', 3n)]],
  // Each refusal, so that none depends on chance.
  [
    [deposit('a', 'full', 10n ** 38n - 1n)],
    [deposit('a', 'one more', 1n)],
    [deposit('a', 'full', 2n)],
    [deposit('a', 'nothing', 0n)],
    [openGold('b', 'open')],
    [openGold('b', 'again')],
    [openGold('c', 'unknown asset', 99)],
    [openGold('d', 'other asset', 2)],
    [transfer('a', 'a', 'to itself', 1n)],
    [transfer('nobody', 'a', 'from nobody', 1n)],
    [transfer('a', 'nobody', 'to nobody', 1n)],
    [transfer('a', 'd', 'across assets', 1n)],
    [transfer('a', 'b', 'stale', 1n, { expectedVersion: 7 })],
    [transfer('b', 'a', 'poor', 1n)],
    [transfer('a', 'b', 'fine', 1n), transfer('b', 'd', 'not fine', 1n)],
    [deposit('a', 'full', 10n ** 38n - 1n)],
  ],
];

export const examples: readonly (readonly Request[])[] = asked.map((all) =>
  all.map((operations) => ({ wishes: operations.map(exactly), laterMs: 0 })),
);
