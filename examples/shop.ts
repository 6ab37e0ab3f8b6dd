// A shop that is paid from wallets. The order's number makes the idempotency key, so an order that is sent twice (a double click, a lost
// answer, a restart) is paid once. A customer who cannot pay gets a reason that the shop can act on, and a return is a reversal of the
// payment, not a second transfer: the log then says which payment was undone.
import { Coffer, CofferRefused } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const [jane, shop] = [`jane-${run}`, `shop-${run}`];

await coffer.deposit({ walletId: jane, amount: 5_000, key: `salary-${run}` });
await coffer.openWallet({ id: shop });

async function pay(order: { number: string; customer: string; cents: number }) {
  const { number, customer, cents } = order;
  try {
    const paid = await coffer.transfer({
      walletId: customer,
      toWalletId: shop,
      amount: cents,
      key: `order-${number}-${run}`,
      metadata: { order: number },
    });
    console.log(`order ${number}: ${paid.replayed ? 'was already paid' : 'paid'}, ${customer} has ${paid.balance} left`);
    return paid;
  } catch (failure) {
    // Anything else, such as an outage, is not an answer: the order stays open and is sent again with the same key.
    if (!(failure instanceof CofferRefused)) throw failure;
    console.log(`order ${number}: refused (${failure.code}), available: ${failure.facts['available'] ?? 'unknown'}`);
    return undefined;
  }
}

const first = await pay({ number: '17', customer: jane, cents: 1_990 });
await pay({ number: '17', customer: jane, cents: 1_990 }); // The customer clicked twice.
await pay({ number: '18', customer: jane, cents: 9_900 });

if (first) {
  const returned = await coffer.reverseOperation({ operationId: first.operationId, reason: 'returned', key: `return-17-${run}` });
  console.log(`order 17: returned (${returned.operationId}), the shop has ${(await coffer.getWallet({ walletId: shop })).balance}`);
}
