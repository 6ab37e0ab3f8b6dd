// A statement of a wallet: every movement with the balance after it, and the balance at a moment in the past. The history comes in pages,
// which "allHistory" reads one after another. The last line checks that the movements add up to the balance.
import { Coffer } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const [jane, shop] = [`jane-${run}`, `shop-${run}`];

await coffer.openWallet({ id: shop });
await coffer.deposit({ walletId: jane, amount: 1_200, key: `salary-${run}`, metadata: { text: 'Salary' } });
const { createdAt: payday } = await coffer.transfer({
  walletId: jane,
  toWalletId: shop,
  amount: 450,
  key: `a-${run}`,
  metadata: { text: 'Shoes' },
});
await new Promise((resolve) => setTimeout(resolve, 5)); // So that the next one has a later moment.
await coffer.withdraw({ walletId: jane, amount: 250, key: `b-${run}`, metadata: { text: 'Cash' } });

let sum = 0n;
const lines: string[] = [];
for await (const { type, direction, amount, balanceAfter, metadata } of coffer.allHistory({ walletId: jane })) {
  const signed = BigInt(amount ?? 0) * (direction === 'in' ? 1n : -1n);
  sum += signed;
  lines.push(`${type.padEnd(12)} ${String(metadata?.['text']).padEnd(8)} ${String(signed).padStart(6)} ${balanceAfter.padStart(6)}`);
}
console.log(lines.toReversed().join('\n')); // The history begins with the newest.

const { balance } = await coffer.getWallet({ walletId: jane });
const then = await coffer.getBalanceAt({ walletId: jane, at: payday });
console.log(`balance after the shoes: ${then.balance}; now: ${balance}; the movements add up: ${sum === BigInt(balance)}`);
