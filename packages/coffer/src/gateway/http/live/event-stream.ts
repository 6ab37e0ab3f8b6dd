/** A stream of Server-Sent Events to one reader, with a bounded buffer for frames not yet read. */
import { Readable } from 'node:stream';

export const eventStreamType = 'text/event-stream; charset=utf-8';

/** Whether an answer is a live stream, which takes as long as its reader likes. */
export function isEventStream(reply: { getHeader(name: string): unknown }): boolean {
  return reply.getHeader('content-type') === eventStreamType;
}

/** After the last frame, the reader has this long to receive the rest; then the connection is closed. */
const restMs = 1_000;

export class EventStream extends Readable {
  readonly #patienceMs: number;
  #roomIsThere: (() => void) | null = null;
  #isFinished = false;

  /** `patienceMs`: a reader that reads nothing for so long, while frames are waiting, is disconnected. */
  constructor(bufferBytes: number, patienceMs: number) {
    super({ highWaterMark: bufferBytes });
    this.#patienceMs = patienceMs;
  }

  override _read(): void {
    this.#roomIsThere?.();
  }

  /** False if there is no more room. */
  write(frame: string): boolean {
    return !this.#isOver && this.push(frame);
  }

  /**
   * Marks the last frame as the last; frames in transit still arrive if they are read soon. Then `late` reports that it is time
   * to disconnect.
   */
  finish(): void {
    if (this.#isOver) return;
    this.push(null);
    this.#isFinished = true;
    this.#roomIsThere?.();
    setTimeout(() => {
      this.destroy();
      this.emit('late');
    }, restMs).unref();
  }

  /** True once there is room again; false once the reader is gone. */
  async room(): Promise<boolean> {
    if (this.#isOver) return false;
    if (this.readableLength < this.readableHighWaterMark) return true;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => this.destroy(), this.#patienceMs).unref();
      this.#roomIsThere = () => {
        clearTimeout(cut);
        this.#roomIsThere = null;
        resolve();
      };
      this.once('close', () => this.#roomIsThere?.());
    });
    return !this.#isOver;
  }

  get #isOver(): boolean {
    return this.#isFinished || this.destroyed;
  }
}

/** One event; the reader resumes with its `id`. */
export function eventFrame(id: string, data: string): string {
  return `id: ${id}\ndata: ${data}\n\n`;
}

/** Advances the reader's cursor without an event. */
export function placeFrame(id: string): string {
  return `id: ${id}\n\n`;
}

export function retryFrame(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}

/** Keeps intermediaries from closing an idle connection. */
export const heartbeatFrame = ':\n\n';
