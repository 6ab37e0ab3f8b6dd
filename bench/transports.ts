/** (d) Single transfers over REST and gRPC, the server in one process, the callers in this one. */
import { openLedger } from '../packages/coffer/src/ledger/index.ts';
import { ownedWalletId } from '../packages/coffer/src/wallets/index.ts';
import { newId, silentLog } from '../packages/coffer/src/kernel/index.ts';
import { bareMethod, startBareGrpcProcess } from './bare-grpc.ts';
import { grpcCallsPerSecond } from './load/grpc.ts';
import { httpRequestsPerSecond } from './load/http.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import { nextTransfer, openingBalance, walletCount, walletName } from './workload.ts';
import { openFundedLedger } from './posting.ts';
import { verifyDatabase } from './verified.ts';

const connectionCounts = [64, 256];
const defaultAsset = { id: 3, code: 'USD' };

export async function transportFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  await (await openFundedLedger(databaseUrl)).stop();
  const users = await openUserWallets(databaseUrl);
  const coffer = await startCofferProcess(databaseUrl, home);
  try {
    for (const connections of connectionCounts) {
      const rest = await httpRequestsPerSecond({
        ...coffer,
        port: coffer.http,
        connections,
        seconds,
        next: () => {
          const { from, to, amount, key } = nextTransfer('uniform');
          return {
            method: 'POST',
            path: `/wallet/${walletName(from)}/transfer`,
            body: JSON.stringify({
              toWalletId: walletName(to),
              amount: Number(amount),
              requestId: key,
            }),
          };
        },
      });
      figures.add(`rest-${connections}`, `(d) REST transfers, ${connections} connections`, 'transfers/s', rest);
      const grpc = await grpcCallsPerSecond({
        host: coffer.host,
        port: coffer.wallets,
        connections,
        seconds,
        method: '/wallet.WalletService/CreditWallet',
        next: () => changeWalletRequest(users[Math.floor(Math.random() * users.length)] ?? '', 1 + Math.floor(Math.random() * 100)),
      });
      figures.add(`grpc-${connections}`, `(d) gRPC credits, ${connections} connections`, 'transfers/s', grpc);
      const reads = await httpRequestsPerSecond({
        ...coffer,
        port: coffer.http,
        connections,
        seconds,
        next: () => ({
          method: 'GET',
          path: `/wallet/${walletName(Math.floor(Math.random() * walletCount))}`,
        }),
      });
      figures.add(`rest-reads-${connections}`, `(f) REST balance reads, ${connections} connections`, 'reads/s', reads);
    }
  } finally {
    await coffer.stop();
  }
  await bareFigures(seconds, figures);
  await verifyDatabase(databaseUrl);
}

/** The library without Coffer, under the same load. */
async function bareFigures(seconds: number, figures: Figures): Promise<void> {
  const bare = await startBareGrpcProcess();
  const message = Buffer.alloc(40);
  for (const connections of connectionCounts) {
    const calls = await grpcCallsPerSecond({
      host: '127.0.0.1',
      port: bare.port,
      connections,
      seconds,
      method: bareMethod,
      next: () => message,
    });
    figures.add(`grpc-bare-${connections}`, `(d) the bare gRPC library, ${connections} connections`, 'calls/s', calls);
  }
  await bare.stop();
}

async function openUserWallets(databaseUrl: string): Promise<string[]> {
  const ledger = await openLedger({ url: databaseUrl, log: silentLog() });
  const users = Array.from({ length: walletCount }, newId);
  await Promise.all(
    users.map(async (owner) => {
      const credit = {
        wallet: ownedWalletId(owner, defaultAsset.code),
        opens: { owner, asset: defaultAsset.id, floor: 0n },
      };
      await ledger.post({
        kind: 'deposit',
        key: 'opening balance',
        debit: { system: 'cash_in' },
        credit,
        amount: openingBalance,
      });
    }),
  );
  await ledger.stop();
  return users;
}

/** `{ string user_id = 1; int64 amount = 2; }` in protobuf's wire format, for amounts below 128. */
function changeWalletRequest(userId: string, amount: number): Buffer {
  const message = Buffer.alloc(2 + userId.length + 2);
  message[0] = 0x0a;
  message[1] = userId.length;
  message.write(userId, 2, 'latin1');
  message[2 + userId.length] = 0x10;
  message[3 + userId.length] = amount;
  return message;
}
