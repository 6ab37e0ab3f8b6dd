/**
 * A gRPC load generator: a fixed number of connections, one unary call in flight on each. It writes HTTP/2 frames itself: the client
 * library takes more of a core per call than the server under test.
 */
import net from 'node:net';
import { flag, frame, frameHeadBytes, frameType, headersOf, preface } from './http2.ts';

export type GrpcLoad = {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The full method, such as `/wallet.WalletService/CreditWallet`. */
  readonly method: string;
  /** The next request message, encoded. */
  readonly next: () => Buffer;
};

/** Room for every answer of a run: the generator never has to extend it. */
const windowBytes = 0x3fff_ffff;

/** Returns the calls completed per second; rejects at the first call that is answered without a message. */
export async function grpcCallsPerSecond(load: GrpcLoad): Promise<number> {
  const startMs = performance.now() + 1000;
  const endMs = startMs + load.seconds * 1000;
  const headers = headersOf(load);
  let counted = 0;
  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = net.connect({ host: load.host, port: load.port, noDelay: true });
      let received: Buffer = Buffer.alloc(0);
      let streamId = 1;
      let answered = false;
      const call = () => {
        const message = load.next();
        const body = Buffer.allocUnsafe(5 + message.length);
        body.writeUInt8(0, 0);
        body.writeUInt32BE(message.length, 1);
        message.copy(body, 5);
        answered = false;
        socket.write(
          Buffer.concat([
            frame(frameType.headers, flag.endHeaders, streamId, headers),
            frame(frameType.data, flag.endStream, streamId, body),
          ]),
        );
      };
      const completed = () => {
        streamId += 2;
        const nowMs = performance.now();
        if (nowMs >= startMs && nowMs < endMs) counted++;
        if (nowMs < endMs) return call();
        socket.destroy();
        resolve();
      };
      const onFrame = (type: number, flags: number, body: Buffer) => {
        if (type === frameType.goAway) return fail('the server said goodbye');
        if (type === frameType.settings && !(flags & flag.ack)) socket.write(frame(frameType.settings, flag.ack, 0));
        if (type === frameType.ping && !(flags & flag.ack)) socket.write(frame(frameType.ping, flag.ack, 0, body));
        if (type === frameType.data && body.length > 0) answered = true;
        if ((type !== frameType.headers && type !== frameType.data) || !(flags & flag.endStream)) return;
        // A failed call is answered by headers alone.
        if (answered) completed();
        else fail('a call failed');
      };
      const fail = (reason: string) => {
        socket.destroy();
        reject(new Error(reason));
      };
      socket.on('connect', () => {
        const increment = Buffer.alloc(4);
        increment.writeUInt32BE(windowBytes);
        socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0), frame(frameType.windowUpdate, 0, 0, increment)]));
        call();
      });
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        let at = 0;
        while (received.length - at >= frameHeadBytes) {
          const end = at + frameHeadBytes + received.readUIntBE(at, 3);
          if (received.length < end) break;
          onFrame(received.readUInt8(at + 3), received.readUInt8(at + 4), received.subarray(at + frameHeadBytes, end));
          at = end;
        }
        received = received.subarray(at);
      });
    });
  await Promise.all(Array.from({ length: load.connections }, connection));
  return counted / load.seconds;
}
