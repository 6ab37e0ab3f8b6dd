/**
 * The demo data: a treasury, Alice and Bob, and an empty wallet to pay to. All balances come from ledger entries, and seeding
 * twice changes nothing.
 */
import type pg from 'pg';
import { demoUsers, seedDemoUsers } from '../identity/index.ts';
import { assert } from '../kernel/index.ts';
import type { Asset, Ledger, Operation } from '../ledger/index.ts';
import { ownedWalletId } from '../wallets/index.ts';

const recipient = 'w2';
const treasuryAmount = 1_000_000n;
const openingAmounts: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
  Alice: { GOLD: 1_000n, POINTS: 0n },
  Bob: { GOLD: 500n, POINTS: 0n },
};

export async function seedDemo(pool: pg.Pool, ledger: Ledger): Promise<void> {
  await seedDemoUsers(pool);
  const assets = ['GOLD', 'POINTS'].map((code) => {
    const asset = ledger.assets.find(code);
    assert(asset, `the migrations create the asset ${code}`);
    return asset;
  });
  for (const book of ledger.books) await post(ledger, treasuryOperations(assets, book, ledger.books.length), book);
  await post(ledger, walletOperations(assets));
  await openRecipient(ledger);
}

/**
 * A recipient for a first transfer: a wallet without an owner, in the asset that a first deposit opens. An existing one is left
 * unchanged.
 */
async function openRecipient(ledger: Ledger): Promise<void> {
  if (await ledger.read.balance(recipient)) return;
  const asset = ledger.assets.find('USD');
  assert(asset, 'the migrations create USD');
  await post(ledger, [{ kind: 'open', key: 'seed', wallet: recipient, opens: { owner: null, asset: asset.id, floor: 0n } }]);
}

async function post(ledger: Ledger, operations: readonly Operation[], book?: number): Promise<void> {
  for (const operation of operations) {
    const outcome = await ledger.post({ ...operation, actor: 'seed' }, book);
    assert(outcome.status === 'posted', `seeding is never refused, but: ${outcome.status === 'refused' && outcome.refusal.code}`);
  }
}

/** Each book has its own treasury; together they hold what a single one would. */
function treasuryOperations(assets: readonly Asset[], book: number, books: number): Operation[] {
  const share = treasuryAmount / BigInt(books);
  const amount = book === 1 ? treasuryAmount - share * BigInt(books - 1) : share;
  return assets.map((asset) => ({
    kind: 'issue',
    key: 'seed',
    debit: { system: 'issuance' },
    credit: { system: 'treasury' },
    amount,
    asset: asset.id,
  }));
}

function walletOperations(assets: readonly Asset[]): Operation[] {
  return demoUsers.flatMap((user) =>
    assets.flatMap((asset): Operation[] => {
      const wallet = ownedWalletId(user.id, asset.code);
      const amount = openingAmounts[user.name]?.[asset.code] ?? 0n;
      const opening: Operation = { kind: 'open', key: 'seed', wallet, opens: { owner: user.id, asset: asset.id, floor: 0n } };
      const funding: Operation = { kind: 'issue', key: 'seed funds', debit: { system: 'issuance' }, credit: { wallet }, amount };
      return amount === 0n ? [opening] : [opening, funding];
    }),
  );
}
