import { once } from 'node:events';
import { Client, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Access } from '../../packages/coffer/src/gateway/access/index.ts';
import { ledgerService } from '../../packages/coffer/src/gateway/grpc/generated/ledger.ts';
import type { PostRequest, PostResponse } from '../../packages/coffer/src/gateway/grpc/generated/ledger.ts';
import { serveStream } from '../../packages/coffer/src/gateway/grpc/streams.ts';
import type { StreamHandler } from '../../packages/coffer/src/gateway/grpc/streams.ts';
import { ApiKeys, Authenticator, Sessions } from '../../packages/coffer/src/identity/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

const { path, request: requests, response: responses } = ledgerService.postStream;
const stops: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).toReversed()) stop();
});

type Opened = { stream: ClientDuplexStream<Buffer, PostResponse>; failed: Promise<ServiceError>; stop: AbortController };

let database: TestDatabase;
let access: Access;
beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  const sessions = new Sessions({ pool, jwtSecret: 'a secret of at least thirty-two bytes' });
  access = new Access({ mode: 'open', authenticator: new Authenticator({ sessions, apiKeys: new ApiKeys(pool) }) });
});
afterAll(() => database.drop());

/** A stream to a server with this handler; each request counts one. */
async function open(handler: StreamHandler<PostRequest, PostResponse>, max = 4): Promise<Opened> {
  const server = new Server();
  const stop = new AbortController();
  const notes = { summaryOf: () => null, causes: () => [] };
  const options = { access, internalCredentials: [], log: silentLog(), stopping: stop.signal };
  serveStream(server, 'postBatch', ledgerService.postStream, { max, weightOf: () => 1 }, handler, notes, options);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  stops.push(() => server.forceShutdown());
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  stops.push(() => client.close());
  const stream = client.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, responses.decode);
  const failed = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
  return { stream, failed, stop };
}

const numbered = (id: number) => requests.encode({ id: BigInt(id), operations: [], atomic: false });
const answerOf = ({ id }: PostRequest): PostResponse => ({ id, results: [], problem: null });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function idsOf(stream: Opened['stream'], count: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const [{ id }] of readOn(stream)) if (ids.push(Number(id)) === count) break;
  return ids;
}

async function* readOn(stream: Opened['stream']): AsyncGenerator<[PostResponse]> {
  for (;;) yield (await once(stream, 'data')) as [PostResponse];
}

describe('a bidirectional stream', () => {
  it('answers in the order of the requests, whichever completes first', async () => {
    const { stream } = await open(async (request) => {
      await pause(request.id === 1n ? 60 : 0);
      return answerOf(request);
    });
    const ids: number[] = [];
    stream.on('data', ({ id }: PostResponse) => ids.push(Number(id)));
    for (const id of [1, 2, 3]) stream.write(numbered(id));
    stream.end();
    await once(stream, 'end');
    expect(ids).toEqual([1, 2, 3]);
  });

  it('stops reading at the limit of pending requests, and continues when one is answered', async () => {
    const begun: PostRequest[] = [];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { stream } = await open(async (request) => {
      begun.push(request);
      await released;
      return answerOf(request);
    });
    for (let id = 1; id <= 50; id++) stream.write(numbered(id));
    await pause(300);
    expect(begun.length).toBeLessThanOrEqual(5);
    release();
    expect(await idsOf(stream, 50)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
  });

  it('ends with INVALID_ARGUMENT at bytes that are not a message, after it has answered the earlier requests', async () => {
    const { stream, failed } = await open(async (request) => {
      await pause(30);
      return answerOf(request);
    });
    const ids: number[] = [];
    stream.on('data', ({ id }: PostResponse) => ids.push(Number(id)));
    stream.write(numbered(7));
    stream.write(Buffer.from([0x12, 0x7f]));
    const { code, metadata } = await failed;
    expect({ ids, code, name: metadata.get('coffer-code') }).toEqual({
      ids: [7],
      code: status.INVALID_ARGUMENT,
      name: ['message_malformed'],
    });
  });

  it('answers the requests it has read when the server stops, and reports that the server ended the stream', async () => {
    const begun = Promise.withResolvers<void>();
    const { stream, failed, stop } = await open(async (request) => {
      begun.resolve();
      await pause(60);
      return answerOf(request);
    });
    stream.write(numbered(1));
    const first = idsOf(stream, 1);
    await begun.promise;
    stop.abort();
    expect(await first).toEqual([1]);
    expect((await failed).code).toBe(status.UNAVAILABLE);
  });

  it('reports a bug as INTERNAL, without the error message', async () => {
    const { stream, failed } = await open(() => Promise.reject(new Error('secret')));
    stream.on('data', () => undefined);
    stream.write(numbered(1));
    const { code, details } = await failed;
    expect({ code, tells: details.includes('secret') }).toEqual({ code: status.INTERNAL, tells: false });
  });

  it('keeps working when a caller disconnects midway', async () => {
    let [begun, answered] = [0, 0];
    const gone = Promise.withResolvers<void>();
    const { stream, failed } = await open(async (request) => {
      begun++;
      await gone.promise;
      answered++;
      return answerOf(request);
    });
    stream.on('data', () => undefined);
    for (let id = 1; id <= 3; id++) stream.write(numbered(id));
    await expect.poll(() => begun).toBe(3);
    stream.cancel();
    expect((await failed).code).toBe(status.CANCELLED);
    gone.resolve();
    await expect.poll(() => answered).toBe(3);
  });
});
