/** (j) What the cache of one process is worth: wallet reads over REST with it and without it, alone and beside transfers. */
import { httpRequestsPerSecond } from './load/http.ts';
import { openFundedLedger } from './posting.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import type { CofferProcess } from './server-process.ts';
import { nextTransfer, walletCount, walletName } from './workload.ts';

const connections = 64;
/** One request of ten changes a wallet, so the cache has something to forget. */
const transfersEvery = 10;

export async function cacheFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  await (await openFundedLedger(databaseUrl)).stop();
  for (const [cache, name] of [
    ['on', 'with the cache'],
    ['off', 'without it'],
  ] as const) {
    const coffer = await startCofferProcess(databaseUrl, home, { COFFER_CACHE: cache });
    try {
      const reads = await requestsPerSecond(coffer, seconds, () => read());
      figures.add(`cache-${cache}-reads`, `(j) wallet reads over REST, ${name}`, 'reads/s', reads);
      let sent = 0;
      const mixed = await requestsPerSecond(coffer, seconds, () => (++sent % transfersEvery === 0 ? transfer() : read()));
      figures.add(`cache-${cache}-mixed`, `(j) 9 wallet reads to 1 transfer over REST, ${name}`, 'requests/s', mixed);
    } finally {
      await coffer.stop();
    }
  }
}

async function requestsPerSecond({ host, http }: CofferProcess, seconds: number, next: () => Request): Promise<number> {
  return await httpRequestsPerSecond({ host, port: http, connections, seconds, next });
}

type Request = { method: 'GET' | 'POST'; path: string; body?: string };

function read(): Request {
  return { method: 'GET', path: `/wallet/${walletName(Math.floor(Math.random() * walletCount))}` };
}

function transfer(): Request {
  const { from, to, amount, key } = nextTransfer('uniform');
  const body = JSON.stringify({ toWalletId: walletName(to), amount: Number(amount), requestId: key });
  return { method: 'POST', path: `/wallet/${walletName(from)}/transfer`, body };
}
