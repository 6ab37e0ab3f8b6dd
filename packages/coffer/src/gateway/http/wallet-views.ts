/** Wallets and their figures, as answers. */
import {
  AmountText,
  amountText,
  AssetBrief,
  limitProperties,
  oneOf,
  orNull,
  Passage,
  presentAsset,
  presentAvailable,
  presentLimits,
  presentPassage,
  presentSides,
  ref,
  sidesProperties,
  strict,
  Timestamp,
  Version,
  WalletId,
} from '../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { SideStatus } from '../../ledger/index.ts';
import { amountNames } from '../../wallets/index.ts';
import type { AmountName, PastWallet, Wallet, WalletStats } from '../../wallets/index.ts';

const UsedLimits = Type.Object(
  { ...limitProperties, usedToday: AmountText, usedThisMonth: AmountText },
  {
    $id: 'UsedLimits',
    ...strict,
    description:
      'the maximum that may leave the wallet, and how much of it is used: withdrawals, spends, outgoing transfers and captures of the current UTC day and month, plus held amounts',
  },
);

export const WalletView = Type.Object(
  {
    walletId: WalletId,
    ownerId: orNull(Type.String({ description: 'user id of the owner; null for a wallet without an owner' })),
    asset: ref(AssetBrief),
    balance: AmountText,
    available: amountText('amount that can be withdrawn now: balance - held + credit limit'),
    held: amountText('amount reserved by open holds'),
    creditLimit: amountText('how far below zero the balance may go'),
    version: Version,
    status: Type.Unsafe<Static<typeof Passage>>({ ...Passage, description: 'the stricter of debits and credits' }),
    ...sidesProperties,
    limits: Type.Optional(ref(UsedLimits)),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    seq: Type.Integer({
      description:
        'the end of the log at the time of the read: the balance includes every operation that was answered with a smaller or equal seq',
    }),
  },
  { $id: 'Wallet', ...strict, description: 'limits is absent for a wallet without limits' },
);

export function presentWallet(wallet: Wallet): Static<typeof WalletView> {
  const { debits, credits, limits } = wallet.controls;
  const used = wallet.used ?? { day: 0n, month: 0n };
  return {
    walletId: wallet.id,
    ownerId: wallet.owner,
    asset: presentAsset(wallet.currency),
    balance: wallet.balance.toString(),
    available: presentAvailable(wallet),
    held: wallet.held.toString(),
    creditLimit: (-(wallet.floor ?? 0n)).toString(),
    version: wallet.version,
    status: presentPassage(stricter(debits, credits)),
    ...presentSides(wallet.controls),
    ...(limits && {
      limits: { ...presentLimits(limits), usedToday: used.day.toString(), usedThisMonth: used.month.toString() },
    }),
    createdAt: wallet.openedAt.toISOString(),
    updatedAt: wallet.updatedAt.toISOString(),
    seq: wallet.asOfSeq,
  };
}

function stricter(one: SideStatus, other: SideStatus): SideStatus {
  if (one === 'closed' || other === 'closed') return 'closed';
  return one === 'frozen' || other === 'frozen' ? 'frozen' : 'open';
}

export const PastBalance = Type.Object(
  {
    walletId: WalletId,
    asset: ref(AssetBrief),
    at: Timestamp,
    by: oneOf('recorded', 'effective'),
    balance: AmountText,
    held: Type.Optional(AmountText),
    version: Type.Optional(Version),
  },
  { $id: 'PastBalance', ...strict, description: 'held and version are present by recorded date only: holds have no effective date' },
);

export function presentPastBalance(
  { id, currency }: Wallet,
  past: PastWallet,
  at: Date,
  by: 'recorded' | 'effective',
): Static<typeof PastBalance> {
  const { balance, held, version } = past;
  return {
    walletId: id,
    asset: presentAsset(currency),
    at: at.toISOString(),
    by,
    balance: balance.toString(),
    ...(held !== null && { held: held.toString() }),
    ...(version !== null && { version }),
  };
}

/** Each figure that sums amounts. */
const amounts = Object.fromEntries(amountNames.map((name) => [name, AmountText])) as Record<AmountName, typeof AmountText>;

export const Stats = Type.Object(
  {
    walletId: WalletId,
    asset: ref(AssetBrief),
    balance: AmountText,
    version: Version,
    ...amounts,
    postings: Type.Integer({ minimum: 0, description: 'number of times that money moved; holds and controls do not count' }),
    lastActivityAt: orNull(Timestamp),
    asOfSeq: Type.Integer({
      minimum: 0,
      description:
        'the end of the log that the figures refer to: they include every operation that was answered with this seq or a smaller one',
    }),
  },
  {
    $id: 'WalletStats',
    ...strict,
    description: 'balance = (deposited + toppedUp + issued + all other incoming) - (withdrawn + spent + all other outgoing)',
  },
);

export function presentStats(stats: WalletStats): Static<typeof Stats> {
  return {
    walletId: stats.wallet.id,
    asset: presentAsset(stats.wallet.currency),
    balance: stats.wallet.balance.toString(),
    version: stats.wallet.version,
    ...(Object.fromEntries(amountNames.map((name) => [name, stats[name].toString()])) as Record<AmountName, string>),
    postings: stats.postings,
    lastActivityAt: stats.lastActivityAt?.toISOString() ?? null,
    asOfSeq: stats.wallet.asOfSeq,
  };
}

export const walletSchemas = [UsedLimits, WalletView, PastBalance, Stats];
