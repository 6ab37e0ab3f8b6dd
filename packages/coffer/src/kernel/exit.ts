import type { Log } from './log.ts';

/**
 * A failure that the operator can mend: one sentence of what is wrong and one of what to do next.
 * Printed without a stack; the process ends with exit code 1.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly remedy: string;

  constructor(sentence: string, remedy: string, options?: ErrorOptions) {
    super(sentence, options);
    this.remedy = remedy;
  }
}

/** What a person is told about a failure: sentences for an OperatorError, the stack for anything else (a bug to report). */
export function describeFailure(failure: unknown): string {
  if (failure instanceof OperatorError) return `${failure.message}\n${failure.remedy}`;
  if (failure instanceof Error) return failure.stack ?? failure.message;
  return String(failure);
}

/**
 * Installs the last resort: an error that nobody caught is logged and ends the process with exit code 1.
 * Going on after it would mean answering from a state that nobody can vouch for.
 */
export function exitOnUncaughtErrors(log: Log): void {
  const leave = (failure: unknown, origin: string) => {
    try {
      if (failure instanceof OperatorError) log.fatal(`${failure.message} ${failure.remedy}`);
      else log.fatal({ err: failure, origin }, 'An unexpected error ends this process; the ledger is safe, start it again.');
    } finally {
      process.exit(1);
    }
  };
  process.on('uncaughtException', leave);
  process.on('unhandledRejection', (reason) => leave(reason, 'unhandledRejection'));
}
