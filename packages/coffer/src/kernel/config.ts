import { isIP } from 'node:net';
import path from 'node:path';
import { logLevels } from './log.ts';
import type { LogLevel } from './log.ts';
import { peerSettings, readPeers } from './peers.ts';
import type { PeersConfig } from './peers.ts';
import { proxySettings, readTrustedProxies } from './proxies.ts';
import type { Network } from './proxies.ts';
import { hidePasswords } from './secrets.ts';

/** Where something listens, or where to reach it. */
export type Address = { host: string; port: number };

export type Config = {
  http: Address;
  userService: Address;
  walletService: Address;
  /** A PostgreSQL of the operator's; the embedded one when absent. */
  databaseUrl: string | undefined;
  /** The same database as its owner, for migrating; `databaseUrl` when absent. */
  migrationUrl: string | undefined;
  /** Folder of the embedded database, kept secrets and logs. */
  home: string;
  /** Given by the operator; when absent, one is kept in the home. */
  jwtSecret: string | undefined;
  /** Whether callers say who they are. `open` only ever with loopback listeners. */
  auth: 'open' | 'required';
  /** Another issuer whose login tokens are believed. */
  issuer: { jwksUrl: string; issuer: string; audience: string } | undefined;
  /** By which our services know each other; when absent, one is kept in the home. */
  internalSecret: string | undefined;
  /** PEM files for every listener. */
  tls: { certFile: string; keyFile: string } | undefined;
  /** For each caller in each process; unlimited when absent. */
  requestsPerMinute: number | undefined;
  /** Proxies in front, whose word about the caller's address is believed. */
  trustedProxies: readonly Network[];
  swaggerEnabled: boolean;
  logLevel: LogLevel;
  /** How many books the ledger is begun with; what it has, or one, when absent. */
  books: number | undefined;
  /** Code of the asset that a new user's wallet is opened in. */
  defaultAsset: string;
  /** For how many days asynchronous requests stay there once they are finished. */
  requestDays: number;
  observe: ObserveConfig;
  peers: PeersConfig;
};

export type ObserveConfig = {
  /** Whether requests that may change something are written into the audit, and for how many days they stay there. */
  audit: boolean;
  auditDays: number;
  /** Where log files are kept; null: none are written. */
  logFolder: string | null;
  /** A log line for each HTTP request; at level debug there is one anyway. */
  logRequests: boolean;
  /** The OpenTelemetry collector that traces are sent to; null: no traces. */
  tracesUrl: string | null;
};

