/** (n) The same transfers to one book, through one, two and three processes of the API: one owns the book, the others hand over. */
import { openFundedLedger } from './posting.ts';
import { httpRequestsPerSecond } from './load/http.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import { verifyDatabase } from './verified.ts';
import { nextTransfer, walletName } from './workload.ts';

const connections = 64;
const processCounts = [1, 2, 3];

export async function processFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  await (await openFundedLedger(databaseUrl)).stop();
  const processes = [];
  try {
    for (const count of processCounts) {
      processes.push(await startCofferProcess(databaseUrl, home));
      const rates = await Promise.all(
        processes.map(({ host, http }) =>
          httpRequestsPerSecond({ host, port: http, connections: Math.ceil(connections / count), seconds, next: nextRequest }),
        ),
      );
      const what = `(n) REST transfers, ${connections} connections, ${count} ${count === 1 ? 'process' : 'processes'} on one book`;
      figures.add(
        `processes-${count}`,
        what,
        'transfers/s',
        rates.reduce((sum, rate) => sum + rate, 0),
      );
    }
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
  }
  await verifyDatabase(databaseUrl);
}

function nextRequest(): { method: 'POST'; path: string; body: string } {
  const { from, to, amount, key } = nextTransfer('uniform');
  const body = JSON.stringify({ toWalletId: walletName(to), amount: Number(amount), requestId: key });
  return { method: 'POST', path: `/wallet/${walletName(from)}/transfer`, body };
}
