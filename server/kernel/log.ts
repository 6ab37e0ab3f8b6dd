import { pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';
import { build as prettyStream } from 'pino-pretty';

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
];
const redactedPaths = secretKeys.flatMap((key) =>
  ['', '*', '*.*'].map((parent) => (parent === '' || key.startsWith('[') ? `${parent}${key}` : `${parent}.${key}`)),
);

const passwordInUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s@"]+@/gi;

/** Hides the password of every URL in a text (`postgres://coffer:***@host/db`), for messages and logs. */
export function hidePasswords(text: string): string {
  return text.replace(passwordInUrl, '$1***@');
}

/**
 * Creates the process's log: readable lines for a terminal, JSON otherwise, with secrets left out of both.
 * `destination` replaces standard output (tests read what was written).
 */
export function createLog(options: {
  level: LogLevel;
  pretty: boolean;
  destination?: DestinationStream;
}): Log {
  const destination = options.pretty
    ? prettyStream({
        // Synchronous: the last line before an exit must not be lost.
        sync: true,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss',
        ...(options.destination ? { destination: options.destination, colorize: false } : {}),
      })
    : (options.destination ?? pino.destination({ fd: 1, sync: true }));
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

/** A log that says nothing, for tests and for commands whose answer is their output. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
