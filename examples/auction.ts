// An auction. A bid holds its amount: the bidder still owns it, but cannot spend it elsewhere. A higher bid releases the one before, and at
// the end the winner's hold is captured to the seller. A hold that is forgotten expires, so that a crash of this program locks no money.
import { Coffer, CofferRefused } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const seller = `seller-${run}`;
await coffer.openWallet({ id: seller });
for (const [name, amount] of [
  ['ann', 500],
  ['ben', 800],
  ['cem', 100],
] as const)
  await coffer.deposit({ walletId: `${name}-${run}`, amount, key: `funds-${name}-${run}` });

let highest: { holdId: string; bidder: string; cents: number } | undefined;

async function bid(bidder: string, cents: number): Promise<void> {
  if (highest && cents <= highest.cents) return console.log(`${bidder} bids ${cents}: too low`);
  try {
    const key = `bid-${bidder}-${cents}-${run}`;
    const { holdId, available } = await coffer.authorizeHold({ walletId: `${bidder}-${run}`, amount: cents, expiresInSeconds: 3_600, key });
    if (highest) await coffer.releaseHold({ holdId: highest.holdId, key: `outbid-${highest.holdId}` });
    highest = { holdId, bidder, cents };
    console.log(`${bidder} bids ${cents}: highest, ${available} available for other bids`);
  } catch (failure) {
    if (!(failure instanceof CofferRefused)) throw failure;
    console.log(`${bidder} bids ${cents}: refused (${failure.code})`);
  }
}

await bid('ann', 200);
await bid('cem', 300); // More than cem has.
await bid('ben', 350);
await bid('ann', 350);
await bid('ann', 400);

if (highest) {
  await coffer.captureHold({ holdId: highest.holdId, toWalletId: seller, key: `sold-${run}` });
  console.log(`sold to ${highest.bidder} for ${highest.cents}`);
}
for (const walletId of [`ann-${run}`, `ben-${run}`, seller]) {
  const { balance, held } = await coffer.getWallet({ walletId });
  console.log(`${walletId.split('-')[0]} has ${balance}, of which ${held} are held`);
}
