import type { Operation } from './generated/types.ts';

/** The format of Coffer's failures (RFC 9457); further members are facts about it, as strings. */
export type ProblemDocument = {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId?: string;
  readonly operationId?: string;
  readonly [fact: string]: unknown;
};

/** Coffer refused the request. A retry with the same key gets the same answer. */
export class CofferRefused extends Error {
  override readonly name = 'CofferRefused';
  /** The HTTP status. */
  readonly status: number;
  /** Stable, for programs: insufficient_funds, version_stale … */
  readonly code: string;
  /** What you can do about it. */
  readonly detail: string;
  /** The facts that the detail mentions, amounts in minor units. */
  readonly facts: Readonly<Record<string, string>>;
  /** The idempotency key under which the refusal is remembered. */
  readonly requestId: string | undefined;
  /** The id of the recorded refusal; undefined for a request that never reached the ledger. */
  readonly operationId: string | undefined;
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  /** The unchanged answer. */
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument, replayed = false) {
    super(`${problem.code}: ${problem.detail}`);
    const { type: _type, title: _title, status, code, detail, requestId, operationId, ...others } = problem;
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.facts = Object.fromEntries(Object.entries(others).filter((fact): fact is [string, string] => typeof fact[1] === 'string'));
    this.requestId = requestId;
    this.operationId = operationId;
    this.replayed = replayed;
    this.problem = problem;
  }
}

/**
 * The known outcome of a request without an answer. not_done: it had no effect. unknown: it may have had one, or may still have one; repeat
 * the call with the same key to settle it. done: it is recorded (see `operation`), only its own answer could not be read.
 */
export type Outcome = 'not_done' | 'unknown' | 'done';

/** No answer from Coffer within the call's attempts and time. */
export class CofferUnavailable extends Error {
  override readonly name = 'CofferUnavailable';
  readonly outcome: Outcome;
  /** The idempotency key of the call: calling again with it is safe. */
  readonly key: string | undefined;
  readonly attempts: number;
  /** The operation recorded under the key, when the outcome is done. */
  readonly operation: Operation | undefined;

  constructor(
    reason: string,
    about: { outcome: Outcome; key?: string | undefined; attempts: number; operation?: Operation | undefined; cause?: unknown },
  ) {
    super(`${reason} ${sentences[about.outcome]}`, { cause: about.cause });
    this.outcome = about.outcome;
    this.key = about.key;
    this.attempts = about.attempts;
    this.operation = about.operation;
  }
}

const sentences = {
  not_done: 'Nothing was done.',
  unknown: 'The outcome is unknown: repeat the call with the same key to settle it.',
  done: 'The operation was done.',
} as const satisfies Record<Outcome, string>;
