/** Calls between our services: one channel, a deadline on every call, and an honest word about what is not known. */
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

/** How long a first connection, or one after a break, may take before the other service counts as away. */
const connectPatienceMs = 1_000;

/**
 * `refused`: the service said no, `code` is its stable name. `unavailable`: nothing was done, the service was not reached or
 * said so itself. `unknown`: the request went out, and no answer came.
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
  /** What the other service knows us by; null where it asks nobody. */
  readonly credential?: string | null;
  /** The certificate of the other service; null where it has none. */
  readonly tls?: Tls | null;
};

export class ServiceClient {
  readonly #client: Client;
  readonly #credential: string | null;

  constructor(address: Address, { credential = null, tls = null }: ClientOptions = {}) {
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    this.#credential = credential;
    this.#client = new Client(`${host}:${address.port}`, channelOf(address, tls), {
      'grpc.max_receive_message_length': messageBytesMax,
      // A machine that vanished never closes its connections.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      // A service that comes back is met within a moment.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Two clients of one process must not share a broken connection's back-off.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      // An address is no name to ask for; the library would send it as one all the same.
      ...(isIP(address.host) !== 0 && { 'grpc.ssl_target_name_override': 'coffer' }),
    });
  }

  /** `deadline`: in milliseconds of the epoch. */
  async call<Request, Response>(method: Method<Request, Response>, request: Request, deadline: number): Promise<CallResult<Response>> {
    const span = currentRequest()?.span?.child(method.path.slice(1), 'client');
    const result = await this.#call(method, request, deadline, this.#metadata(span));
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
    // A call on a channel that is known to be connected is the only one of which it is not known whether it arrived.
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

  /** The request that a call is made for goes by one name, and in one trace, in all our services. */
  #metadata(span: Span | undefined): Metadata {
    const metadata = new Metadata();
    const request = currentRequest();
    if (request) metadata.set(requestIdKey, request.requestId);
    if (span) metadata.set('traceparent', span.traceparent);
    if (this.#credential !== null) metadata.set('authorization', `Bearer ${this.#credential}`);
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

/** Our services name each of their answers in `coffer-code`. A status without it was made up on the way. */
function resultOf(error: ServiceError): CallResult<never> {
  const [name] = error.metadata.get('coffer-code');
  const code = name === undefined ? null : String(name);
  const details = { code, reason: error.details, grpcStatus: error.code };
  if (code === null || code === 'outcome_unknown' || code === 'ledger_halted' || code === 'deadline' || code === 'internal')
    return { status: 'unknown', ...details };
  // A service that does not know us says nothing about what we asked: that is an operator's to mend, and asked again then.
  const nothingDone = nothingDoneStatuses.has(error.code);
  return { status: nothingDone ? 'unavailable' : 'refused', ...details };
}
