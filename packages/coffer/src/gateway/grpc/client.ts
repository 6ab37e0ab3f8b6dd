/** Calls between our services: one channel, a deadline on every call, and unknown outcomes reported as unknown. */
import { isIP } from 'node:net';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { currentRequest } from '../../kernel/index.ts';
import type { Address, Span } from '../../kernel/index.ts';
import { trustOf } from '../network/index.ts';
import type { Tls } from '../network/index.ts';
import { requestIdKey } from './observing.ts';
import { messageBytesMax } from './server.ts';
import type { Method } from './wire.ts';

/** Maximum time for a first connection, or one after a break, until the other service counts as unavailable. */
const connectPatienceMs = 1_000;

/**
 * `refused`: the service refused, `code` is its stable name. `unavailable`: nothing was done; the service was not reached or said
 * so. `unknown`: the request was sent, and no answer came.
 */
export type CallResult<Response> =
  | { readonly status: 'answered'; readonly message: Response }
  | {
      readonly status: 'refused' | 'unavailable' | 'unknown';
      readonly code: string | null;
      readonly reason: string;
      readonly grpcStatus: status;
    };

export type ClientOptions = {
  /** Our credential for the other service; null if it requires none. */
  readonly credential?: string | null;
  /** The certificate of the other service; null without TLS. */
  readonly tls?: Tls | null;
};

export class ServiceClient {
  readonly #client: Client;
  readonly #authorization: string | null;

  constructor(address: Address, { credential = null, tls = null }: ClientOptions = {}) {
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    this.#authorization = credential === null ? null : `Bearer ${credential}`;
    this.#client = new Client(`${host}:${address.port}`, channelOf(address, tls), {
      'grpc.max_receive_message_length': messageBytesMax,
      // A machine that vanished never closes its connections.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      // Reconnects quickly to a service that comes back.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Two clients in one process must not share the back-off of a broken connection.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      // An IP address is not a valid server name (SNI), but the library would send it as one.
      ...(isIP(address.host) !== 0 && { 'grpc.ssl_target_name_override': 'coffer' }),
    });
  }

  /** `deadline`: in milliseconds since the epoch. `authorization`: our own credential, unless a caller's is passed on. */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    deadline: number,
    authorization: string | null = this.#authorization,
  ): Promise<CallResult<Response>> {
    const span = currentRequest()?.span?.child(method.path.slice(1), 'client');
    const result = await this.#call(method, request, deadline, this.#metadata(span, authorization));
    span?.set('coffer.result', result.status);
    span?.end(result.status === 'answered' || result.status === 'refused' ? 'ok' : 'failed');
    return result;
  }

  async #call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    deadline: number,
    metadata: Metadata,
  ): Promise<CallResult<Response>> {
    // Only a call on a connected channel may have arrived.
    const connected = await this.#connect(Math.min(deadline, Date.now() + connectPatienceMs));
    if (!connected) return { status: 'unavailable', code: null, reason: 'the service cannot be reached', grpcStatus: status.UNAVAILABLE };
    return await new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.request.encode,
        method.response.decode,
        request,
        metadata,
        { deadline },
        (error, message) => {
          if (error) resolve(resultOf(error));
          else if (message === undefined)
            resolve({ status: 'unknown', code: null, reason: 'the answer was empty', grpcStatus: status.UNKNOWN });
          else resolve({ status: 'answered', message });
        },
      );
    });
  }

  /** A call carries the id and the trace of the request that caused it through all our services. */
  #metadata(span: Span | undefined, authorization: string | null): Metadata {
    const metadata = new Metadata();
    const request = currentRequest();
    if (request) metadata.set(requestIdKey, request.requestId);
    if (span) metadata.set('traceparent', span.traceparent);
    if (authorization !== null) metadata.set('authorization', authorization);
    return metadata;
  }

  close(): void {
    this.#client.close();
  }

  async #connect(deadline: number): Promise<boolean> {
    return await new Promise((resolve) => this.#client.waitForReady(deadline, (error) => resolve(!error)));
  }
}

function channelOf({ host }: Address, tls: Tls | null): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const { context, checkIdentity } = trustOf(tls);
  return credentials.createFromSecureContext(context, { checkServerIdentity: (_name, presented) => checkIdentity(host, presented) });
}

const nothingDoneStatuses = new Set([status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.UNAUTHENTICATED, status.PERMISSION_DENIED]);

/** Our services set `coffer-code` on each of their answers. A status without it was created on the way. */
function resultOf(error: ServiceError): CallResult<never> {
  const [name] = error.metadata.get('coffer-code');
  const code = name === undefined ? null : String(name);
  const details = { code, reason: error.details, grpcStatus: error.code };
  if (code === null || code === 'outcome_unknown' || code === 'ledger_halted' || code === 'deadline' || code === 'internal')
    return { status: 'unknown', ...details };
  // If the service does not authenticate us, that says nothing about the request: an operator has to fix it, then it is retried.
  const nothingDone = nothingDoneStatuses.has(error.code);
  return { status: nothingDone ? 'unavailable' : 'refused', ...details };
}
