/** The settings of the transports: where they listen, who may call, and how often. */
import { isIP } from 'node:net';
import {
  asRead,
  hostAndPort,
  isLoopback,
  onOff,
  oneOfWords,
  optional,
  port,
  secretText,
  settingGroup,
  wholeNumber,
  anyText,
} from '../kernel/index.ts';
import type { Address, Parser } from '../kernel/index.ts';
import { networks } from './network/addresses.ts';

const host: Parser<string> = {
  type: 'host',
  parse: (text) => {
    const bare = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
    return isIP(bare) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(bare)
      ? { value: bare }
      : { instead: 'an address of this machine, such as 127.0.0.1 or 0.0.0.0, without a port' };
  },
};

export const listenSettings = settingGroup({
  title: 'Listening',
  rows: {
    host: { name: 'HOST', reads: host, default: '127.0.0.1', absent: '127.0.0.1', meaning: 'address of the REST API', example: '0.0.0.0' },
    port: { name: 'PORT', reads: port, default: 3000, absent: '3000', meaning: 'port of the REST API', example: '8080' },
    userService: {
      name: 'USER_SERVICE_URL',
      reads: hostAndPort,
      default: { host: '127.0.0.1', port: 50_051 },
      absent: '127.0.0.1:50051',
      meaning: 'address of the users gRPC service',
      example: '0.0.0.0:50051',
    },
    walletService: {
      name: 'WALLET_SERVICE_URL',
      reads: hostAndPort,
      default: { host: '127.0.0.1', port: 50_052 },
      absent: '127.0.0.1:50052',
      meaning: 'address of the wallets gRPC service',
      example: '0.0.0.0:50052',
    },
    auth: {
      name: 'COFFER_AUTH',
      reads: optional(oneOfWords(['open', 'required'])),
      default: undefined,
      absent: 'open on loopback, otherwise required',
      meaning: 'whether callers need credentials',
      example: 'required',
    },
  },
  combine: ({ host: httpHost, port: httpPort, userService, walletService, auth }, mistake) => {
    const addresses = { http: { host: httpHost, port: httpPort }, userService, walletService };
    refuseSharedPorts(addresses, mistake);
    return { ...addresses, auth: authFor(addresses, auth, mistake) };
  },
});

export const tlsSettings = settingGroup({
  title: 'TLS',
  rows: {
    certFile: {
      name: 'COFFER_TLS_CERT',
      reads: optional(anyText),
      default: undefined,
      absent: 'no TLS',
      meaning: 'certificate for REST and gRPC, a PEM file',
      example: '/etc/coffer/cert.pem',
    },
    keyFile: {
      name: 'COFFER_TLS_KEY',
      reads: optional(anyText),
      default: undefined,
      absent: 'no TLS',
      meaning: 'its private key, a PEM file',
      example: '/etc/coffer/key.pem',
    },
  },
  combine: ({ certFile, keyFile }, mistake): { tls: { certFile: string; keyFile: string } | undefined } => {
    if (certFile !== undefined && keyFile !== undefined) return { tls: { certFile, keyFile } };
    if (certFile !== undefined || keyFile !== undefined)
      mistake('COFFER_TLS_CERT and COFFER_TLS_KEY belong together: set both, or neither.');
    return { tls: undefined };
  },
});

