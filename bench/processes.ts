/** (n) The same transfers to one book, through one, two and three processes of the API: one owns the book, the others hand over. */
import { openFundedLedger } from './posting.ts';
import { httpRequestsPerSecond } from './load/http.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import type { CofferProcess } from './server-process.ts';
import { startSlowNetwork } from './slow-network.ts';
import { verifyDatabase } from './verified.ts';
import { nextTransfer, walletName } from './workload.ts';

const connections = 64;
const processCounts = [1, 2, 3];

/** Also with a database that is this many milliseconds away. */
const distancesMs = [2, 10];

export async function processFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  await (await openFundedLedger(databaseUrl)).stop();
  await measure(databaseUrl, home, seconds, processCounts, (count, rate) => {
    const what = `(n) REST transfers, ${connections} connections, ${count} ${count === 1 ? 'process' : 'processes'} on one book`;
    figures.add(`processes-${count}`, what, 'transfers/s', rate);
  });
  for (const distanceMs of distancesMs) {
    const network = await startSlowNetwork(databaseUrl, distanceMs);
    try {
      await measure(network.url, home, seconds, [1, 2], (count, rate) => {
        const what = `(n) the same, ${count} ${count === 1 ? 'process' : 'processes'}, ${distanceMs} ms to the database`;
        figures.add(`processes-${count}-${distanceMs}ms`, what, 'transfers/s', rate);
      });
    } finally {
      await network.stop();
    }
  }
  await verifyDatabase(databaseUrl);
}

async function measure(
  databaseUrl: string,
  home: string,
  seconds: number,
  counts: readonly number[],
  measured: (count: number, rate: number) => void,
): Promise<void> {
  const processes: CofferProcess[] = [];
  try {
    for (const count of counts) {
      processes.push(await startCofferProcess(databaseUrl, home));
      const each = Math.ceil(connections / count);
      const rates = await Promise.all(
        processes.map(({ host, http }) => httpRequestsPerSecond({ host, port: http, connections: each, seconds, next: nextRequest })),
      );
      measured(
        count,
        rates.reduce((sum, rate) => sum + rate, 0),
      );
    }
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
  }
}

function nextRequest(): { method: 'POST'; path: string; body: string } {
  const { from, to, amount, key } = nextTransfer('uniform');
  const body = JSON.stringify({ toWalletId: walletName(to), amount: Number(amount), requestId: key });
  return { method: 'POST', path: `/wallet/${walletName(from)}/transfer`, body };
}
