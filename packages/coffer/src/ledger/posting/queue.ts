/** Requests that wait to be taken into a batch, each with its deadline. */
import { prepare } from '../rules/prepared.ts';
import { LedgerOverloaded, LedgerUnavailable } from './outages.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import type { Operation, Outcome } from '../rules/types.ts';

/** Operations of one caller, decided together; `linked`: all or none. */
export type Group = { readonly operations: readonly PreparedOperation[]; readonly linked: boolean };

export type Request = Group & {
  readonly deadlineMs: number;
  /** True once it may have reached the database: from then on a missing answer means an unknown outcome. */
  sent: boolean;
  /** True once the caller was answered with an outage. If it was not sent before, it never is. */
  givenUp: boolean;
  readonly answer: (outcomes: Outcome[]) => void;
  readonly fail: (reason: Error) => void;
};

/** Two seconds of work at full speed. Beyond that, rejecting is better than queueing. */
const operationsMax = 100_000;

export class RequestQueue {
  readonly #patienceMs: number;
  readonly #refusal: () => Error | null;
  #waiting: Request[] = [];
  #operations = 0;
  #closed = false;
  #wake: (() => void) | null = null;

  /** `refusal`: why the writer takes nothing; null while it does. */
  constructor(patienceMs: number, refusal: () => Error | null = () => null) {
    this.#patienceMs = patienceMs;
    this.#refusal = refusal;
  }

  /** Posts operations independently, or all or none when `linked`. Returns when they are committed. */
  add(operations: readonly Operation[], linked: boolean): Promise<Outcome[]> {
    return this.addPrepared(operations.map(prepare), linked, this.#patienceMs);
  }

  /** Likewise, operations that are prepared already, within a time of their own. */
  addPrepared(operations: readonly PreparedOperation[], linked: boolean, patienceMs: number): Promise<Outcome[]> {
    const refusal = this.#refusal() ?? (this.#closed ? new LedgerUnavailable('not_done') : null);
    if (refusal) return Promise.reject(refusal);
    if (this.#operations + operations.length > operationsMax) return Promise.reject(new LedgerOverloaded());
    return new Promise((answer, fail) => {
      this.#waiting.push({
        operations,
        linked,
        deadlineMs: performance.now() + patienceMs,
        sent: false,
        givenUp: false,
        answer,
        fail,
      });
      this.#operations += operations.length;
      this.wake();
    });
  }

  /** Removes and returns the requests at the front, at least one and up to `operations` operations. */
  take(operations: number): Request[] {
    let count = 0;
    let taken = 0;
    for (const request of this.#waiting) {
      if (count > 0 && taken + request.operations.length > operations) break;
      taken += request.operations.length;
      count++;
    }
    this.#operations -= taken;
    return this.#waiting.splice(0, count);
  }

  /** Puts requests back at the front, in their order. */
  putBack(requests: readonly Request[]): void {
    for (const request of requests) this.#operations += request.operations.length;
    this.#waiting = [...requests, ...this.#waiting];
  }

  /** Rejects the requests whose deadline has passed. */
  dropExpired(): void {
    const nowMs = performance.now();
    if (!this.#waiting.some((request) => request.deadlineMs <= nowMs)) return;
    const expired = this.#waiting.filter((request) => request.deadlineMs <= nowMs);
    this.#waiting = this.#waiting.filter((request) => request.deadlineMs > nowMs);
    for (const request of expired) {
      this.#operations -= request.operations.length;
      failExpired(request);
    }
  }

  failAll(reason: (request: Request) => Error): void {
    for (const request of this.take(Number.POSITIVE_INFINITY)) request.fail(reason(request));
  }

  /** Accepts nothing more; queued requests are still answered. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  /** The number of queued operations. */
  get operations(): number {
    return this.#operations;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves at the next `add`, `close` or `wake`. */
  async somethingNew(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

export function failExpired(request: Request): void {
  request.givenUp = true;
  request.fail(new LedgerUnavailable(request.sent ? 'unknown' : 'not_done'));
}
