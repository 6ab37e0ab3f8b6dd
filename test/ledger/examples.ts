/** Requests on which the ledger and the model once differed, or nearly did. Property tests replay them before anything random. */
import type { AccountRef, Operation, TransferOperation } from '../../packages/coffer/src/ledger/index.ts';
import { samples } from '../support/kinds.ts';
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
const between = (debit: AccountRef, credit: AccountRef, key: string, amount: bigint): Operation => ({
  kind: 'transfer',
  key,
  debit,
  credit,
  amount,
});
const openGold = (wallet: string, key: string, asset = 1): Operation => ({ kind: 'open', key, wallet, opens: { ...walletOfGold, asset } });

type Asked = readonly Operation[];

const asked: readonly (readonly Asked[])[] = [
  // In a group, a key whose content differs only in the asset is the reason of the refusal, not a replay of the first posting.
  [[deposit('a', 'k', 5n)], [deposit('a', 'k', 5n, 2), deposit('b', 'other', 1n)]],
  // The first deposit opens the wallet and fails with its group, so the wallet never existed.
  [[deposit('a', 'k', 5n), withdrawal('a', 'w', 6n)], [withdrawal('a', 'w', 1n)], [deposit('a', 'k', 5n)]],
  // One key twice in one group, once with different content.
  [[deposit('a', 'k', 5n), deposit('a', 'k', 5n)], [deposit('a', 'k2', 1n), deposit('a', 'k2', 2n)], [deposit('a', 'k2', 2n)]],
  // A refused group that is sent again gets the same refusal again.
  [[deposit('a', 'k', 5n)], [withdrawal('a', 'x', 3n), withdrawal('a', 'y', 3n)], [withdrawal('a', 'x', 3n), withdrawal('a', 'y', 3n)]],
  // Accounts of the chart: without a floor, with one, in steps, and one that does not exist.
  [
    [deposit('a', 'funds', 100n)],
    [between({ wallet: 'a' }, { named: '@fees:card' }, 'fee', 5n)],
    [between({ named: '@fees:card' }, { wallet: 'a' }, 'back', 7n)],
    [between({ named: '@fees:card' }, { wallet: 'a' }, 'back', 7n)],
    [between({ wallet: 'a' }, { named: '@none' }, 'none', 5n)],
    [between({ wallet: '@liability:budget' }, { wallet: 'a' }, 'budget', 26n)],
    [{ kind: 'transfer_debit', key: 'early', wallet: '@liability:budget', to: 'a', amount: 26n }],
    [between({ wallet: '@liability:budget' }, { wallet: 'a' }, 'budget', 25n)],
    [between({ wallet: '@liability:budget' }, { wallet: 'a' }, 'spent', 1n)],
    [{ kind: 'transfer_debit', key: 'late', wallet: '@liability:budget', to: 'a', amount: 1n }],
    [between({ named: '@fees:card' }, { named: '@equity:two' }, 'other asset', 1n)],
    [{ kind: 'transfer_debit', key: 'steps', wallet: '@expense:promo', to: 'a', amount: 1n, asset: 1 }],
  ],
  // Each refusal, so that none depends on chance.
  [
    [deposit('a', 'full', 10n ** 38n - 1n)],
    [deposit('a', 'one more', 1n)],
    [deposit('a', 'full', 2n)],
    [deposit('a', 'nothing', 0n)],
    [openGold('b', 'open')],
    [openGold('b', 'again')],
    [openGold('c', 'unknown asset', 99)],
    [openGold('c', 'retired asset', 3)],
    [openGold('d', 'other asset', 2)],
    [transfer('a', 'a', 'to itself', 1n)],
    [transfer('nobody', 'a', 'from nobody', 1n)],
    [transfer('a', 'nobody', 'to nobody', 1n)],
    [transfer('a', 'd', 'across assets', 1n)],
    [transfer('a', 'b', 'stale', 1n, { expectedVersion: 7 })],
    [{ ...transfer('a', 'b', 'alone', 1n), actor: 'user:1', approver: 'operator:1' }],
    [transfer('b', 'a', 'poor', 1n)],
    [transfer('a', 'b', 'fine', 1n), transfer('b', 'd', 'not fine', 1n)],
    [deposit('a', 'full', 10n ** 38n - 1n)],
  ],
];

