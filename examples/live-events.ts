// Live balances: follows deposits and withdrawals as they happen and prints the balance of each wallet. After a restart it continues where it
// stopped, because it keeps the cursor of the last event. It runs until SIGTERM. COFFER_TOKEN=cof_… npm run example examples/live-events.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Coffer } from 'coffer-client';

const { COFFER_URL: url = 'http://127.0.0.1:3000', COFFER_TOKEN: token, PLACE_FILE: file = 'place.txt' } = process.env;
const coffer = new Coffer({ url, ...(token !== undefined && { token }) });

const told = new AbortController();
process.on('SIGTERM', () => told.abort());
const after = existsSync(file) ? readFileSync(file, 'utf8') : undefined; // At first: from now on.

// A lost connection is taken up again at the same cursor, also after an outage. A refusal, such as of the token, is thrown.
for await (const event of coffer.liveEvents({ types: ['FundsDeposited', 'FundsWithdrawn'], after, signal: told.signal })) {
  const what = event.type === 'FundsDeposited' ? 'received' : 'paid out';
  console.log(`${event.createdAt} ${event.walletId} ${what} ${event.data.amount}, and has ${event.data.balance}`);
  writeFileSync(file, event.cursor); // In production: a row of your database, written in one transaction with what you do.
}
