// Clients as other teams build them: from the .proto files or from raw bytes, without any code of the product.
import { once } from 'node:events';
import http2 from 'node:http2';
import path from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/proto-loader';

const proto = path.resolve(import.meta.dirname, '../../packages/proto');
const readAsGrpcurlDoes = { includeDirs: [proto], keepCase: true, longs: String, defaults: true };

export type Reply = {
  /** The message, with int64 as text; absent for a failure. */
  readonly message?: Record<string, string>;
  readonly status: grpcStatus;
  readonly details: string;
  readonly trailer: Record<string, unknown>;
};

type CallOptions = { readonly metadata?: Record<string, string>; readonly deadline?: number };

/** A bidirectional streaming call. */
export type OutsiderStream = ClientDuplexStream<object, object>;

/** Calls `service` of a contract at an address, as `call('CreateUser', { email, name })`. */
export function outsider(address: string, contract: string, service: string) {
  const definition = loadSync(contract, readAsGrpcurlDoes)[service] as Record<string, MethodDefinition<object, object>>;
  const client = new Client(address, credentials.createInsecure());
  const call = async (name: string, request: object, options: CallOptions = {}): Promise<Reply> => {
    const method = definition[name];
    if (!method) throw new Error(`${service} has no ${name}`);
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    return await new Promise((resolve) => {
      let message: Record<string, string> | undefined;
      const sent = client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        (bytes) => method.responseDeserialize(bytes) as Record<string, string>,
        request,
        metadata,
        { deadline: options.deadline ?? Date.now() + 20_000 },
        (error: ServiceError | null, answer) => {
          message = error ? undefined : answer;
        },
      );
      // Fires after the callback, and has the trailing metadata of successes too.
      sent.on('status', (status) => {
        resolve({ ...(message && { message }), status: status.code, details: status.details, trailer: status.metadata.getMap() });
      });
    });
  };
  const open = (name: string, metadata: Record<string, string> = {}): OutsiderStream => {
    const method = definition[name];
    if (!method) throw new Error(`${service} has no ${name}`);
    const sent = new Metadata();
    for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
    return client.makeBidiStreamRequest(method.path, method.requestSerialize, (bytes) => method.responseDeserialize(bytes), sent);
  };
  return { call, open, close: () => client.close() };
}

export type RawReply = {
  readonly http: number;
  readonly status: number | null;
  readonly details: string;
  readonly code: string | null;
};

/** Frames a message for the wire: uncompressed, with a length prefix. */
export function framed(message: Uint8Array, { compressed = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Sends raw bytes as the body of a call. */
export async function rawCall(
  address: string,
  call: string,
  body: Uint8Array,
  headers: Record<string, string | string[]> = {},
): Promise<RawReply> {
  const session = http2.connect(`http://${address}`);
  session.on('error', () => undefined);
  try {
    const stream = session.request({ ':method': 'POST', ':path': call, 'content-type': 'application/grpc', te: 'trailers', ...headers });
    const seen = new Map<string, string>();
    const see = (headers: object) => {
      for (const [name, value] of Object.entries(headers)) seen.set(name, String(value));
    };
    stream.on('response', see);
    stream.on('trailers', see);
    stream.on('error', () => undefined);
    stream.resume();
    stream.end(body);
    await once(stream, 'close');
    const status = seen.get('grpc-status');
    return {
      http: Number(seen.get(':status') ?? 0),
      status: status === undefined ? null : Number(status),
      details: decodeURIComponent(seen.get('grpc-message') ?? ''),
      code: seen.get('coffer-code') ?? null,
    };
  } finally {
    session.destroy();
  }
}