const from = (wallet: string, key: string, amount: bigint, more: Partial<TransferOperation> = {}): TransferOperation => ({
  kind: 'transfer',
  key,
  debit: { wallet },
  credit: { wallet: 'b' },
  amount,
  ...more,
});
const hold = (key: string, amount: bigint, expiresInSeconds: number): Operation => ({
  kind: 'hold',
  key,
  wallet: 'a',
  amount,
  expiresInSeconds,
});
const part = { wallet: 'a', hold: 99 } as const;
const capture = (key: string, amount: bigint): Operation => ({ kind: 'capture', key, ...part, credit: { wallet: 'b' }, amount });
const release = (key: string, amount: bigint): Operation => ({ kind: 'release', key, ...part, amount, upTo: true });
const expire: Operation = { kind: 'expire', key: null, ...part };
const decided = { reason: 'because', actor: 'operator:1' } as const;
const reversal = (key: string, amount: bigint): Operation => ({
  kind: 'reversal',
  key,
  initiator: 'a',
  reverses: 9_999,
  amount,
  ...decided,
});
const controlled = { wallet: 'a', ...decided } as const;
const limit = (key: string, perTransfer: bigint | null): Operation => ({
  kind: 'limit',
  key,
  ...controlled,
  limits: perTransfer === null ? null : { perTransfer, perDay: null, perMonth: null },
});

/** `pick`: counts back from the newest hold or posting. */
const alone = (operation: Operation, pick: number | null = null, laterMs = 0): Request => ({ wishes: [{ operation, pick }], laterMs });

/** Each refusal that holds, reversals and controls can meet, and each kind of entry. */
const walkthrough: readonly Request[] = [
  alone(deposit('a', 'first', 100n)),
  alone(deposit('b', 'first', 10n)),
  alone(hold('hold', 50n, 60)),
  alone(reversal('of a hold', 1n), 0),
  alone(expire, 0),
  alone(capture('too much', 60n), 0),
  alone(capture('a part', 20n), 0),
  alone(reversal('of the capture', 5n), 0),
  alone(release('the rest', 100n), 0),
  alone(capture('resolved', 1n), 0),
  alone(capture('of nothing', 1n)),
  alone(hold('short', 10n, 1)),
  alone(capture('late', 1n), 0, 1_000),
  alone(expire, 0),
  alone(expire, 0),
  alone(reversal('of nothing', 1n)),
  alone(from('a', 'there', 10n)),
  alone(reversal('more than it was', 11n), 0),
  alone(reversal('and back', 10n), 0),
  alone(reversal('of a reversal', 1n), 0),
  alone(reversal('again', 1n), 1),
  alone(limit('limit', 5n)),
  alone(limit('the same limit', 5n)),
  alone(from('a', 'over the limit', 6n)),
  alone(from('a', 'below the minimum', 1n, { minimumBalance: 1_000n })),
  alone(limit('no limit', null)),
  alone({ kind: 'freeze', key: 'freeze', ...controlled, sides: 'debits' }),
  alone(from('a', 'frozen', 1n)),
  alone({ kind: 'unfreeze', key: 'unfreeze', ...controlled, sides: 'both' }),
  alone({ kind: 'close', key: 'not empty', ...controlled, sides: 'both' }),
  alone({ kind: 'credit_line', key: 'a line', ...controlled, floor: -50n }),
  alone(from('a', 'on credit', 999n, { upTo: true })),
  alone({ kind: 'credit_line', key: 'no line', ...controlled, floor: 0n }),
  alone(deposit('a', 'paid back', 60n)),
  alone({ kind: 'close', key: 'swept', ...controlled, sides: 'both', sweepTo: { wallet: 'b' } }),
  alone(from('a', 'closed', 1n)),
  alone(deposit('elsewhere', 'other book', 1n)),
  alone(openGold('c', 'c')),
  ...samples('b', 'c').map((operation) => alone(operation)),
];

