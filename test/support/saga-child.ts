// A separate process that transfers between books until it is killed, or kills itself at a named point of a transfer.
import fs from 'node:fs';
import type { Ledger, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { openBooks, walletsOn } from './sagas.ts';
import { randomFrom } from './seed.ts';

const [url = '', books = '', seed = '', life = '', point = '', wallets = ''] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const names = wallets.split(',');
const opened = await openBooks(url, Number(books));
// Some transfers get through before the one that does not.
let untilTheEnd = 5 + Math.floor(random() * 20);

const stages: Record<string, readonly [before: string, after: string]> = {
  transfer_debit: ['', 'debited'],
  transfer_credit: ['crediting', 'credited'],
  transfer_complete: ['ending', 'ended'],
  transfer_return: ['ending', 'ended'],
};

const ledger: Ledger = {
  ...opened,
  ready: true,
  post: async (operation, book): Promise<Outcome> => {
    const [before, after] = stages[operation.kind] ?? ['', ''];
    const answer = opened.post(operation, book);
    if (before !== '' && before === point && untilTheEnd-- <= 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), random() * 3);
    const outcome = await answer;
    if (after !== '' && after === point && untilTheEnd-- <= 0) process.kill(process.pid, 'SIGKILL');
    return outcome;
  },
};
const { commands } = walletsOn(ledger);

const name = () => names[Math.floor(random() * names.length)] ?? '';
async function caller(number: number): Promise<void> {
  for (let count = 0; ; count++) {
    const [from, to] = [name(), name()];
    const key = `${life}-${number}-${count}`;
    const amount = 1n + BigInt(Math.floor(random() * 20));
    fs.writeSync(1, `${JSON.stringify({ from, to, key, amount: String(amount) })}\n`);
    const outcome = await commands.transfer({ from, to, key, amount, mode: 'saga' });
    const refusal = outcome.status === 'refused' ? outcome.refusal.code : null;
    fs.writeSync(
      1,
      `${JSON.stringify({ key, from, status: outcome.status, seq: outcome.seq, refusal, saga: outcome.saga?.status ?? null })}\n`,
    );
  }
}
await Promise.all(Array.from({ length: 8 }, (_, number) => caller(number)));
