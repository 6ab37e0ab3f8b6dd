// A separate process that posts until it is stopped or killed: to a book that it takes, or to a ledger whose books it owns or hands
// operations to the owner of. It journals each call on standard output.
import fs from 'node:fs';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { startWriter } from './books.ts';
import { toLine } from './history.ts';
import { startLoad } from './load.ts';

const [url = '', book = '', name = '', seed = '', callers = '', pauseMs = '1'] = process.argv.slice(2);

const target = book.startsWith('ledger') ? await openedLedger(Number(book.slice('ledger'.length))) : await startWriter(url, Number(book));
const load = startLoad(target, {
  seed: Number(seed),
  callers: Number(callers),
  name,
  retries: 50,
  pauseMs: Number(pauseMs),
  told: (call, number) => void fs.writeSync(1, toLine(number, call)),
});
process.stdin.once('data', () => void stop());

async function stop(): Promise<void> {
  process.stdin.destroy();
  await load.stop();
  await target.stop();
}

/** `port`: where other processes reach this one. */
async function openedLedger(port: number): Promise<Ledger> {
  return await openLedger({ url: inRole(url, 'writer'), log: silentLog(), peers: { listen: { host: '127.0.0.1', port } } });
}