/** What the environment may set, for help texts and the README. */
export const settings: readonly { name: string; meaning: string; fallback: string }[] = [
  { name: 'HOST', meaning: 'address of the REST API', fallback: '127.0.0.1' },
  { name: 'PORT', meaning: 'port of the REST API', fallback: '3000' },
  {
    name: 'USER_SERVICE_URL',
    meaning: 'address of the users gRPC service',
    fallback: '127.0.0.1:50051',
  },
  {
    name: 'WALLET_SERVICE_URL',
    meaning: 'address of the wallets gRPC service',
    fallback: '127.0.0.1:50052',
  },
  {
    name: 'DATABASE_URL',
    meaning: 'a PostgreSQL 16 or newer of your own',
    fallback: 'the embedded PostgreSQL 18',
  },
  {
    name: 'COFFER_MIGRATION_URL',
    meaning: 'the same database as its owner, who alone may migrate it',
    fallback: 'DATABASE_URL',
  },
  {
    name: 'COFFER_HOME',
    meaning: 'folder of the embedded database',
    fallback: '.coffer in the clone; in the current folder when installed as a package',
  },
  {
    name: 'JWT_SECRET',
    meaning: 'signs login tokens, at least 32 bytes',
    fallback: 'generated once, kept in the home',
  },
  {
    name: 'COFFER_AUTH',
    meaning: 'open (nobody is asked who they are) or required',
    fallback: 'open on loopback, else required',
  },
  {
    name: 'COFFER_INTERNAL_SECRET',
    meaning: 'by which the services know each other, at least 32 bytes',
    fallback: 'generated once, kept in the home',
  },
  { name: 'COFFER_JWKS_URL', meaning: "public keys of another issuer of your users' tokens", fallback: 'none' },
  { name: 'COFFER_JWT_ISSUER', meaning: 'what its tokens must say as iss', fallback: 'none' },
  { name: 'COFFER_JWT_AUDIENCE', meaning: 'what its tokens must say as aud', fallback: 'none' },
  { name: 'COFFER_TLS_CERT', meaning: 'certificate for HTTP and gRPC, a PEM file', fallback: 'none: no TLS' },
  { name: 'COFFER_TLS_KEY', meaning: 'its private key, a PEM file', fallback: 'none: no TLS' },
  { name: 'COFFER_RATE_LIMIT', meaning: 'requests per minute of one caller', fallback: 'unlimited' },
  ...proxySettings,
  { name: 'ENABLE_SWAGGER', meaning: 'API documentation at /docs and /api', fallback: 'true' },
  { name: 'LOG_LEVEL', meaning: logLevels.join(', '), fallback: 'info' },
  { name: 'COFFER_BOOKS', meaning: 'books that a new ledger is begun with, 1 to 1024', fallback: 'what the ledger has, else 1' },
  { name: 'COFFER_DEFAULT_ASSET', meaning: "asset of a new user's wallet", fallback: 'USD' },
  { name: 'COFFER_REQUEST_DAYS', meaning: 'for how many days a finished asynchronous request is kept', fallback: '400' },
  { name: 'COFFER_AUDIT', meaning: 'keep what is asked of the API, in api_audit', fallback: 'on' },
  { name: 'COFFER_AUDIT_DAYS', meaning: 'for how many days it is kept', fallback: '90' },
  { name: 'COFFER_LOG_FILES', meaning: 'write the log to files, too', fallback: 'on' },
  { name: 'COFFER_LOG_FOLDER', meaning: 'folder of the log files', fallback: 'logs in COFFER_HOME' },
  { name: 'COFFER_LOG_REQUESTS', meaning: 'a log line for each HTTP request', fallback: 'off' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    meaning: 'OpenTelemetry collector to send traces to, over OTLP/HTTP',
    fallback: 'no traces',
  },
  { name: 'COFFER_TRACES', meaning: 'on: traces to 127.0.0.1:4318; off: none', fallback: 'on when a collector is given' },
  ...peerSettings,
];

/** Sources run from a clone, which has one home wherever it is called from; below node_modules, data would go with the next install. */
const isClone = import.meta.filename.endsWith('.ts');
const defaultHome = isClone ? path.resolve(import.meta.dirname, '../../../../.coffer') : path.resolve('.coffer');
const secretBytesMin = 32;
const booksMax = 1024;

/** Reads the settings from the environment. All mistakes are answered together, each as a sentence with its remedy. */
export function readConfig(env: NodeJS.ProcessEnv): { config: Config; problems?: never } | { config?: never; problems: string[] } {
  const problems: string[] = [];
  const problem = (sentence: string) => {
    problems.push(sentence);
  };
  // An empty variable is what compose files and CI leave behind for "not set".
  const given = (name: string) => env[name]?.trim() || undefined;

  const migrationUrl = readDatabaseUrl('COFFER_MIGRATION_URL', given('COFFER_MIGRATION_URL'), problem);
  const addresses = {
    http: { host: readHost(given('HOST') ?? '127.0.0.1', problem), port: readPort(given('PORT') ?? '3000', 'PORT', problem) },
    userService: readAddress(given('USER_SERVICE_URL') ?? '127.0.0.1:50051', 'USER_SERVICE_URL', problem),
    walletService: readAddress(given('WALLET_SERVICE_URL') ?? '127.0.0.1:50052', 'WALLET_SERVICE_URL', problem),
  };
  const config: Config = {
    ...addresses,
    auth: readAuth(given('COFFER_AUTH'), addresses, problem),
    issuer: readIssuer(given, problem),
    internalSecret: readSecret(given('COFFER_INTERNAL_SECRET'), 'COFFER_INTERNAL_SECRET', problem),
    tls: readTlsFiles(given('COFFER_TLS_CERT'), given('COFFER_TLS_KEY'), problem),
    requestsPerMinute: readRate(given('COFFER_RATE_LIMIT'), problem),
    trustedProxies: readTrustedProxies(given('COFFER_TRUSTED_PROXIES'), problem),
    databaseUrl: readDatabaseUrl('DATABASE_URL', given('DATABASE_URL'), problem) ?? migrationUrl,
    migrationUrl,
    home: path.resolve(given('COFFER_HOME') ?? defaultHome),
    jwtSecret: readSecret(given('JWT_SECRET'), 'JWT_SECRET', problem),
    swaggerEnabled: readSwitch(given('ENABLE_SWAGGER') ?? 'true', 'ENABLE_SWAGGER', problem),
    logLevel: readLogLevel(given('LOG_LEVEL') ?? 'info', problem),
    books: readBooks(given('COFFER_BOOKS'), problem),
    defaultAsset: readAssetCode(given('COFFER_DEFAULT_ASSET') ?? 'USD', problem),
    requestDays: readDays('COFFER_REQUEST_DAYS', given('COFFER_REQUEST_DAYS') ?? '400', problem),
    observe: readObserve(given, path.resolve(given('COFFER_HOME') ?? defaultHome), problem),
    peers: readPeers(given, (name, fallback) => readSwitch(given(name) ?? fallback, name, problem), problem),
  };
  refuseSharedPorts(config, problem);
  return problems.length === 0 ? { config } : { problems };
}

