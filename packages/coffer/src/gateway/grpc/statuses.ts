/** The table of problems over gRPC: a status, a stable code for programs and a sentence for people. */
import { status } from '@grpc/grpc-js';
import type { IdentityRefusal } from '../../identity/index.ts';
import type { OperationRefusal } from '../../operations/index.ts';
import type { AssetNames } from '../../visibility/index.ts';
import { explain, explainRefusal, outageOf, problemTable } from '../problems/index.ts';
import type { Facts, ProblemCode } from '../problems/index.ts';

export type Failure = { readonly status: status; readonly code: ProblemCode; readonly details: string };

/**
 * The table's row for a code. `said` replaces its detail and remedy. A status message must be well-formed, and facts can contain
 * anything.
 */
export function failureOf(
  code: ProblemCode,
  { facts, said }: { readonly facts?: Facts; readonly said?: string | undefined } = {},
): Failure {
  return { status: status[problemTable[code].grpc], code, details: (said ?? explain(code, facts)).toWellFormed() };
}

/** `entry`: the entry that recorded it, if any. */
export function ledgerFailure(refusal: OperationRefusal, entry: { readonly book: number } | null, assets: AssetNames): Failure {
  const { code, detail } = explainRefusal(refusal, entry, assets);
  return failureOf(code, { said: detail });
}

export function identityFailure({ code, facts }: IdentityRefusal): Failure {
  return failureOf(code, { facts });
}

/** Null if it is no outage but a bug of ours. */
export function outageFailure(thrown: unknown): Failure | null {
  const outage = outageOf(thrown);
  return outage && failureOf(outage.code, outage);
}
