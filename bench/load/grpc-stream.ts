/**
 * A load generator for a bidirectional stream: a fixed number of connections with one stream each, and on each stream a fixed number of
 * unanswered requests. It writes HTTP/2 frames itself, and parses answers no further than necessary.
 */
import net from 'node:net';
import { flag, frame, frameHeadBytes, frameType, headersOf, preface } from './http2.ts';

export type GrpcStreamLoad = {
  readonly host: string;
  readonly port: number;
  readonly streams: number;
  /** Unanswered requests on each stream. */
  readonly inFlight: number;
  readonly seconds: number;
  readonly method: string;
  /** The next request message, encoded. */
  readonly next: () => Buffer;
  /** The number of operations in an answer; throws for a refused one. */
  readonly count: (answer: Buffer) => number;
};

const windowBytes = 0x3fff_ffff;
const streamId = 1;
const initialWindow = 4;
const defaultWindowBytes = 65_535;

/** Returns the operations completed per second. */
export async function grpcStreamOperationsPerSecond(load: GrpcStreamLoad): Promise<number> {
  const startMs = performance.now() + 1000;
  const endMs = startMs + load.seconds * 1000;
  let counted = 0;
  const answered = (message: Buffer) => {
    const operations = load.count(message);
    const nowMs = performance.now();
    if (nowMs >= startMs && nowMs < endMs) counted += operations;
    return nowMs < endMs;
  };
  await Promise.all(Array.from({ length: load.streams }, () => runStream(load, answered)));
  return counted / load.seconds;
}

function runStream(load: GrpcStreamLoad, answered: (message: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: load.host, port: load.port, noDelay: true });
    const messages = new Messages();
    /** The flow-control windows of the connection and of the stream. */
    const room = { connection: defaultWindowBytes, stream: defaultWindowBytes };
    const waiting: Buffer[] = [];
    let unanswered = 0;
    let ending = false;

    const send = () => {
      for (let body = waiting[0]; body && body.length <= Math.min(room.connection, room.stream); body = waiting[0]) {
        waiting.shift();
        room.connection -= body.length;
        room.stream -= body.length;
        socket.write(frame(frameType.data, 0, streamId, body));
      }
    };
    const ask = () => {
      const message = load.next();
      const body = Buffer.allocUnsafe(5 + message.length);
      body.writeUInt8(0, 0);
      body.writeUInt32BE(message.length, 1);
      message.copy(body, 5);
      waiting.push(body);
      unanswered++;
      send();
    };
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    const onData = (bytes: Buffer) => {
      for (const message of messages.add(bytes)) {
        unanswered--;
        if (answered(message) && !ending) ask();
        else ending = true;
      }
      if (ending && unanswered === 0) {
        socket.destroy();
        resolve();
      }
    };
    const onFrame = (type: number, flags: number, stream: number, body: Buffer) => {
      if (type === frameType.goAway) return fail('the server said goodbye');
      if (type === frameType.settings && !(flags & flag.ack)) {
        for (let at = 0; at < body.length; at += 6) {
          if (body.readUInt16BE(at) === initialWindow) room.stream += body.readUInt32BE(at + 2) - defaultWindowBytes;
        }
        socket.write(frame(frameType.settings, flag.ack, 0));
        send();
      }
      if (type === frameType.ping && !(flags & flag.ack)) socket.write(frame(frameType.ping, flag.ack, 0, body));
      if (type === frameType.windowUpdate) {
        room[stream === 0 ? 'connection' : 'stream'] += body.readUInt32BE(0);
        send();
      }
      if (type === frameType.data) onData(body);
      if (type === frameType.headers && flags & flag.endStream) fail('the server ended the stream');
    };
    socket.on('connect', () => {
      const window = Buffer.alloc(4);
      window.writeUInt32BE(windowBytes);
      const settings = Buffer.alloc(6);
      settings.writeUInt16BE(initialWindow, 0);
      settings.writeUInt32BE(windowBytes, 2);
      socket.write(
        Buffer.concat([
          preface,
          frame(frameType.settings, 0, 0, settings),
          frame(frameType.windowUpdate, 0, 0, window),
          frame(frameType.headers, flag.endHeaders, streamId, headersOf(load)),
        ]),
      );
      for (let request = 0; request < load.inFlight; request++) ask();
    });
    socket.on('error', reject);
    const frames = new Frames(onFrame);
    socket.on('data', (chunk: Buffer) => frames.add(chunk));
  });
}

/** Splits a stream of bytes into frames. */
class Frames {
  readonly #onFrame: (type: number, flags: number, stream: number, body: Buffer) => void;
  #received: Buffer = Buffer.alloc(0);

  constructor(onFrame: (type: number, flags: number, stream: number, body: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  add(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (this.#received.length - at >= frameHeadBytes) {
      const end = at + frameHeadBytes + this.#received.readUIntBE(at, 3);
      if (this.#received.length < end) break;
      const body = this.#received.subarray(at + frameHeadBytes, end);
      this.#onFrame(this.#received.readUInt8(at + 3), this.#received.readUInt8(at + 4), this.#received.readUInt32BE(at + 5), body);
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }
}

/** Splits the data of a stream into messages: each follows a byte and its length. */
class Messages {
  #received: Buffer = Buffer.alloc(0);

  *add(bytes: Buffer): Generator<Buffer> {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 5) {
      const end = 5 + this.#received.readUInt32BE(1);
      if (this.#received.length < end) return;
      yield this.#received.subarray(5, end);
      this.#received = this.#received.subarray(end);
    }
  }
}
