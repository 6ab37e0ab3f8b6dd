/** Failures that a request to ledger.LedgerService causes. */
import { InvalidInput } from '../../operations/index.ts';
import { denialFailure } from './callers.ts';
import { failureOf } from './statuses.ts';
import type { Failure } from './statuses.ts';
import type { Handler } from './unary.ts';

/** One of the operations is denied to the caller, or its owner is refused. */
export class Denied extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.details);
    this.failure = failure;
  }
}

/** Answers with the failure that the request caused, where `handle` throws it. */
export function orFailure<Request, Response>(handle: Handler<Request, Response>): Handler<Request, Response> {
  return async (request, call) => {
    try {
      return await handle(request, call);
    } catch (thrown) {
      const failure = requestFailureIn(thrown);
      if (!failure) throw thrown;
      return { failure };
    }
  };
}

/** Null if the failure is not caused by the request. */
export function requestFailureIn(thrown: unknown): Failure | null {
  if (thrown instanceof InvalidInput) return invalidInputFailure(thrown);
  return thrown instanceof Denied ? thrown.failure : null;
}

function invalidInputFailure({ code, message }: InvalidInput): Failure {
  return code === 'invalid_request' ? invalid(message) : denialFailure({ denied: code, detail: message });
}

export function invalid(sentence: string): Failure {
  return failureOf('request_invalid', { said: sentence });
}

export function walletNotFound(wallet: string): Failure {
  return failureOf('wallet_not_found', { facts: { wallet } });
}