export const callerSettings = settingGroup({
  title: 'Callers',
  rows: {
    internalSecret: {
      name: 'COFFER_INTERNAL_SECRET',
      reads: optional(secretText),
      default: undefined,
      absent: 'generated once, stored in COFFER_HOME',
      meaning: 'secret with which the services authenticate to each other',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    previousInternalSecret: {
      name: 'COFFER_INTERNAL_SECRET_PREVIOUS',
      reads: optional(secretText),
      default: undefined,
      absent: 'none',
      meaning: 'another secret that is accepted, while COFFER_INTERNAL_SECRET is rotated',
      example: 'the output of openssl rand -base64 48',
      secret: true,
    },
    requestsPerMinute: {
      name: 'COFFER_RATE_LIMIT',
      reads: wholeNumber('a number of requests per minute (0 for no limit)', 0, 999_999_999),
      default: 0,
      absent: 'unlimited',
      meaning: 'maximum requests per minute and caller',
      example: '600',
    },
    trustedProxies: {
      name: 'COFFER_TRUSTED_PROXIES',
      reads: networks,
      default: [],
      absent: 'none: the caller is the peer of the connection',
      meaning: 'proxies whose X-Forwarded-For is trusted',
      example: '10.0.0.7,192.168.0.0/16',
    },
  },
  combine: ({ requestsPerMinute, ...others }) => ({
    ...others,
    requestsPerMinute: requestsPerMinute === 0 ? undefined : requestsPerMinute,
  }),
});

const contact: Parser<string> = {
  type: 'URL',
  parse: (text) =>
    ['mailto:', 'https:', 'tel:'].includes(URL.parse(text)?.protocol ?? '') && !/\s/.test(text)
      ? { value: text }
      : { instead: 'a mailto: or https: URL' },
};

const origins: Parser<readonly string[]> = {
  type: 'origins',
  parse: (text) => {
    const found = text.split(',').map((part) => part.trim());
    const isOrigin = (one: string) => /^https?:[/][/][^*]+$/.test(one) && URL.parse(one)?.origin === one;
    return found.every(isOrigin)
      ? { value: found }
      : { instead: 'origins separated by commas, such as https://app.example.com,http://localhost:5173: no paths and no wildcards' };
  },
};

export const httpSettings = settingGroup({
  title: 'REST',
  rows: {
    swaggerEnabled: {
      name: 'ENABLE_SWAGGER',
      reads: optional(onOff),
      default: undefined,
      absent: 'on in open mode, otherwise off',
      meaning: 'API documentation at /docs and /api',
      example: 'off',
    },
    logRequests: {
      name: 'COFFER_LOG_REQUESTS',
      reads: onOff,
      default: false,
      absent: 'off',
      meaning: 'log one line per REST request',
      example: 'on',
    },
    corsOrigins: {
      name: 'COFFER_CORS_ORIGINS',
      reads: origins,
      default: [],
      absent: 'none',
      meaning: 'origins whose web pages may read answers of the REST API (CORS)',
      example: 'https://app.example.com',
    },
    securityContact: {
      name: 'COFFER_SECURITY_CONTACT',
      reads: optional(contact),
      default: undefined,
      absent: 'none',
      meaning: 'where to report vulnerabilities of your installation, published at /.well-known/security.txt',
      example: 'mailto:security@example.com',
    },
  },
  combine: asRead,
});

const streams = (least: number) => wholeNumber('a number of streams', least, 100_000);

export const streamSettings = settingGroup({
  title: 'Live streams',
  rows: {
    streamsMax: {
      name: 'COFFER_STREAMS_MAX',
      reads: streams(1),
      default: 1_000,
      absent: '1000',
      meaning: 'maximum live streams of one process',
      example: '5000',
    },
    reserved: {
      name: 'COFFER_STREAMS_RESERVED',
      reads: optional(streams(0)),
      default: undefined,
      absent: 'a tenth of COFFER_STREAMS_MAX',
      meaning: 'how many of them only staff and API keys may open',
      example: '200',
    },
    perCallerMax: {
      name: 'COFFER_STREAMS_PER_CALLER',
      reads: streams(1),
      default: 50,
      absent: '50',
      meaning: 'maximum live streams of one user or API key',
      example: '10',
    },
    perAddressMax: {
      name: 'COFFER_STREAMS_PER_ADDRESS',
      reads: streams(1),
      default: 200,
      absent: '200',
      meaning: 'maximum live streams of all users at one address, or one IPv6 /64',
      example: '50',
    },
  },
  combine: (live, mistake): { live: LiveLimits } => {
    if (live.reserved !== undefined && live.reserved > live.streamsMax)
      mistake('COFFER_STREAMS_RESERVED is more than COFFER_STREAMS_MAX: reserve fewer, or allow more.');
    return { live };
  },
});

type LiveLimits = {
  readonly streamsMax: number;
  readonly reserved: number | undefined;
  readonly perCallerMax: number;
  readonly perAddressMax: number;
};

type Addresses = { readonly http: Address; readonly userService: Address; readonly walletService: Address };

/** Without credentials, only the loopback address keeps strangers out. */
function authFor(
  { http, userService, walletService }: Addresses,
  auth: 'open' | 'required' | undefined,
  mistake: (sentence: string) => void,
): 'open' | 'required' {
  const listeners = [
    ['HOST', http],
    ['USER_SERVICE_URL', userService],
    ['WALLET_SERVICE_URL', walletService],
  ] as const;
  const outside = listeners.find(([, address]) => !isLoopback(address.host));
  if (auth === 'open' && outside)
    mistake(
      `${outside[0]} is ${outside[1].host}, and COFFER_AUTH is open: without credentials Coffer serves this machine only. Set COFFER_AUTH=required, or give a loopback address (127.0.0.1, ::1 or localhost).`,
    );
  return auth ?? (outside ? 'required' : 'open');
}

function refuseSharedPorts({ http, userService, walletService }: Addresses, mistake: (sentence: string) => void): void {
  const listeners = [
    ['PORT', http.port],
    ['USER_SERVICE_URL', userService.port],
    ['WALLET_SERVICE_URL', walletService.port],
  ] as const;
  for (const [index, [name, own]] of listeners.entries()) {
    const earlier = listeners.slice(0, index).find(([, other]) => other === own);
    if (earlier) mistake(`${name} and ${earlier[0]} both use port ${own}: choose different ports.`);
  }
}