type Problem = (sentence: string) => void;

function readPort(text: string, name: string, problem: Problem): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  problem(`${name} is "${text}": give a port between 1 and 65535.`);
  return Number.NaN;
}

function readAddress(text: string, name: string, problem: Problem): Address {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  if (!parts || host === undefined) {
    problem(`${name} is "${text}": give host:port, such as 127.0.0.1:50051.`);
    return { host: '', port: Number.NaN };
  }
  return { host, port: readPort(parts[3] ?? '', name, problem) };
}

function readHost(text: string, problem: Problem): string {
  const host = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
  if (isIP(host) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host))
    problem(`HOST is "${text}": give an address of this machine, such as 127.0.0.1 or 0.0.0.0, without a port.`);
  return host;
}

/** Without credentials, being on loopback is all that keeps strangers out. */
function readAuth(
  text: string | undefined,
  addresses: Pick<Config, 'http' | 'userService' | 'walletService'>,
  problem: Problem,
): Config['auth'] {
  const names = { http: 'HOST', userService: 'USER_SERVICE_URL', walletService: 'WALLET_SERVICE_URL' } as const;
  const outside = (['http', 'userService', 'walletService'] as const).find((name) => {
    const { host } = addresses[name];
    return host !== '' && !isLoopback(host);
  });
  if (text === undefined) return outside ? 'required' : 'open';
  const mode = text.toLowerCase();
  if (mode !== 'open' && mode !== 'required') {
    problem(`COFFER_AUTH is "${text}": give open or required.`);
    return 'required';
  }
  if (mode === 'open' && outside)
    problem(
      `${names[outside]} is ${addresses[outside].host}, and COFFER_AUTH is open: without credentials Coffer serves this machine only. Set COFFER_AUTH=required, or give a loopback address (127.0.0.1, ::1 or localhost).`,
    );
  return mode;
}

function readIssuer(given: (name: string) => string | undefined, problem: Problem): Config['issuer'] {
  const [jwksUrl, issuer, audience] = [given('COFFER_JWKS_URL'), given('COFFER_JWT_ISSUER'), given('COFFER_JWT_AUDIENCE')];
  if (jwksUrl === undefined && issuer === undefined && audience === undefined) return undefined;
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) {
    problem('COFFER_JWKS_URL, COFFER_JWT_ISSUER and COFFER_JWT_AUDIENCE belong together: set all three, or none.');
    return undefined;
  }
  const url = URL.parse(jwksUrl);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))))
    problem(`COFFER_JWKS_URL is "${hidePasswords(jwksUrl)}": give an https address, or an http one of this machine.`);
  return { jwksUrl, issuer, audience };
}

