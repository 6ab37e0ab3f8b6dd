/** Problem documents (RFC 9457): the form of every failure over REST. The texts are in the table of problems. */
import type { FastifyReply } from 'fastify';
import { operationId } from '../../ledger/index.ts';
import type { InvalidInput, RefusedOutcome } from '../../operations/index.ts';
import type { AssetNames } from '../../visibility/index.ts';
import type { Denial } from '../access/index.ts';
import { explain, explainRefusal, problemTable } from '../problems/index.ts';
import type { Facts, ProblemCode } from '../problems/index.ts';

type Particulars = {
  /** The facts behind the detail, for programs; amounts in minor units. */
  readonly facts?: Facts | undefined;
  readonly requestId?: string | undefined;
  readonly operationId?: string | undefined;
  /** Of a transfer in steps that was debited before it was refused. */
  readonly transferStatus?: string | undefined;
  /** Replaces the table's. */
  readonly retryAfterSeconds?: number | undefined;
};

export type Problem = Particulars & {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: ProblemCode;
  /** What kind of failure it is, the same for every problem of this code. */
  readonly title: string;
  /** What went wrong in this case, and what to do about it. */
  readonly detail: string;
};

/** The table's row for a code. `said` replaces its detail and remedy. */
export function problem(code: ProblemCode, particulars: Particulars & { readonly said?: string | undefined } = {}): Problem {
  const { said, ...others } = particulars;
  const { http: status, title, retryAfterSeconds } = problemTable[code];
  return { retryAfterSeconds, ...others, status, code, title, detail: said ?? explain(code, others.facts) };
}

export const problemContentType = 'application/problem+json';

/** Thrown where the framework allows no other answer: in hooks, parsers and validators. */
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
export function malformed(said: string): Problem {
  return problem('invalid_request', { said });
}

/** Input that an operation could not read, or does not accept from this caller. */
export function invalidInputProblem({ code, message }: InvalidInput): Problem {
  return problem(code, { said: message });
}

export function forbidden(said: string): Problem {
  return problem('forbidden', { said });
}

export function denied(denial: Denial): Problem {
  if (denial.denied === 'too_many_requests') return tooMany(denial.retryAfterSeconds);
  return problem(denial.denied, { said: denial.detail });
}

export function tooMany(retryAfterSeconds: number): Problem {
  return problem('too_many_requests', { retryAfterSeconds, facts: { retryAfterSeconds: String(retryAfterSeconds) } });
}

/** A refusal of the ledger or the wallets. */
export function refusalProblem({ refusal, entry, key, saga }: RefusedOutcome, assets: AssetNames): Problem {
  const { code, detail, facts } = explainRefusal(refusal, entry, assets);
  return problem(code, {
    facts,
    said: saga && entry?.debit ? `${detail} The amount was returned to "${entry.debit.id}".` : detail,
    requestId: key,
    operationId: entry ? operationId(entry) : undefined,
    transferStatus: saga?.status,
  });
}
