/** The demo's data: a treasury, Alice and Bob. Every unit of it is an entry in the ledger, and seeding twice changes nothing. */
import type pg from 'pg';
import { demoUsers, seedDemoUsers } from './identity/index.ts';
import { assert } from './kernel/index.ts';
import type { Ledger, Operation } from './ledger/index.ts';
import { ownedWalletId } from './wallets/index.ts';

const treasuryAmount = 1_000_000n;
const openingAmounts: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
  Alice: { GOLD: 1_000n, POINTS: 0n },
  Bob: { GOLD: 500n, POINTS: 0n },
};

export async function seedDemo(pool: pg.Pool, ledger: Ledger): Promise<void> {
  await seedDemoUsers(pool);
  for (const operation of seedOperations(ledger)) {
    const outcome = await ledger.post(operation);
    assert(outcome.status === 'posted', `seeding is never refused, but: ${outcome.status === 'refused' && outcome.refusal.code}`);
  }
}

function seedOperations(ledger: Ledger): Operation[] {
  const assets = ['GOLD', 'POINTS'].map((code) => {
    const asset = ledger.assets.find(code);
    assert(asset, `the migrations bring the asset ${code}`);
    return asset;
  });
  const treasury = assets.map((asset): Operation => ({
    kind: 'issue',
    key: 'seed',
    debit: { system: 'issuance' },
    credit: { system: 'treasury' },
    amount: treasuryAmount,
    asset: asset.id,
  }));
  const wallets = demoUsers.flatMap((user) =>
    assets.flatMap((asset): Operation[] => {
      const wallet = ownedWalletId(user.id, asset.code);
      const amount = openingAmounts[user.name]?.[asset.code] ?? 0n;
      const opening: Operation = { kind: 'open', key: 'seed', wallet, opens: { owner: user.id, asset: asset.id, floor: 0n } };
      const funding: Operation = { kind: 'issue', key: 'seed funds', debit: { system: 'issuance' }, credit: { wallet }, amount };
      return amount === 0n ? [opening] : [opening, funding];
    }),
  );
  return [...treasury, ...wallets];
}
