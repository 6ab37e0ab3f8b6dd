/** Turns anything thrown into a problem. Nothing that a caller sends results in `internal`; that code is for bugs. */
import type { FastifyError } from 'fastify';
import { InvalidInput } from '../../operations/index.ts';
import { outageOf } from '../problems/index.ts';
import { invalidInputProblem, malformed, problem, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';

export function problemOf(failure: unknown): Problem {
  if (failure instanceof ProblemError) return failure.problem;
  if (failure instanceof InvalidInput) return invalidInputProblem(failure);
  if (isFrameworkRefusal(failure)) return frameworkProblem(failure);
  const outage = outageOf(failure);
  return outage ? problem(outage.code, outage) : problem('internal');
}

function isFrameworkRefusal(failure: unknown): failure is FastifyError & { statusCode: number } {
  if (!(failure instanceof Error) || !('statusCode' in failure)) return false;
  const { statusCode } = failure;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}

/** The framework's messages are for programmers; these are for callers. */
const frameworkProblems: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: problem('body_too_large'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: problem('unsupported_media_type'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: malformed(
    'The length of the body does not match its Content-Length. Send its length in bytes, or leave that header to your HTTP client.',
  ),
  FST_ERR_BAD_URL: malformed(
    'The path is not percent-encoded correctly: each % must begin an encoded byte of UTF-8. Encode the ids in it, and a literal % as %25.',
  ),
};

function frameworkProblem({ code, statusCode }: FastifyError & { statusCode: number }): Problem {
  const unread = malformed('The request could not be read completely. Nothing was done. Send it again.');
  return { ...(frameworkProblems[code] ?? unread), status: statusCode };
}
