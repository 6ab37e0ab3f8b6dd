import type { Log } from './log.ts';

/**
 * A failure that the operator can fix: one sentence for the problem and one for the remedy. Printed without a stack; the process ends with
 * exit code 1.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly remedy: string;

  constructor(sentence: string, remedy: string, options?: ErrorOptions) {
    super(sentence, options);
    this.remedy = remedy;
  }
}

/** Describes a failure for a person: sentences for an OperatorError, the stack for anything else (a bug to report). */
export function describeFailure(failure: unknown): string {
  if (failure instanceof OperatorError) return `${failure.message}\n${failure.remedy}`;
  if (failure instanceof Error) return failure.stack ?? failure.message;
  return String(failure);
}

/**
 * Installs the last resort: an uncaught error is logged and ends the process with exit code 1, because its state can no longer be trusted.
 */
export function exitOnUncaughtErrors(log: Log): void {
  const leave = (failure: unknown, origin: string) => {
    try {
      if (failure instanceof OperatorError) log.fatal(`${failure.message} ${failure.remedy}`);
      else log.fatal({ err: failure, origin }, 'An unexpected error ends this process. The ledger is safe; restart it.');
    } finally {
      process.exit(1);
    }
  };
  process.on('uncaughtException', leave);
  process.on('unhandledRejection', (reason) => leave(reason, 'unhandledRejection'));
}