function readTlsFiles(certFile: string | undefined, keyFile: string | undefined, problem: Problem): Config['tls'] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  problem('COFFER_TLS_CERT and COFFER_TLS_KEY belong together: set both, or none.');
  return undefined;
}

function readRate(text: string | undefined, problem: Problem): number | undefined {
  if (text === undefined || text === '0') return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  problem(`COFFER_RATE_LIMIT is "${text}": give a number of requests per minute, or 0 for no limit.`);
  return undefined;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}

function readDatabaseUrl(name: string, text: string | undefined, problem: Problem): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  // The text itself stays out of the sentence: it may hold a password.
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    problem(`${name} is not a PostgreSQL address: give postgres://user:password@host:5432/database.`);
  } else if (url.pathname.length < 2) {
    problem(`${name} names no database: end it with /database.`);
  }
  return text;
}

function readSecret(text: string | undefined, name: string, problem: Problem): string | undefined {
  if (text !== undefined && Buffer.byteLength(text) < secretBytesMin) {
    problem(`${name} has ${Buffer.byteLength(text)} bytes: give at least ${secretBytesMin} (openssl rand -base64 48), or leave it away.`);
  }
  return text;
}

function readSwitch(text: string, name: string, problem: Problem): boolean {
  const word = text.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  if (!['false', '0', 'no', 'off'].includes(word)) problem(`${name} is "${text}": give true or false.`);
  return false;
}

function readLogLevel(text: string, problem: Problem): LogLevel {
  const level = logLevels.find((known) => known === text.toLowerCase());
  if (level === undefined) problem(`LOG_LEVEL is "${text}": give one of ${logLevels.join(', ')}.`);
  return level ?? 'info';
}

function readBooks(text: string | undefined, problem: Problem): number | undefined {
  if (text === undefined) return undefined;
  const books = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(books <= booksMax)) problem(`COFFER_BOOKS is "${text}": give a number between 1 and ${booksMax}.`);
  return books;
}

function readAssetCode(text: string, problem: Problem): string {
  if (!/^[A-Z][A-Z0-9_]{0,31}$/.test(text)) {
    problem(`COFFER_DEFAULT_ASSET is "${text}": give a code of capital letters and digits, such as USD.`);
  }
  return text;
}

function readObserve(given: (name: string) => string | undefined, home: string, problem: Problem): ObserveConfig {
  const isOn = (name: string, fallback: string) => readSwitch(given(name) ?? fallback, name, problem);
  const logFiles = isOn('COFFER_LOG_FILES', 'on');
  const traces = isOn('COFFER_TRACES', given('OTEL_EXPORTER_OTLP_ENDPOINT') === undefined ? 'off' : 'on');
  return {
    audit: isOn('COFFER_AUDIT', 'on'),
    auditDays: readDays('COFFER_AUDIT_DAYS', given('COFFER_AUDIT_DAYS') ?? '90', problem),
    logFolder: logFiles ? path.resolve(given('COFFER_LOG_FOLDER') ?? path.join(home, 'logs')) : null,
    logRequests: isOn('COFFER_LOG_REQUESTS', 'off'),
    tracesUrl: traces ? readCollector(given('OTEL_EXPORTER_OTLP_ENDPOINT') ?? 'http://127.0.0.1:4318', problem) : null,
  };
}

function readDays(name: string, text: string, problem: Problem): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= 36_500) return days;
  problem(`${name} is "${text}": give a number of days between 1 and 36500.`);
  return 1;
}

function readCollector(text: string, problem: Problem): string {
  const url = URL.parse(text);
  // The text itself stays out of the sentence: it may hold a password.
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    problem('OTEL_EXPORTER_OTLP_ENDPOINT is no address of a collector: give http://host:4318.');
  }
  return text;
}

function refuseSharedPorts(config: Config, problem: Problem): void {
  const listeners = [
    ['PORT', config.http.port],
    ['USER_SERVICE_URL', config.userService.port],
    ['WALLET_SERVICE_URL', config.walletService.port],
  ] as const;
  for (const [index, [name, port]] of listeners.entries()) {
    const earlier = listeners.slice(0, index).find(([, other]) => other === port);
    if (earlier) problem(`${name} and ${earlier[0]} both use port ${port}: give each its own.`);
  }
}
