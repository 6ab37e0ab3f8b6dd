// A gift to several friends at once: all of them get it, or nobody does. An atomic batch is decided as a whole, so a payer who runs out of
// money half way gives nothing, and there is nothing to take back.
import { Coffer, CofferRefused } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const giver = `giver-${run}`;
const friends = ['ann', 'ben', 'cem'].map((name) => `${name}-${run}`);

await coffer.deposit({ walletId: giver, amount: 1_000, key: `funds-${run}` });
for (const id of friends) await coffer.openWallet({ id });

async function give(occasion: string, cents: number): Promise<void> {
  const operations = friends.map((friend) => ({
    type: 'transfer' as const,
    walletId: giver,
    toWalletId: friend,
    amount: cents,
    requestId: `${occasion}-${friend}`,
    metadata: { message: `Happy ${occasion}!` },
  }));
  try {
    const { completed } = await coffer.postBatch({ atomic: true, operations });
    console.log(`${occasion}: ${completed} gifts of ${cents}`);
  } catch (failure) {
    if (!(failure instanceof CofferRefused)) throw failure;
    console.log(`${occasion}: no gift of ${cents} (${failure.code}), and nobody got one`);
  }
}

await give('birthday', 200);
await give('new-year', 300); // For three friends there is not enough left.

for (const walletId of [giver, ...friends]) console.log(walletId.split('-')[0], 'has', (await coffer.getWallet({ walletId })).balance);
