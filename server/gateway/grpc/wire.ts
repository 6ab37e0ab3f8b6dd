/** The protobuf wire format, as far as the contracts use it: what the generated codecs stand on. */
import { isUtf8 } from 'node:buffer';

/** Turns a message into its bytes and back. `decode` throws MalformedMessage, nothing else. */
export type Codec<T> = { readonly encode: (message: T) => Buffer; readonly decode: (bytes: Uint8Array) => T };

/** A call of a service. */
export type Method<Request, Response> = { readonly path: string; readonly request: Codec<Request>; readonly response: Codec<Response> };

/** Bytes that are no message of the type asked for. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const varintBytesMax = 10;

/** Writers share one buffer, since a message is written from beginning to end without a pause; it grows to the largest ever written. */
let scratch = Buffer.allocUnsafe(4_096);

/** Writes the fields of one message. As proto3 wants, a field of zero or no text is left out. */
export class Writer {
  #length = 0;

  text(field: number, text: string): void {
    if (text === '') return;
    const bytes = Buffer.byteLength(text);
    this.#reserve(bytes + 2 * varintBytesMax);
    this.#varint(field * 8 + wireType.bytes);
    this.#varint(bytes);
    this.#length += scratch.write(text, this.#length);
  }

  int64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#reserve(2 * varintBytesMax);
    this.#varint(field * 8 + wireType.varint);
    if (value > 0n && value <= maxSafe) this.#varint(Number(value));
    else this.#wideVarint(BigInt.asUintN(64, value));
  }

  finish(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#length));
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      scratch[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    scratch[this.#length++] = rest;
  }

  #wideVarint(value: bigint): void {
    let rest = value;
    while (rest >= 128n) {
      scratch[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    scratch[this.#length++] = Number(rest);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= scratch.length) return;
    const larger = Buffer.allocUnsafe((this.#length + bytes) * 2);
    scratch.copy(larger, 0, 0, this.#length);
    scratch = larger;
  }
}

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads the fields of one message in the order they come: `next`, then the value of the field, or `skip`. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #tag = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** False at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    this.#tag = this.#varint();
    if (this.#tag < 8 || this.#tag > 0xff_ff_ff_ff) throw new MalformedMessage('a field has no valid number');
    return true;
  }

  isText(field: number): boolean {
    return this.#tag === field * 8 + wireType.bytes;
  }

  isInt64(field: number): boolean {
    return this.#tag === field * 8 + wireType.varint;
  }

  text(): string {
    const end = this.#endOfBytes();
    const bytes = this.#bytes.subarray(this.#at, end);
    if (!isUtf8(bytes)) throw new MalformedMessage('a text is not UTF-8');
    this.#at = end;
    return bytes.toString('utf8');
  }

  int64(): bigint {
    const start = this.#at;
    const value = this.#varint();
    return this.#at - start <= exactVarintBytes ? BigInt(value) : this.#wideVarint(start);
  }

  /** Passes over a field that this side does not know, or knows as another type. */
  skip(): void {
    const type = this.#tag % 8;
    if (type === wireType.varint) this.#varint();
    else if (type === wireType.bytes) this.#at = this.#endOfBytes();
    else if (type === wireType.fixed64) this.#advance(8);
    else if (type === wireType.fixed32) this.#advance(4);
    else throw new MalformedMessage('a field has a wire type that is not in use');
  }

  #advance(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new MalformedMessage('the message ends within a field');
  }

  #endOfBytes(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedMessage('the message ends within a field');
    return end;
  }

  /** Exact up to seven bytes; what is longer is too large for every use but int64, which reads it again. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < varintBytesMax; read++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new MalformedMessage('the message ends within a field');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new MalformedMessage('a number has more than 64 bits');
  }

  #wideVarint(start: number): bigint {
    let value = 0n;
    for (let at = start; at < this.#at; at++) value |= BigInt((this.#bytes[at] ?? 0) & 127) << BigInt(7 * (at - start));
    return BigInt.asIntN(64, value);
  }
}

/** Seven bytes of seven bits are 49 bits: a number holds them exactly. */
const exactVarintBytes = 7;