const debited = (key: string, amount: bigint): Operation => ({ kind: 'transfer_debit', key, wallet: 'a', to: 'far', amount });
const credited = (seq: number): Operation => {
  const transfer = `2-${seq}`;
  return { kind: 'transfer_credit', key: `\u0001transfer/${transfer}`, to: 'a', asset: 1, amount: 3n, transfer, from: 'far' };
};

/** Keys that were used before, of operations whose refusal is not written, so that the log's unique index does not notice them. */
const usedBefore: readonly (readonly Request[])[] = [
  [
    alone(deposit('a', 'k', 9n)),
    alone(deposit('b', 'k', 9n)),
    alone({ ...transfer('a', 'b', 'moved', 1n), actor: 'user:1' }),
    alone({ ...transfer('a', 'b', 'moved', 1n), actor: 'user:1', approver: 'operator:2' }),
    alone({ ...transfer('a', 'b', 'moved', 1n), actor: 'user:1', approver: 'operator:1' }),
    alone({ ...transfer('a', 'b', 'moved', 2n), actor: 'user:1', approver: 'operator:1' }),
  ],
  [alone({ ...credited(1), to: 'nobody' } as Operation), alone({ ...credited(1), to: 'elsewhere' } as Operation)],
];

/** Requests that once halted a book. */
const stopped: readonly (readonly Request[])[] = [
  // The first limit of a wallet in the batch that opens it, and one in the batch that removes the last limit.
  [
    { wishes: [deposit('a', 'k', 9n), limit('l1', 5n), limit('l2', null), limit('l3', 4n), from('a', 't', 5n)].map(exactly), laterMs: 0 },
    {
      wishes: [deposit('a', 'k', 9n), deposit('b', 'k', 1n), limit('m1', 5n), limit('m2', null), limit('m3', 4n)].map(exactly),
      laterMs: 0,
    },
    alone(from('a', 'over', 5n)),
  ],
  // A balance that is swept despite an open hold, with only the credits closed.
  [
    alone(deposit('a', 'k', 9n)),
    alone(hold('h', 5n, 60)),
    alone({ kind: 'close', key: 'c', ...controlled, sides: 'credits', sweepTo: { system: 'fees' } }),
  ],
  // A freeze of a wallet with a minimum balance that it never reached.
  [
    alone({ kind: 'open', key: 'k', wallet: 'a', opens: { owner: null, asset: 1, floor: 5n } }),
    alone({ kind: 'freeze', key: 'f', ...controlled, sides: 'both' }),
    alone({ kind: 'close', key: 'c', ...controlled, sides: 'both' }),
  ],
  // A held total that overflows its column, on a full wallet with the largest credit line.
  [
    alone({
      ...deposit('a', 'k', 10n ** 38n - 1n),
      credit: { wallet: 'a', opens: { ...walletOfGold, floor: -(10n ** 38n) + 1n } },
    } as Operation),
    alone(hold('h1', 10n ** 38n - 1n, 60)),
    alone(hold('h2', 10n ** 38n - 1n, 60)),
  ],
  // The ledger's own operations in a refused group leave no record.
  [
    alone(deposit('a', 'k', 9n)),
    alone(hold('h', 5n, 60)),
    { wishes: [exactly(from('a', 't', 1n)), { operation: expire, pick: 0 }], laterMs: 0 },
  ],
];

const ended = (kind: 'transfer_complete' | 'transfer_return', ends: number): Operation => {
  const common = { key: `\u0001end/${ends}`, asset: 1, ends, from: 'a', to: 'far', decidedBy: '2-1' } as const;
  return kind === 'transfer_complete' ? { kind, ...common } : { kind, ...common, refusal: { code: 'wallet_frozen', facts: {} } };
};

