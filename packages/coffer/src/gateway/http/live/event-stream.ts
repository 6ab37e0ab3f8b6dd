/** A stream of Server-Sent Events to one reader. What it does not read is not kept for it beyond a bound. */
import { Readable } from 'node:stream';

export const eventStreamType = 'text/event-stream; charset=utf-8';

/** Whether an answer is one: it takes as long as its reader likes. */
export function isEventStream(reply: { getHeader(name: string): unknown }): boolean {
  return reply.getHeader('content-type') === eventStreamType;
}

/** A reader gets the rest of what was told within this time after the last frame, or not at all: nobody waits for who does not read. */
const restMs = 1_000;

export class EventStream extends Readable {
  readonly #patienceMs: number;
  #roomIsThere: (() => void) | null = null;
  #isFinished = false;

  /** `patienceMs`: a reader who takes nothing for so long, while there is something, is cut. */
  constructor(bufferBytes: number, patienceMs: number) {
    super({ highWaterMark: bufferBytes });
    this.#patienceMs = patienceMs;
  }

  override _read(): void {
    this.#roomIsThere?.();
  }

  /** False when there is no room for more. */
  write(frame: string): boolean {
    return !this.#isOver && this.push(frame);
  }

  /** The last frame was the last; what is on its way still arrives, when it is read soon. Then `late` says that it is time to cut. */
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

  /** True when there is room again, false when nobody reads any more. */
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

/** One event; `id` is what the reader comes back with. */
export function eventFrame(id: string, data: string): string {
  return `id: ${id}\ndata: ${data}\n\n`;
}

/** Moves the reader's place on without telling it anything. */
export function placeFrame(id: string): string {
  return `id: ${id}\n\n`;
}

export function retryFrame(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}

/** Keeps what stands in between from closing a quiet connection. */
export const heartbeatFrame = ':\n\n';
