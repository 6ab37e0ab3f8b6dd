/** Live events as Server-Sent Events: of the whole log, or of one wallet. */
import { actorOf } from '../../../identity/index.ts';
import { strict, WalletId } from '../../../operations/index.ts';
import { isOperationName } from '../../access/index.ts';
import type { OperationName } from '../../access/index.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import { networkKeyOf } from '../../network/index.ts';
import { callerOf } from '../callers.ts';
import { refuseUnknownTypes } from '../event-types.ts';
import { malformed, problem, ProblemError, sendProblem, tooMany } from '../problem.ts';
import { eventCursorPattern, presentTo, refuseBeyond } from '../routes/events.ts';
import { noSuchWallet } from '../routes/wallet-reads.ts';
import { problems } from '../schemas.ts';
import { eventStreamType } from './event-stream.ts';
import { LiveStreams } from './streams.ts';
import type { StreamRequest } from './streams.ts';
import Type from 'typebox';

const query = Type.Object(
  {
    types: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z]{1,64}(,[A-Za-z]{1,64}){0,99}$',
        description: 'event types, separated by commas; default all',
        examples: ['FundsDeposited,FundsWithdrawn'],
      }),
    ),
    after: Type.Optional(
      Type.String({
        pattern: eventCursorPattern,
        description: 'the id of an event of an earlier stream, or a `next` of GET /events; default: from now on',
      }),
    ),
  },
  strict,
);
const headers = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ description: 'sent automatically by a reader that reconnects; takes precedence over `after`' }),
  ),
});
const streamed = {
  200: {
    description: 'events in order; the id of each is the cursor after it, and its data is the event as GET /events shows it',
    content: { 'text/event-stream': { schema: Type.String() } },
  },
};
/** Without a HEAD route: a HEAD request would open a stream without a reader. */
const exposeHeadRoute = false;

export function liveRoutes(app: App, product: Product): void {
  const { queries, access, tail, log } = product;
  const streams = new LiveStreams(tail, log, product.live);
  app.addHook('preClose', (done) => {
    streams.stop();
    done();
  });

  const begin = async (
    request: Request,
    reply: Reply,
    wanted: Pick<StreamRequest, 'after' | 'types' | 'wallet' | 'present' | 'mayGoOn'>,
  ) => {
    const { principal } = callerOf(request);
    const here = networkKeyOf(request.clientIp ?? '');
    const isPublic = principal.kind === 'user' || principal.kind === 'anonymous';
    const counted = { caller: principal.kind === 'anonymous' ? here : actorOf(principal), address: isPublic ? here : null };
    await refuseBeyond(product, wanted.after, wanted.wallet?.book);
    const stream = await streams.open({ ...wanted, ...counted });
    if ('full' in stream) return sendProblem(reply, stream.full === 'caller' ? tooMany(10) : noRoom);
    // The reader may have disconnected before the listener was added.
    if (reply.raw.destroyed || request.raw.socket.destroyed) stream.destroy();
    else reply.raw.once('close', () => stream.destroy());
    // What has left the stream may still be buffered in the connection.
    stream.once('late', () => reply.raw.destroy());
    return reply
      .header('content-type', eventStreamType)
      .header('cache-control', 'no-store, no-transform')
      .header('x-accel-buffering', 'no')
      .send(stream);
  };
  const stillAs = async (request: Request) => {
    const { onlyOwner } = callerOf(request);
    const decision = await access.reconsider(operationOf(request), request.headers.authorization, request.clientIp ?? '');
    return 'denied' in decision || decision.onlyOwner !== onlyOwner ? null : decision;
  };

  app.get(
    '/events/live',
    {
      exposeHeadRoute,
      schema: {
        operationId: 'streamEvents',
        description: 'Streams the event log as it grows. After a disconnect, reconnect with Last-Event-ID to miss nothing',
        tags: ['Events'],
        querystring: query,
        headers,
        response: { ...streamed, ...problems(401, 429) },
      },
    },
    async (request, reply) =>
      await begin(request, reply, {
        ...readStart(request),
        present: presentTo(callerOf(request)),
        mayGoOn: async () => (await stillAs(request)) !== null,
      }),
  );

  app.get(
    '/wallet/:id/events/live',
    {
      exposeHeadRoute,
      schema: {
        operationId: 'streamWalletEvents',
        description: 'Streams the events of one wallet as they happen',
        tags: ['Events'],
        params: Type.Object({ id: WalletId }, strict),
        querystring: query,
        headers,
        response: { ...streamed, ...problems(401, 404, 429) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const reach = callerOf(request);
      const wallet = await queries.wallet(id, reach);
      if (!wallet) return sendProblem(reply, noSuchWallet(id));
      return await begin(request, reply, {
        ...readStart(request),
        wallet: { id, book: wallet.book },
        present: presentTo(reach),
        mayGoOn: async () => {
          const still = await stillAs(request);
          return still !== null && (await queries.wallet(id, still)) !== null;
        },
      });
    },
  );
}

const place = new RegExp(eventCursorPattern);
const isPlace = (text: string) => text === '' || place.test(text);
const wrongPlace = malformed(
  'The Last-Event-ID is not a cursor of the log. Send the id of an event as you received it, or omit the header.',
);

type StreamQuery = { readonly types?: string; readonly after?: string };

function readStart(request: { readonly query: StreamQuery; readonly headers: { readonly 'last-event-id'?: string | string[] } }) {
  const { types, after } = request.query;
  const lastEventId = request.headers['last-event-id'];
  if (Array.isArray(lastEventId) || !isPlace(lastEventId ?? '')) throw new ProblemError(wrongPlace);
  const wanted = types === undefined ? undefined : new Set(types.split(','));
  refuseUnknownTypes(wanted);
  return { after: lastEventId === undefined || lastEventId === '' ? after : lastEventId, types: wanted };
}

function operationOf(request: Request): OperationName {
  const name = request.routeOptions.schema?.operationId ?? '';
  if (!isOperationName(name)) throw new Error('every route must be an operation of the policy');
  return name;
}

const noRoom = problem('overloaded', {
  said: 'The maximum number of live streams is reached. Try again after the seconds that Retry-After names, or read GET /events.',
  retryAfterSeconds: 10,
});
