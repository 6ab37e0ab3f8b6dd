/** Parses a stream of Server-Sent Events, wherever it was cut into chunks. */

/** A complete frame: its data, if any, and the cursor after it. */
export type Frame = { readonly id: string | undefined; readonly data: string | undefined };

/** An event is far smaller: the server accepts no request larger than 1 MiB. */
const bufferMax = 8_388_608;
const lineEnd = /\r\n|\r|\n/g;

export class FrameReader {
  readonly #decoder = new TextDecoder();
  /** The incomplete remainder. */
  #rest = '';
  #data: string[] = [];
  #length = 0;
  #id: string | undefined;
  /** Whether the current frame has any field. */
  #isBegun = false;
  /** The pause before a reconnect that the server requested. */
  retryMs: number | undefined;

  /** The frames that this chunk completes; null when this cannot be a stream of events. */
  feed(chunk: Uint8Array): Frame[] | null {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const frames: Frame[] = [];
    let from = 0;
    for (const { 0: end, index } of this.#rest.matchAll(lineEnd)) {
      // It may be the first half of a line break.
      if (end === '\r' && index === this.#rest.length - 1) break;
      const line = this.#rest.slice(from, index);
      from = index + end.length;
      if (line !== '') this.#take(line);
      else if (this.#isBegun) frames.push(this.#finished());
    }
    this.#rest = this.#rest.slice(from);
    return this.#rest.length + this.#length > bufferMax ? null : frames;
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    switch (name) {
      case 'data':
        this.#data.push(value);
        this.#length += value.length;
        this.#isBegun = true;
        break;
      case 'id':
        if (value.includes('\0')) break;
        this.#id = value;
        this.#isBegun = true;
        break;
      case 'retry':
        if (/^\d{1,9}$/.test(value)) this.retryMs = Number(value);
        break;
      default:
        // A comment keeps the connection alive, and Coffer's frames have no other fields.
        break;
    }
  }

  #finished(): Frame {
    const data = this.#data.length === 0 ? undefined : this.#data.join('\n');
    this.#data = [];
    this.#length = 0;
    this.#isBegun = false;
    return { id: this.#id, data };
  }
}
