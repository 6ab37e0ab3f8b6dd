import tty from 'node:tty';
import { pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { currentRequest } from './request-context.ts';
import { hideSecrets } from './secrets.ts';

export type Log = Logger;
export type LogLevel = Level | 'silent';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const satisfies readonly LogLevel[];

/** Keys whose values never reach a log line, at the top or up to two levels down (`req.headers.authorization`). */
const secretKeys = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  'password',
  'passwordHash',
  'token',
  'secret',
  'jwtSecret',
  'apiKey',
  'api_key',
  '["x-api-key"]',
];
const redactedPaths = secretKeys.flatMap((key) =>
  ['', '*', '*.*'].map((parent) => (parent === '' || key.startsWith('[') ? `${parent}${key}` : `${parent}.${key}`)),
);

export type LogOptions = {
  level: LogLevel;
  /** Readable lines for a terminal; JSON otherwise. */
  pretty: boolean;
  /** 1, standard output, by default; commands that print their result there log to 2. */
  descriptor?: 1 | 2;
  /** Replaces the descriptor (tests read what was written). */
  destination?: DestinationStream;
  /** Also receives every line as JSON. */
  file?: DestinationStream | undefined;
};

/** Creates the process's log, which hides secrets. Writes are synchronous, so the last line before an exit is not lost. */
export function createLog(options: LogOptions): Log {
  const raw = options.destination ?? standardOutput(options.descriptor ?? 1);
  const lines = options.pretty ? prettyLines(raw, options) : raw;
  const { file } = options;
  const destination = file ? both(lines, file) : lines;
  return pino(
    {
      level: options.level,
      redact: { paths: redactedPaths, censor: '***' },
      hooks: { streamWrite: hideSecrets },
      mixin: requestOfLine,
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
}

/** Retry a full disk or a closed reader after this pause, not for every line. */
const retryAfterMs = 10_000;

/** Lines that cannot be written are lost; the caller is not disturbed. */
function standardOutput(fd: 1 | 2): DestinationStream {
  let stream: DestinationStream | null = null;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const open = () => {
    const opened = pino.destination({ fd, sync: true });
    // After an error a stream would retry its backlog first; a new one has none.
    opened.on('error', () => {
      stream = null;
      failedAtMs = performance.now();
    });
    return opened;
  };
  return {
    write: (line) => {
      if (stream === null && performance.now() - failedAtMs < retryAfterMs) return;
      stream ??= open();
      stream.write(line);
    },
  };
}

function both(first: DestinationStream, second: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      first.write(line);
      second.write(line);
    },
  };
}

/** Adds the request id to lines logged during a request. */
function requestOfLine(): { requestId?: string } {
  const request = currentRequest();
  return request ? { requestId: request.requestId } : {};
}

function prettyLines(raw: DestinationStream, options: LogOptions): DestinationStream {
  const colorize = options.destination === undefined && isTerminal(options.descriptor ?? 1);
  const pretty = prettyFactory({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', colorize });
  return { write: (line) => raw.write(pretty(line)) };
}

export function isTerminal(descriptor: 1 | 2): boolean {
  return tty.isatty(descriptor);
}

/** A log without output, for tests and for commands whose result is their output. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
