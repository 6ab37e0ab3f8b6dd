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
  /** Lines for a person at a terminal; JSON otherwise. */
  pretty: boolean;
  /** 1, standard output, when absent; commands whose answer goes there log to 2. */
  descriptor?: 1 | 2;
  /** Replaces the descriptor (tests read what was written). */
  destination?: DestinationStream;
  /** Gets every line as JSON, beside the descriptor or destination. */
  file?: DestinationStream | undefined;
};

/** Creates the process's log, with secrets left out of it. Writing is synchronous: the last line before an exit is not lost. */
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

/** A disk that is full, or a reader that is gone, is asked again after a while, not for every line. */
const retryAfterMs = 10_000;

/** Lines that it does not take are lost; whoever logs is not disturbed. */
function standardOutput(fd: 1 | 2): DestinationStream {
  let stream: DestinationStream | null = null;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const open = () => {
    const opened = pino.destination({ fd, sync: true });
    // It would keep what it could not write, and try that first; a new one has nothing to catch up with.
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

/** A line that is written while a request is worked on names it. */
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

/** A log that says nothing, for tests and for commands whose answer is their output. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
