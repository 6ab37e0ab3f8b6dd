/**
 * Messages between processes: frames of a length (4 bytes) and a list of messages. What is sent in one turn of the event loop travels in
 * one frame. Values are V8's structured serialization, which keeps bigint and Date and needs no description beside the types. Both ends
 * know the secret of the database, so neither deserializes what a stranger sent.
 */
import type { Socket } from 'node:net';
import v8 from 'node:v8';

/** More than a thousand operations with the largest metadata need. */
export const frameBytesMax = 256 * 1024 * 1024;
/** Of a process that has not proved yet that it works on this very database. */
export const greetingBytesMax = 4_096;

export class FrameWriter<Message> {
  readonly #socket: Socket;
  #messages: Message[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(message: Message): void {
    if (this.#messages.length === 0) setImmediate(() => this.#flush());
    this.#messages.push(message);
  }

  #flush(): void {
    const messages = this.#messages;
    this.#messages = [];
    if (!this.#socket.writable) return;
    const body = v8.serialize(messages);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    this.#socket.cork();
    this.#socket.write(length);
    this.#socket.write(body);
    this.#socket.uncork();
  }
}

/** Calls `receive` with each message. A frame that is longer than `bytesMax()`, or what `receive` throws, ends the connection. */
export function readFrames(socket: Socket, bytesMax: () => number, receive: (message: never) => void): void {
  let pending: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk) => {
    pending.push(chunk);
    bytes += chunk.length;
    if (bytes < 4) return;
    try {
      let all: Buffer | null = null;
      let at = 0;
      for (;;) {
        const head = all ?? (pending[0] && pending[0].length >= 4 ? pending[0] : Buffer.concat(pending));
        if (bytes - at < 4) break;
        const length = head.readUInt32BE(at);
        if (length > bytesMax()) throw new Error('a frame is too long');
        if (bytes - at < 4 + length) break;
        all ??= pending.length === 1 && pending[0] ? pending[0] : Buffer.concat(pending);
        for (const message of v8.deserialize(all.subarray(at + 4, at + 4 + length)) as never[]) receive(message);
        at += 4 + length;
      }
      if (at > 0 && all) {
        pending = at === bytes ? [] : [all.subarray(at)];
        bytes -= at;
      }
    } catch (failure) {
      socket.destroy(failure instanceof Error ? failure : new Error(String(failure)));
    }
  });
}
