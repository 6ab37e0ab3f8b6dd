// A marketplace that splits a payment between seller, platform and tax. The shares are computed in whole cents, the remainder goes to the
// seller, and the three transfers are one atomic batch: the buyer never pays a part. Each share has a key of its own, so the batch can be sent
// again after a lost answer.
import { Coffer } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const wallets = { buyer: `buyer-${run}`, seller: `seller-${run}`, platform: `platform-${run}`, tax: `tax-${run}` };

await coffer.deposit({ walletId: wallets.buyer, amount: 20_000, key: `funds-${run}` });
for (const id of [wallets.seller, wallets.platform, wallets.tax]) await coffer.openWallet({ id });

/** Of a price in cents: 7.5 % for the platform and 2 % tax, each rounded down; all of it is distributed. */
function split(cents: bigint): { readonly seller: bigint; readonly platform: bigint; readonly tax: bigint } {
  const platform = (cents * 75n) / 1_000n;
  const tax = (cents * 20n) / 1_000n;
  return { seller: cents - platform - tax, platform, tax };
}

async function settle(sale: string, cents: bigint): Promise<void> {
  const shares = split(cents);
  const { results } = await coffer.postBatch({
    atomic: true,
    operations: (['seller', 'platform', 'tax'] as const).map((share) => ({
      type: 'transfer' as const,
      walletId: wallets.buyer,
      toWalletId: wallets[share],
      amount: shares[share],
      requestId: `${sale}-${share}-${run}`,
      metadata: { sale, share },
    })),
  });
  const again = results.every(({ replayed }) => replayed) ? ' (was settled before)' : '';
  console.log(`${sale}: ${cents} = ${shares.seller} seller + ${shares.platform} platform + ${shares.tax} tax${again}`);
}

await settle('sale-1', 9_999n);
await settle('sale-1', 9_999n); // After a restart that did not know whether it was settled.
for (const [name, walletId] of Object.entries(wallets)) console.log(name, 'has', (await coffer.getWallet({ walletId })).balance);
