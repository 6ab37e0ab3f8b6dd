// A worker in a separate process that kills itself when a request, or a transfer in steps, reaches a given point, or runs
// until it is killed.
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import type { PayoutConfig } from '../../packages/coffer/src/requests/settings.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import { startRequestRunner } from '../../packages/coffer/src/requests/index.ts';

const [url = '', payout = '', point = ''] = process.argv.slice(2);

const log = createLog({ level: 'error', pretty: true });
const opened = await openLedger({ url, log });
const stages: Record<string, readonly [before: string, after: string]> = {
  transfer_debit: ['', 'debited'],
  transfer_credit: ['crediting', 'credited'],
  transfer_complete: ['ending', 'ended'],
  transfer_return: ['ending', 'ended'],
};
const dieAt = (reached: string) => {
  if (reached !== '' && reached === point) process.kill(process.pid, 'SIGKILL');
};
const ledger: Ledger = {
  ...opened,
  ready: true,
  post: async (operation, book) => {
    const [before, after] = stages[operation.kind] ?? ['', ''];
    const answer = opened.post(operation, book);
    // Sent but not answered.
    if (before !== '') setImmediate(() => dieAt(before));
    const outcome = await answer;
    dieAt(after);
    return outcome;
  },
};
const [asset] = ledger.assets.all;
if (!asset) throw new Error('the migrations bring assets');
startRequestRunner({
  url,
  log,
  ledger,
  commands: createCommands({ ledger, defaultAsset: asset }),
  payout: JSON.parse(payout) as PayoutConfig,
  call: callOut,
  pollMs: 50,
  retryMs: 20,
  leaseMs: 1_000,
  concurrency: 8,
  reached: (reached, { status, asked }) => dieAt(`${status === 'paying' && asked ? 'asked' : status} ${reached}`),
});
