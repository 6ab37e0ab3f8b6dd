// A separate process of a ledger that posts the operations from a line of standard input concurrently, and journals the answers.
import fs from 'node:fs';
import readline from 'node:readline';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { postJournalled, readWithBigints, toLine } from './history.ts';
import type { History } from './history.ts';

const [url = ''] = process.argv.slice(2);

const ledger = await openLedger({ url: inRole(url, 'writer'), log: silentLog() });
fs.writeSync(1, 'ready\n');
for await (const line of readline.createInterface({ input: process.stdin })) {
  const history: History = [];
  const operations = readWithBigints(line) as Operation[];
  await Promise.all(
    operations.map((operation) => postJournalled(history, ledger, operation, (call, number) => void fs.writeSync(1, toLine(number, call)))),
  );
  break;
}
await ledger.stop();
process.stdin.destroy();
