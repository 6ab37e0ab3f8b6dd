/** (j) What the cache is worth: the newest fifty entries of a history over REST, with each kind of cache and without one. */
import { redisIsMissing, startRedis } from '../test/support/redis.ts';
import { httpRequestsPerSecond } from './load/http.ts';
import { openFundedLedger, postTransfers } from './posting.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import type { CofferProcess } from './server-process.ts';
import { nextTransferAmong, walletName } from './workload.ts';

const connections = 64;
const wallets = Array.from({ length: 200 }, (_, index) => index);
/** Fifty entries for each wallet: a transfer is one for both of its sides. */
const transfers = (wallets.length * 50) / 2 + 2_000;
/** One request of ten changes two wallets. */
const transfersEvery = 10;

export async function cacheFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  const ledger = await openFundedLedger(databaseUrl);
  await postTransfers(ledger, transfers, wallets);
  await ledger.stop();
  const redis = redisIsMissing ? null : await startRedis();
  const kinds = [
    ['off', 'without a cache', { COFFER_CACHE: 'off' }],
    ['memory', 'cached in memory', {}],
    ...(redis ? [['redis', 'cached in Redis', { REDIS_URL: redis.url }] as const] : []),
  ] as const;
  try {
    for (const [kind, name, environment] of kinds) {
      const coffer = await startCofferProcess(databaseUrl, home, environment);
      try {
        const reads = await requestsPerSecond(coffer, seconds, () => read());
        figures.add(`cache-${kind}-histories`, `(j) histories of 50 over REST, ${name}`, 'reads/s', reads);
        let sent = 0;
        const mixed = await requestsPerSecond(coffer, seconds, () => (++sent % transfersEvery === 0 ? transfer() : read()));
        figures.add(`cache-${kind}-mixed`, `(j) 9 histories to 1 transfer over REST, ${name}`, 'requests/s', mixed);
      } finally {
        await coffer.stop();
      }
    }
  } finally {
    await redis?.stop();
  }
}

async function requestsPerSecond({ host, http }: CofferProcess, seconds: number, next: () => Request): Promise<number> {
  return await httpRequestsPerSecond({ host, port: http, connections, seconds, next });
}

type Request = { method: 'GET' | 'POST'; path: string; body?: string };

function read(): Request {
  return { method: 'GET', path: `/wallet/${walletName(Math.floor(Math.random() * wallets.length))}/history?limit=50` };
}

function transfer(): Request {
  const { from, to, amount, key } = nextTransferAmong(wallets);
  const body = JSON.stringify({ toWalletId: walletName(to), amount: Number(amount), requestId: key });
  return { method: 'POST', path: `/wallet/${walletName(from)}/transfer`, body };
}
