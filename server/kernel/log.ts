import tty from 'node:tty';
import { pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';

export type Log = Logger;
export type LogLevel = Level | 'silent';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const satisfies readonly LogLevel[];

/** Keys whose values never reach a log line, at the top or up to two levels down (`req.headers.authorization`). */
const secretKeys = ['authorization', 'cookie', '["set-cookie"]', 'password', 'passwordHash', 'token', 'secret', 'jwtSecret', 'apiKey'];
const redactedPaths = secretKeys.flatMap((key) =>
  ['', '*', '*.*'].map((parent) => (parent === '' || key.startsWith('[') ? `${parent}${key}` : `${parent}.${key}`)),
);

const passwordInQuery = /([?&](?:ssl)?password=)[^&\s"']*/gi;
const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"]+@/gi;

/** Hides the password of every URL in a text (`postgres://coffer:***@host/db`), for messages and logs. */
export function hidePasswords(text: string): string {
  return text.replace(passwordInUrl, '$1***@').replace(passwordInQuery, '$1***');
}

export type LogOptions = {
  level: LogLevel;
  /** Lines for a person at a terminal; JSON otherwise. */
  pretty: boolean;
  /** 1, standard output, when absent; commands whose answer goes there log to 2. */
  descriptor?: 1 | 2;
  /** Replaces the descriptor (tests read what was written). */
  destination?: DestinationStream;
};

/** Creates the process's log, with secrets left out of it. Writing is synchronous: the last line before an exit is not lost. */
export function createLog(options: LogOptions): Log {
  const raw = options.destination ?? pino.destination({ fd: options.descriptor ?? 1, sync: true });
  const destination = options.pretty ? prettyLines(raw, options) : raw;
  return pino(
    {
      level: options.level,
      redact: { paths: redactedPaths, censor: '***' },
      hooks: { streamWrite: hidePasswords },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
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
