// Follows Coffer's events as they happen, and goes on where it was after a restart. COFFER_TOKEN=cof_… npx node docs/examples/live-events.ts
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Coffer } from '../packages/client/src/index.ts'; // In a program of your own: from 'coffer-client'.

const { COFFER_URL: url = 'http://127.0.0.1:3000', COFFER_TOKEN: token, PLACE_FILE: file = 'place.txt' } = process.env;
const coffer = new Coffer({ url, ...(token !== undefined && { token }) });

const told = new AbortController();
process.on('SIGTERM', () => told.abort());
const after = existsSync(file) ? readFileSync(file, 'utf8') : undefined; // At first: from now on.

// Cut off, it comes back to where it was; a Coffer that is away is waited for. A refusal, such as of the token, is thrown.
for await (const event of coffer.liveEvents({ types: ['FundsDeposited', 'FundsWithdrawn'], after, signal: told.signal })) {
  const what = event.type === 'FundsDeposited' ? 'received' : 'paid out';
  console.log(`${event.createdAt} ${event.walletId} ${what} ${event.data.amount}, and has ${event.data.balance}`);
  writeFileSync(file, event.cursor); // In earnest: a row of your database, written in one transaction with what you do.
}
