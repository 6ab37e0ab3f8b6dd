/** The parts of HTTP/2 that a load generator needs: frames in and out, headers without compression. */

export const frameType = { data: 0, headers: 1, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const;
export const frameHeadBytes = 9;
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frame(type: number, flags: number, streamId: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
}

/** A header block without compression: every field literal, none indexed. */
export function headersOf({ host, port, method }: { readonly host: string; readonly port: number; readonly method: string }): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': method,
    ':authority': `${host}:${port}`,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'coffer-bench',
  };
  const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}
