import path from 'node:path';
import { logLevels } from './log.ts';
import type { LogLevel } from './log.ts';

/** Where something listens, or where to reach it. */
export type Address = { host: string; port: number };

export type Config = {
  http: Address;
  userService: Address;
  walletService: Address;
  /** A PostgreSQL of the operator's; the embedded one when absent. */
  databaseUrl: string | undefined;
  /** Folder of the embedded database, kept secrets and logs. */
  home: string;
  /** Given by the operator; when absent, one is kept in the home. */
  jwtSecret: string | undefined;
  swaggerEnabled: boolean;
  logLevel: LogLevel;
  /** Code of the asset that a new user's wallet is opened in. */
  defaultAsset: string;
};

/** What the environment may set, for help texts and the README. */
export const settings: readonly { name: string; meaning: string; fallback: string }[] = [
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
    name: 'COFFER_HOME',
    meaning: 'folder of the embedded database',
    fallback: '.coffer in this clone',
  },
  {
    name: 'JWT_SECRET',
    meaning: 'signs login tokens, at least 32 bytes',
    fallback: 'generated once, kept in the home',
  },
  { name: 'ENABLE_SWAGGER', meaning: 'API documentation at /docs and /api', fallback: 'true' },
  { name: 'LOG_LEVEL', meaning: logLevels.join(', '), fallback: 'info' },
  { name: 'COFFER_DEFAULT_ASSET', meaning: "asset of a new user's wallet", fallback: 'USD' },
];

const defaultHome = path.resolve(import.meta.dirname, '../../.coffer');
const jwtSecretBytesMin = 32;

/** Reads the settings from the environment. All mistakes are answered together, each as a sentence with its remedy. */
export function readConfig(env: NodeJS.ProcessEnv): { config: Config; problems?: never } | { config?: never; problems: string[] } {
  const problems: string[] = [];
  const problem = (sentence: string) => {
    problems.push(sentence);
  };
  // An empty variable is what compose files and CI leave behind for "not set".
  const given = (name: string) => env[name]?.trim() || undefined;

  const config: Config = {
    http: { host: '127.0.0.1', port: readPort(given('PORT') ?? '3000', 'PORT', problem) },
    userService: readAddress(given('USER_SERVICE_URL') ?? '127.0.0.1:50051', 'USER_SERVICE_URL', problem),
    walletService: readAddress(given('WALLET_SERVICE_URL') ?? '127.0.0.1:50052', 'WALLET_SERVICE_URL', problem),
    databaseUrl: readDatabaseUrl(given('DATABASE_URL'), problem),
    home: path.resolve(given('COFFER_HOME') ?? defaultHome),
    jwtSecret: readJwtSecret(given('JWT_SECRET'), problem),
    swaggerEnabled: readSwitch(given('ENABLE_SWAGGER') ?? 'true', 'ENABLE_SWAGGER', problem),
    logLevel: readLogLevel(given('LOG_LEVEL') ?? 'info', problem),
    defaultAsset: readAssetCode(given('COFFER_DEFAULT_ASSET') ?? 'USD', problem),
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
  const port = readPort(parts[3] ?? '', name, problem);
  if (!isLoopback(host)) {
    problem(
      `${name} is "${text}": without credentials Coffer serves this machine only. Give a loopback address (127.0.0.1, ::1 or localhost).`,
    );
  }
  return { host, port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}

function readDatabaseUrl(text: string | undefined, problem: Problem): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  // The text itself stays out of the sentence: it may hold a password.
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    problem('DATABASE_URL is not a PostgreSQL address: give postgres://user:password@host:5432/database.');
  } else if (url.pathname.length < 2) {
    problem('DATABASE_URL names no database: end it with /database.');
  }
  return text;
}

function readJwtSecret(text: string | undefined, problem: Problem): string | undefined {
  if (text !== undefined && Buffer.byteLength(text) < jwtSecretBytesMin) {
    problem(
      `JWT_SECRET has ${Buffer.byteLength(text)} bytes: give at least ${jwtSecretBytesMin} (openssl rand -base64 48), or leave it away.`,
    );
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

function readAssetCode(text: string, problem: Problem): string {
  if (!/^[A-Z][A-Z0-9_]{0,31}$/.test(text)) {
    problem(`COFFER_DEFAULT_ASSET is "${text}": give a code of capital letters and digits, such as USD.`);
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
