// A separate process that posts the operations from a line of standard input concurrently, and journals the answers.
import fs from 'node:fs';
import readline from 'node:readline';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { startWriter } from './books.ts';
import { postJournalled, readWithBigints, toLine } from './history.ts';
import type { History } from './history.ts';

const [url = '', book = ''] = process.argv.slice(2);

const writer = await startWriter(url, Number(book));
fs.writeSync(1, 'ready\n');
for await (const line of readline.createInterface({ input: process.stdin })) {
  const history: History = [];
  const operations = readWithBigints(line) as Operation[];
  await Promise.all(
    operations.map((operation) => postJournalled(history, writer, operation, (call, number) => void fs.writeSync(1, toLine(number, call)))),
  );
  break;
}
await writer.stop();
process.stdin.destroy();
