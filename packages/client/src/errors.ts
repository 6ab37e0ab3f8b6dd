import type { Operation } from './generated/types.ts';

/** How Coffer tells a failure (RFC 9457); further members are facts about it, as strings. */
export type ProblemDocument = {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId?: string;
  readonly operationId?: string;
  readonly [fact: string]: unknown;
};

/** Coffer said no. Asking again with the same key gives the same answer. */
export class CofferRefused extends Error {
  override readonly name = 'CofferRefused';
  /** The HTTP status. */
  readonly status: number;
  /** Stable, for programs: insufficient_funds, version_stale … */
  readonly code: string;
  /** What a person can do about it. */
  readonly detail: string;
  /** What the detail speaks of, amounts in minor units. */
  readonly facts: Readonly<Record<string, string>>;
  /** The idempotency key that the refusal is remembered under. */
  readonly requestId: string | undefined;
  /** Where the refusal is on record; none for a request that never reached the ledger. */
  readonly operationId: string | undefined;
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  /** The answer as it came. */
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
 * What is known of a request that got no answer. not_done: it had no effect. unknown: it may have had one, or still get one;
 * the same call with the same key settles it. done: it is on record (see `operation`), only its own answer could not be had.
 */
export type Outcome = 'not_done' | 'unknown' | 'done';

/** No answer could be had from Coffer, within the attempts and the time that the call had. */
export class CofferUnavailable extends Error {
  override readonly name = 'CofferUnavailable';
  readonly outcome: Outcome;
  /** The idempotency key that the call used: calling again with it is safe. */
  readonly key: string | undefined;
  readonly attempts: number;
  /** What is on record under the key, when the outcome is done. */
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
  unknown: 'The outcome is unknown: the same call with the same key settles it.',
  done: 'The operation was done.',
} as const satisfies Record<Outcome, string>;
