/** The protobuf wire format, as far as the contracts use it; the generated codecs build on it. */
import { isUtf8 } from 'node:buffer';

/** Encodes a message to bytes and decodes it. `decode` throws MalformedMessage and nothing else. */
export type Codec<T> = { readonly encode: (message: T) => Buffer; readonly decode: (bytes: Uint8Array) => T };

/** A method of a service: unary, or a bidirectional stream. */
export type Method<Request, Response> = { readonly path: string; readonly request: Codec<Request>; readonly response: Codec<Response> };

/** A nested message, an item of a repeated field. */
export type Nested<T> = { readonly write: (writer: Writer, message: T) => void; readonly read: (reader: Reader) => T };

/** Bytes that are not a message of the requested type. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const varintBytesMax = 10;
/** Deeper than any contract. */
const nestingMax = 8;

/** Writers share one buffer, because a message is written synchronously; it grows to the largest message ever written. */
let scratch = Buffer.allocUnsafe(4_096);

/** Writes the fields of one message. As proto3 requires, zero and empty strings are omitted. */
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
    if (value !== 0n) this.#int64(field, value);
  }

  int32(field: number, value: number): void {
    if (value !== 0) this.#number(field, value);
  }

  bool(field: number, value: boolean): void {
    if (value) this.#number(field, 1);
  }

  /** Fields with presence: null is omitted, zero is not. */
  optionalText(field: number, text: string | null): void {
    if (text === '') this.#number(field, 0, wireType.bytes);
    else if (text !== null) this.text(field, text);
  }

  optionalInt64(field: number, value: bigint | null): void {
    if (value !== null) this.#int64(field, value);
  }

  optionalInt32(field: number, value: number | null): void {
    if (value !== null) this.#number(field, value);
  }

  optionalBool(field: number, value: boolean | null): void {
    if (value !== null) this.#number(field, value ? 1 : 0);
  }

  texts(field: number, all: readonly string[]): void {
    for (const text of all) this.optionalText(field, text);
  }

  message<T>(field: number, message: T | null, nested: Nested<T>): void {
    if (message === null) return;
    this.#reserve(2 * varintBytesMax);
    this.#varint(field * 8 + wireType.bytes);
    const start = ++this.#length;
    nested.write(this, message);
    const bytes = this.#length - start;
    // One byte was reserved for the length; a longer message is moved to make room for more.
    let more = 0;
    for (let rest = bytes; rest >= 128; rest = Math.floor(rest / 128)) more++;
    if (more > 0) {
      this.#reserve(varintBytesMax);
      scratch.copyWithin(start + more, start, this.#length);
    }
    this.#length = start - 1;
    this.#varint(bytes);
    this.#length += bytes;
  }

  messages<T>(field: number, all: readonly T[], nested: Nested<T>): void {
    for (const message of all) this.message(field, message, nested);
  }

  finish(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#length));
  }

  #int64(field: number, value: bigint): void {
    this.#reserve(2 * varintBytesMax);
    this.#varint(field * 8 + wireType.varint);
    if (value >= 0n && value <= maxSafe) this.#varint(Number(value));
    else this.#wideVarint(BigInt.asUintN(64, value));
  }

  #number(field: number, value: number, type: number = wireType.varint): void {
    this.#reserve(2 * varintBytesMax);
    this.#varint(field * 8 + type);
    if (value >= 0) this.#varint(value);
    else this.#wideVarint(BigInt.asUintN(64, BigInt(value)));
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

/** Reads the fields of one message in order: call `next`, then read the field's value or `skip` it. */
export class Reader {
  readonly #bytes: Buffer;
  /** Of the current message, which may be nested in another. */
  #end: number;
  #at = 0;
  #tag = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
  }

  /** False at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    this.#tag = this.#varint();
    if (this.#tag < 8 || this.#tag > 0xff_ff_ff_ff) throw new MalformedMessage('a field has no valid number');
    return true;
  }

  isText(field: number): boolean {
    return this.#tag === field * 8 + wireType.bytes;
  }

  isMessage(field: number): boolean {
    return this.isText(field);
  }

  isInt64(field: number): boolean {
    return this.#tag === field * 8 + wireType.varint;
  }

  isInt32(field: number): boolean {
    return this.isInt64(field);
  }

  isBool(field: number): boolean {
    return this.isInt64(field);
  }

  text(): string {
    const end = this.#endOfBytes();
    const bytes = this.#bytes.subarray(this.#at, end);
    if (!isUtf8(bytes)) throw new MalformedMessage('a string is not UTF-8');
    this.#at = end;
    return bytes.toString('utf8');
  }

  int64(): bigint {
    const start = this.#at;
    const value = this.#varint();
    return this.#at - start <= exactVarintBytes ? BigInt(value) : this.#wideVarint(start);
  }

  /** Like other decoders, drops the upper bits of values with more than 32. */
  int32(): number {
    return Number(BigInt.asIntN(32, this.int64()));
  }

  bool(): boolean {
    return this.int64() !== 0n;
  }

  message<T>(nested: Nested<T>): T {
    const outerEnd = this.#end;
    this.#end = this.#endOfBytes();
    if (++this.#depth > nestingMax) throw new MalformedMessage('messages are nested too deeply');
    const message = nested.read(this);
    this.#depth--;
    this.#at = this.#end;
    this.#end = outerEnd;
    return message;
  }

  /** Skips a field that is unknown, or has an unexpected type. */
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
    if (this.#at > this.#end) throw new MalformedMessage('the message ends within a field');
  }

  #endOfBytes(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#end) throw new MalformedMessage('the message ends within a field');
    return end;
  }

  /** Exact up to seven bytes; longer values are too large for every use but int64, which reads them again. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < varintBytesMax; read++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || this.#at > this.#end) throw new MalformedMessage('the message ends within a field');
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

/** Seven bytes of seven bits are 49 bits, which a number holds exactly. */
const exactVarintBytes = 7;

/**
 * The result of decoding: the message, or what is wrong with the bytes. Returned, not thrown: the library answers anything thrown
 * with INTERNAL.
 */
export function decoderOf<T>({ decode }: Codec<T>): (bytes: Uint8Array) => T | MalformedMessage {
  return (bytes) => {
    try {
      return decode(bytes);
    } catch (failure) {
      if (failure instanceof MalformedMessage) return failure;
      throw failure;
    }
  };
}

export function codecOf<T>(fields: Nested<T>): Codec<T> {
  return {
    encode(message) {
      const writer = new Writer();
      fields.write(writer, message);
      return writer.finish();
    },
    decode(bytes) {
      return fields.read(new Reader(bytes));
    },
  };
}
