/** (i) Bulk: batches over REST and a gRPC stream, each request with a hundred transfers, compared with posting in process. */
import { grpcStreamOperationsPerSecond } from './load/grpc-stream.ts';
import { httpRequestsPerSecond } from './load/http.ts';
import { openFundedLedger, postingsPerSecond } from './posting.ts';
import type { Figures } from './report.ts';
import { startCofferProcess } from './server-process.ts';
import { verifyDatabase } from './verified.ts';
import { nextTransfer, walletName } from './workload.ts';

const operationsPerRequest = 100;
/** A thousand operations and more in flight, as with every way to post at full speed. */
const connections = 12;
const streams = 4;
const requestsInFlight = 3;

export async function bulkFigures(databaseUrl: string, home: string, seconds: number, figures: Figures): Promise<void> {
  const ledger = await openFundedLedger(databaseUrl);
  figures.add('bulk-posting', '(i) posting in process, 500 in flight', 'transfers/s', await postingsPerSecond(ledger, 'uniform', seconds));
  await ledger.stop();

  const coffer = await startCofferProcess(databaseUrl, home);
  try {
    const batches = await httpRequestsPerSecond({
      ...coffer,
      port: coffer.http,
      connections,
      seconds,
      next: () => ({ method: 'POST', path: '/operations/batch', body: JSON.stringify({ operations: nextMany(restOperation) }) }),
      check: (body) => body.includes('"refused":0,'),
    });
    figures.add('rest-batch', '(i) REST batches of 100, 12 connections', 'transfers/s', batches * operationsPerRequest);
    const streamed = await grpcStreamOperationsPerSecond({
      host: coffer.host,
      port: coffer.wallets,
      streams,
      inFlight: requestsInFlight,
      seconds,
      method: '/ledger.LedgerService/PostStream',
      next: () => Buffer.concat(nextMany(grpcOperation)),
      count: countCompleted,
    });
    figures.add('grpc-stream', '(i) gRPC stream, 4 streams, requests of 100', 'transfers/s', streamed);
  } finally {
    await coffer.stop();
  }
  await verifyDatabase(databaseUrl);
}

function nextMany<T>(make: (transfer: ReturnType<typeof nextTransfer>) => T): T[] {
  return Array.from({ length: operationsPerRequest }, () => make(nextTransfer('uniform')));
}

function restOperation({ from, to, amount, key }: ReturnType<typeof nextTransfer>): object {
  return { type: 'transfer', walletId: walletName(from), toWalletId: walletName(to), amount: Number(amount), requestId: key };
}

/** A transfer as one of the operations of a PostRequest, in protobuf's wire format. */
function grpcOperation({ from, to, amount, key }: ReturnType<typeof nextTransfer>): Buffer {
  const terms = field(1, field(1, key));
  const transfer = Buffer.concat([terms, field(3, walletName(from)), field(4, walletName(to)), Buffer.from([0x28, Number(amount)])]);
  return field(2, field(4, transfer));
}

/** A text or a message of less than 16 KiB; amounts are below 128. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

const idTag = 0x08;
const resultTag = 0x12;

/** Results of a PostResponse, parsed only up to their status, which comes first: "completed" has a c, "refused" does not. */
function countCompleted(answer: Buffer): number {
  let at = 0;
  let count = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = answer[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < answer.length) {
    const tag = varint();
    const value = varint();
    if (tag === idTag) continue;
    if (tag !== resultTag || answer[at + 2] !== 'c'.charCodeAt(0)) throw new Error('a transfer of the stream was not posted');
    at += value;
    count++;
  }
  return count;
}
