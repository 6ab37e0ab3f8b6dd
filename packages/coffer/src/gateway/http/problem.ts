/** Problem documents (RFC 9457): how every failure is told, whoever noticed it. */
import type { FastifyReply } from 'fastify';
import type { InvalidInput } from '../../operations/index.ts';
import type { Denial } from '../access/index.ts';

export type Problem = {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** What kind of failure it is, the same for each of its code. */
  readonly title: string;
  /** What a person can do about this one. */
  readonly detail: string;
  /** What the detail speaks of, for programs; amounts in minor units. */
  readonly facts?: Readonly<Record<string, string>> | undefined;
  readonly requestId?: string | undefined;
  readonly operationId?: string | undefined;
  /** Of a transfer in steps that was debited before it was refused. */
  readonly transferStatus?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
};

export const problemContentType = 'application/problem+json';

/** Thrown where the framework leaves no other way to answer: in hooks, parsers and validators. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export function problemBody(problem: Problem): string {
  const { status, code, title, detail, facts, requestId, operationId, transferStatus } = problem;
  const type = `urn:coffer:problem:${code}`;
  return JSON.stringify({ type, title, status, code, detail, ...facts, requestId, operationId, transferStatus });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(problem.status).header('content-type', problemContentType).send(problemBody(problem));
}

/** A request that cannot be understood. */
export function malformed(detail: string, code = 'invalid_request'): Problem {
  return { status: 400, code, title: 'The request is not valid.', detail };
}

/** What an operation could not read, or does not take from this caller. */
export function invalidInputProblem({ code, message }: InvalidInput): Problem {
  if (code === 'forbidden') return forbidden(message);
  return code === 'unauthenticated' ? unauthenticated(message) : malformed(message);
}

export function unauthenticated(detail: string): Problem {
  return { status: 401, code: 'unauthenticated', title: 'This needs a valid login.', detail };
}

export function forbidden(detail: string): Problem {
  return { status: 403, code: 'forbidden', title: 'This is not allowed to you.', detail };
}

export function tooMany(retryAfterSeconds: number): Problem {
  return {
    status: 429,
    code: 'too_many_requests',
    title: 'Too many attempts.',
    detail: `Nothing was done. Try again in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  };
}

export function denied({ denied: why, detail, retryAfterSeconds = 1 }: Denial): Problem {
  if (why === 'too_many_requests') return tooMany(retryAfterSeconds);
  return why === 'unauthenticated' ? unauthenticated(detail) : forbidden(detail);
}

export function notFound(code: string, detail: string, facts?: Record<string, string>): Problem {
  return { status: 404, code, title: 'There is no such thing.', detail, facts };
}
