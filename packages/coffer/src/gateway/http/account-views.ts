/** The chart of accounts, as requests and answers. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { assert } from '../../kernel/index.ts';
import { accountTypes, systemAccounts } from '../../ledger/index.ts';
import type { AccountType, Assets, ChartAccount } from '../../ledger/index.ts';
import {
  AccountId,
  amountText,
  AssetBrief,
  AssetName,
  AssetReference,
  orNull,
  presentAsset,
  ref,
  strict,
  Timestamp,
} from '../../operations/index.ts';
import type { AccountRead } from '../../reports/index.ts';

const TypeName = Type.Unsafe<AccountType>({
  type: 'string',
  enum: [...accountTypes],
  description: 'in which report, and on which side of it, the account is shown; the ledger treats all alike',
});

const Floor = Type.Unsafe<number | string | null>({
  type: ['string', 'integer', 'null'],
  pattern: '^(0|-[1-9][0-9]{0,37})$',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: 0,
  description:
    'the lowest balance that a debit may leave, 0 or less, in minor units. null or absent: no floor, so the account exists in every book and never refuses a debit',
  examples: ['0'],
});

const Parent = Type.Unsafe<string | null>({
  ...AccountId,
  type: ['string', 'null'],
  description: 'an account of the same asset and type, under which reports show it; null: none',
  examples: ['revenue'],
});

/** Fields of a request that adds an account. */
export const accountProperties = {
  id: AccountId,
  asset: AssetReference,
  type: TypeName,
  name: AssetName,
  floor: Type.Optional(Floor),
  parent: Type.Optional(Parent),
};

/** What may change about one. */
export const accountChangeProperties = { name: Type.Optional(AssetName), parent: Type.Optional(Parent) };

export const AccountView = Type.Object(
  {
    id: AccountId,
    asset: Type.Unsafe<Static<typeof AssetBrief> | null>({ anyOf: [ref(AssetBrief), { type: 'null' }] }),
    type: TypeName,
    name: Type.String(),
    floor: orNull(Type.String({ pattern: '^(0|-[0-9]+)$', description: 'in minor units; null: none' })),
    parent: orNull(Type.String()),
    builtIn: Type.Boolean({ description: 'true: an account that the ledger has in every asset, so its asset is null here' }),
  },
  { $id: 'ChartAccount', ...strict },
);

export const AccountBalance = Type.Object(
  {
    ...AccountView.properties,
    asset: ref(AssetBrief),
    at: orNull(Timestamp),
    balance: amountText('credits minus debits, over all books'),
  },
  { $id: 'AccountBalance', ...strict, description: 'at is null for the balance of this moment' },
);

export function presentAccount({ id, asset, type, name, floor, parent }: ChartAccount, assets: Assets): Static<typeof AccountView> {
  const of = presentAsset(assets.get(asset));
  return { id, asset: of, type, name, floor: floor === null ? null : floor.toString(), parent, builtIn: false };
}

export const builtInAccounts: readonly Static<typeof AccountView>[] = systemAccounts.map(({ id, type, name, floor }) => ({
  id,
  asset: null,
  type,
  name,
  floor: floor === null ? null : floor.toString(),
  parent: null,
  builtIn: true,
}));

export function presentAccountBalance(
  { id, account, asset, balance }: AccountRead,
  at: Date | null,
  assets: Assets,
): Static<typeof AccountBalance> {
  const described = account ? presentAccount(account, assets) : builtInAccounts.find((one) => one.id === id);
  assert(described, 'an account that was read is built in, or of the chart');
  return { ...described, asset: presentAsset(asset), at: at && at.toISOString(), balance: balance.toString() };
}

export const accountSchemas = [AccountView, AccountBalance];
