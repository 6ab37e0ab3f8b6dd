/** The gRPC server common to all our services: limits, health, reflection, clear start errors, a bounded stop. */
import { Metadata, Server, ServerCredentials, ServerInterceptingCall, setLogger, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { EnumTypeDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { newId } from '../../kernel/index.ts';
import type { Address, Log } from '../../kernel/index.ts';
import { listenFailure } from '../network/index.ts';
import type { Tls } from '../network/index.ts';
import type { Guard } from './callers.ts';
import type { Observation } from '../observation.ts';
import { descriptors } from './generated/descriptors.ts';
import { requestIdKey } from './observing.ts';

export const messageBytesMax = 1_048_576;
const streamsPerConnectionMax = 1_000;
/** A connection that is silent for this long is pinged, and closed if it does not answer. */
const keepaliveAfterMs = 30_000;
const keepaliveTimeoutMs = 10_000;
const healthEveryMs = 500;
const stopPatienceMs = 5_000;

export type RunningService = {
  /** Where it listens; the actual port if 0 was requested. */
  readonly address: Address;
  /** Accepts no more calls, finishes those in progress within some seconds, then closes the remaining ones. */
  stop(): Promise<void>;
};

export type ServiceOptions = Guard & {
  /** Port 0 picks a free one. */
  readonly address: Address;
  readonly log: Log;
  /** Whether calls can be served; checked twice a second, reported by the health service. */
  readonly ready: () => boolean | Promise<boolean>;
  /** For calls without a deadline; default 15 s. */
  readonly defaultDeadlineMs?: number;
  /** Enables reflection of the contract; in open mode only, and off if false. */
  readonly reflection?: boolean;
  /** Records each call; nothing is recorded if absent. */
  readonly observation?: Observation | undefined;
  /** Without TLS, calls are readable on the network. */
  readonly tls?: Tls | null;
};

type Described = {
  /** The services that it serves, each with its contract. */
  readonly services: Readonly<Record<string, keyof typeof descriptors>>;
  readonly what: string;
  readonly setting: string;
};

/** Starts a server; `register` adds its calls. A taken port is an OperatorError. */
export async function startServer(
  options: ServiceOptions,
  service: Described,
  register: (server: Server, stopping: AbortSignal) => void,
): Promise<RunningService> {
  // The library's messages (an invalid header, a broken connection) go to the log, not to standard error.
  setLogger({ error: (...words: unknown[]) => options.log.debug(words.map(String).join(' ')) });
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    // An outcome is always reported, however long: the answer to a request is longer than the request.
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    'grpc.keepalive_time_ms': keepaliveAfterMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    // The library's own statistics are unused, and each call would pay for them.
    'grpc.enable_channelz': 0,
    interceptors: [blameTheCaller],
  });
  const stopping = new AbortController();
  register(server, stopping.signal);
  const names = ['', ...Object.keys(service.services)];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  health.addToServer(server);
  if (options.access.mode === 'open' && options.reflection !== false) addReflection(server, service);
  const port = await bind(server, options, service);
  const watch = watchHealth(options.ready, (serving) => {
    for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  });
  await watch.first;
  return {
    address: { host: options.address.host, port },
    stop: async () => {
      watch.stop();
      stopping.abort();
      await shutDown(server);
    },
  };
}

function addReflection(server: Server, service: Described): void {
  const contracts = [...new Set([...Object.values(service.services), 'health.proto' as const])];
  const fileDescriptorProtos = contracts.map((contract) => Buffer.from(descriptors[contract], 'base64'));
  // The library takes packages in the form of proto-loader, and reads only their descriptors.
  const described: EnumTypeDefinition = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos };
  new ReflectionService({ described }, { services: [...Object.keys(service.services), 'grpc.health.v1.Health'] }).addToServer(server);
}

async function bind(server: Server, { address, tls }: ServiceOptions, { what, setting }: Described): Promise<number> {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return await new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${address.port}`, credentialsOf(tls ?? null), (error, port) => {
      if (!error) return resolve(port);
      // The library reports the cause only in the text of its error.
      const code = /\b(EADDRINUSE|EACCES|EADDRNOTAVAIL|ENOTFOUND)\b/.exec(error.message)?.[1];
      reject(listenFailure({ what, setting, address }, code ? Object.assign(error, { code }) : error) ?? error);
    });
  });
}

function credentialsOf(tls: Tls | null): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }]);
}

function watchHealth(ready: ServiceOptions['ready'], tell: (serving: boolean) => void): { first: Promise<void>; stop(): void } {
  let stopped = false;
  let asking = false;
  const ask = async (): Promise<void> => {
    // An unavailable database may take longer to answer than this waits.
    if (asking) return;
    asking = true;
    const serving = await Promise.resolve()
      .then(ready)
      .catch(() => false);
    asking = false;
    if (!stopped) tell(serving);
  };
  const timer = setInterval(() => void ask(), healthEveryMs);
  timer.unref();
  return {
    first: ask(),
    stop: () => {
      stopped = true;
      clearInterval(timer);
      tell(false);
    },
  };
}

async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, stopPatienceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

/**
 * Errors that the library answers with INTERNAL although the caller caused them: a bad grpc-timeout, bad compression, bytes that
 * are not a message.
 */
const callersFault = /^(Invalid grpc-timeout|Failed to decompress|Error deserializing request)/;

const blameTheCaller: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call);
  call.sendStatus = (sent) => {
    if (sent.code !== status.INTERNAL || !callersFault.test(sent.details ?? '')) return send(sent);
    const metadata = new Metadata();
    metadata.set('coffer-code', 'message_malformed');
    metadata.set(requestIdKey, newId());
    send({ code: status.INVALID_ARGUMENT, details: sent.details ?? null, metadata });
  };
  return new ServerInterceptingCall(call);
};
