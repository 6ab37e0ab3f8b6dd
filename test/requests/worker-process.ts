// A worker in a process of its own that kills itself when the work on a request has come to a point, or works until it is killed.
import { createLog } from '../../server/kernel/index.ts';
import type { PayoutConfig } from '../../server/kernel/index.ts';
import { openLedger } from '../../server/ledger/index.ts';
import { callOut } from '../../server/outbound/index.ts';
import { startRequestRunner } from '../../server/requests/index.ts';
import { WalletCommands } from '../../server/wallets/index.ts';

const [url = '', payout = '', point = ''] = process.argv.slice(2);

const log = createLog({ level: 'error', pretty: true });
const ledger = await openLedger({ url, log });
const [asset] = ledger.assets.all;
if (!asset) throw new Error('the migrations bring assets');
startRequestRunner({
  url,
  log,
  ledger,
  commands: new WalletCommands(ledger, asset),
  payout: JSON.parse(payout) as PayoutConfig,
  call: callOut,
  pollMs: 50,
  retryMs: 20,
  leaseMs: 1_000,
  concurrency: 8,
  reached: (reached, { status }) => {
    if (`${status} ${reached}` === point) process.kill(process.pid, 'SIGKILL');
  },
});
