// A separate process that posts to a book until it is stopped or killed; it journals each call on standard output.
import fs from 'node:fs';
import { startWriter } from './books.ts';
import { toLine } from './history.ts';
import { startLoad } from './load.ts';

const [url = '', book = '', name = '', seed = '', callers = ''] = process.argv.slice(2);

const writer = await startWriter(url, Number(book));
const load = startLoad(writer, {
  seed: Number(seed),
  callers: Number(callers),
  name,
  retries: 50,
  told: (call, number) => void fs.writeSync(1, toLine(number, call)),
});
process.stdin.once('data', () => void stop());

async function stop(): Promise<void> {
  process.stdin.destroy();
  await load.stop();
  await writer.stop();
}