/** What each step of a transfer by saga must not do: the debits are entries 6 and 9. */
const sagas: readonly Request[] = [
  deposit('a', 'k', 50n),
  { kind: 'limit', key: 'l', ...controlled, limits: { perTransfer: null, perDay: 40n, perMonth: null } } as const,
  debited('t1', 30n),
  ended('transfer_return', 6),
  ended('transfer_complete', 6),
  withdrawal('a', 'over', 20n),
  ended('transfer_complete', 9),
  debited('t2', 5n),
  ended('transfer_complete', 9),
  ended('transfer_return', 9),
  { kind: 'freeze', key: 'f', ...controlled, sides: 'both' } as const,
  credited(1),
  debited('t3', 1n),
  { kind: 'unfreeze', key: 'u', ...controlled, sides: 'both' } as const,
  credited(1),
  credited(2),
  debited('t4', 1n),
].map((operation) => alone(operation));

/** A sender who was frozen after the debit gets the money back: the debit is entry 5. */
const returnedToFrozen: readonly Request[] = [
  deposit('a', 'k', 50n),
  debited('t1', 30n),
  { kind: 'freeze', key: 'f', ...controlled, sides: 'both' } as const,
  ended('transfer_return', 5),
].map((operation) => alone(operation));

/** Catches planted bugs that no example above reaches, some of them in the last half second before a hold expires. */
const loopholes: readonly (readonly Request[])[] = [
  [alone(deposit('a', 'k', 100n)), alone({ ...withdrawal('a', 'not theirs', 1n), onlyOwner: 'owner of a' } as Operation)],
  [alone(deposit('a', 'k', 100n)), alone(hold('h', 60n, 60)), alone(withdrawal('a', 'held', 50n))],
  [alone(deposit('a', 'k', 100n)), alone(hold('h', 10n, 60)), alone(expire, 0, 59_500), alone(release('late', 10n), 0, 500)],
  [
    alone(deposit('a', 'k', 100n)),
    alone(deposit('b', 'k', 10n)),
    alone(hold('h', 50n, 60)),
    alone({ ...capture('the last', 20n), final: true } as Operation, 0),
  ],
  // The hold is entry 4 and belongs to another wallet.
  [
    alone(deposit('b', 'k', 10n)),
    alone({ kind: 'hold', key: 'h', wallet: 'b', amount: 5n }),
    alone(deposit('a', 'k', 10n)),
    alone({ ...release('not theirs', 1n), hold: 4 } as Operation),
  ],
  // Twice four of ten leaves two.
  [
    alone(deposit('a', 'k', 100n)),
    alone(deposit('b', 'k', 10n)),
    alone(from('a', 't', 10n)),
    alone(reversal('one', 4n), 0),
    alone(reversal('two', 4n), 1),
    alone(reversal('three', 4n), 2),
  ],
  [
    alone(deposit('a', 'k', 100n)),
    alone(deposit('b', 'k', 10n)),
    alone({ kind: 'limit', key: 'l', ...decided, wallet: 'b', limits: { perTransfer: null, perDay: 10n, perMonth: null } }),
    alone(from('a', 't', 10n)),
    alone(reversal('back', 10n), 0),
    alone(withdrawal('b', 'within the limit', 5n)),
  ],
  [
    alone(deposit('a', 'k', 100n)),
    alone(deposit('b', 'k', 10n)),
    alone(from('a', 't', 10n)),
    alone({ kind: 'freeze', key: 'f', ...controlled, sides: 'both' }),
    alone(deposit('a', 'frozen', 1n)),
    ...[0, 1].map((back) => alone(reversal(`back ${back}`, 1n), back)),
  ],
];

export const examples: readonly (readonly Request[])[] = [
  ...asked.map((all) => all.map((operations) => ({ wishes: operations.map(exactly), laterMs: 0 }))),
  walkthrough,
  ...usedBefore,
  ...stopped,
  sagas,
  returnedToFrozen,
];

/** For rules that receive the time as a parameter, so the speed of the machine does not matter. */
export const pureExamples: readonly (readonly Request[])[] = [...examples, ...loopholes];
