/** Turns whatever was thrown into a problem. Nothing that a caller sends ends in the last lines; they are for bugs. */
import type { FastifyError } from 'fastify';
import { BrokerUnavailable } from '../../events/index.ts';
import { IdentityOverloaded, IdentityUnavailable } from '../../identity/index.ts';
import { isOutage, LedgerHalted, LedgerOverloaded, LedgerUnavailable } from '../../ledger/index.ts';
import { InvalidInput } from '../../operations/index.ts';
import { invalidInputProblem, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';

export function problemOf(failure: unknown): Problem {
  if (failure instanceof ProblemError) return failure.problem;
  if (failure instanceof InvalidInput) return invalidInputProblem(failure);
  if (failure instanceof LedgerUnavailable) return failure.outcome === 'unknown' ? outcomeUnknown : databaseAway;
  if (failure instanceof IdentityUnavailable) return failure.outcome === 'unknown' ? changeUnknown : databaseAway;
  if (failure instanceof LedgerOverloaded || failure instanceof IdentityOverloaded) return overloaded;
  if (failure instanceof LedgerHalted) return halted;
  if (failure instanceof BrokerUnavailable) return brokerAway;
  if (isFrameworkRefusal(failure)) return frameworkProblem(failure);
  if (isOutage(failure)) return databaseAway;
  return internal;
}

const databaseAway: Problem = {
  status: 503,
  code: 'unavailable',
  title: 'Coffer cannot reach its database.',
  detail: 'Nothing was done. Send the same request again, after the seconds that Retry-After names.',
  retryAfterSeconds: 1,
};

const brokerAway: Problem = {
  status: 503,
  code: 'broker_unavailable',
  title: 'Coffer cannot reach RabbitMQ.',
  detail:
    'Of what was to be replayed or dropped, some may have been. When RabbitMQ is back, list the dead letters (GET /dead-letters), and send the request again for what is left.',
  retryAfterSeconds: 5,
};

const outcomeUnknown: Problem = {
  status: 503,
  code: 'outcome_unknown',
  title: 'Coffer lost its database before it answered.',
  detail:
    'The operation may have been done. Send the same request with the same idempotency key again: it is done once, and you get its answer.',
  retryAfterSeconds: 1,
};

const changeUnknown: Problem = {
  status: 503,
  code: 'outcome_unknown',
  title: 'Coffer lost the answer on the way.',
  detail: 'The change may have been made. Look whether it was (log in, or GET /users/me) before you send the request again.',
  retryAfterSeconds: 1,
};

const overloaded: Problem = {
  status: 503,
  code: 'overloaded',
  title: 'More requests wait than can be answered in time.',
  detail: 'Nothing was done. Send the same request again, after the seconds that Retry-After names.',
  retryAfterSeconds: 1,
};

const halted: Problem = {
  status: 503,
  code: 'ledger_halted',
  title: 'The ledger has stopped.',
  detail:
    'The operation may have been done. An operator has to look at the log and restart Coffer; then send the same request with the same idempotency key again.',
  retryAfterSeconds: 30,
};

const internal: Problem = {
  status: 500,
  code: 'internal',
  title: 'Coffer met an error of its own.',
  detail:
    'This is a bug; the log has the details, under the X-Request-Id of this answer. Whether anything was done is unknown: send the same request with the same idempotency key again.',
};

function isFrameworkRefusal(failure: unknown): failure is FastifyError & { statusCode: number } {
  if (!(failure instanceof Error) || !('statusCode' in failure)) return false;
  const { statusCode } = failure;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}

/** The framework's own words are for programmers; these are for callers. */
const frameworkDetails: Readonly<Record<string, Omit<Problem, 'status'>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'body_too_large',
    title: 'The body is too large.',
    detail: 'Nothing was done. Send at most 1 MiB: a batch that is larger can be sent in parts.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    title: 'The body is of a type that is not understood.',
    detail: 'Send JSON, with the header Content-Type: application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'invalid_request',
    title: 'The request is not valid.',
    detail: 'The body is not as long as its Content-Length says. Send its length in bytes, or leave that header to your HTTP client.',
  },
  FST_ERR_BAD_URL: {
    code: 'invalid_request',
    title: 'The request is not valid.',
    detail:
      'The path is not well encoded: each % must begin an encoded byte of UTF-8. Percent-encode the ids in it, and a % itself as %25.',
  },
};

function frameworkProblem(failure: FastifyError & { statusCode: number }): Problem {
  const known = frameworkDetails[failure.code];
  return {
    status: failure.statusCode,
    ...(known ?? {
      code: 'invalid_request',
      title: 'The request is not valid.',
      detail: 'The request could not be read to its end, and nothing was done. Send it again.',
    }),
  };
}
