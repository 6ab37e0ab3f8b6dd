/** Operations of callers and operators on asynchronous requests. The runner does the work. */
import type pg from 'pg';
import { orUnknown } from '../ledger/index.ts';
import { acceptedBefore, insertRequest } from './accepting.ts';
import type { Accepted, NewRequest, KeyRecord } from './accepting.ts';
import { RequestNotifier } from './notifier.ts';
import { decide } from './decisions.ts';
import type { Decided, DecidedBy, Decision } from './decisions.ts';
import { selectAttempts, selectRequest, selectRequests } from './reading.ts';
import type { RequestFilter, RequestPage, RequestReach } from './reading.ts';
import { isFinished } from './types.ts';
import type { AsyncRequest, Attempt } from './types.ts';
import { Waiting } from './waiting.ts';

const attemptsShown = 100;

export class Requests {
  readonly #pool: pg.Pool;
  readonly #notifier: RequestNotifier;
  readonly #waiting: Waiting;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#notifier = new RequestNotifier(pool);
    this.#waiting = new Waiting(pool);
  }

  /** Stores a request for a worker. Throws LedgerUnavailable if it is unknown whether it was stored. */
  async accept(input: NewRequest, record: KeyRecord): Promise<Accepted> {
    const accepted = await orUnknown(() => insertRequest(this.#pool, input, record));
    if (accepted.kind === 'accepted' && !accepted.replayed) this.#notifier.notify();
    return accepted;
  }

  /** The accepted request with this wallet, key and content, which is unchanged; null if there is none. */
  async findTwin(input: NewRequest): Promise<AsyncRequest | null> {
    const before = await acceptedBefore(this.#pool, input);
    return before?.kind === 'accepted' ? before.request : null;
  }

  async find(id: string, reach: RequestReach = {}): Promise<AsyncRequest | null> {
    return await selectRequest(this.#pool, id, reach);
  }

  /** The same, once it is finished or the time is up. */
  async findFinished(id: string, waitMs: number, reach: RequestReach = {}): Promise<AsyncRequest | null> {
    const found = await this.find(id, reach);
    if (!found || isFinished(found)) return found;
    await this.#waiting.finished(id, waitMs);
    return await this.find(id, reach);
  }

  async list(filter: RequestFilter): Promise<RequestPage> {
    return await selectRequests(this.#pool, filter);
  }

  /** Attempts and decisions: the last hundred lines, in order. */
  async attempts(id: string): Promise<readonly Attempt[]> {
    return await selectAttempts(this.#pool, id, attemptsShown);
  }

  /** Approves or rejects a waiting request, or replays a failed one. Throws LedgerUnavailable like `accept`. */
  async decide(id: string, decision: Decision, by: DecidedBy): Promise<Decided> {
    const decided = await orUnknown(() => decide(this.#pool, id, decision, by));
    if ('request' in decided) this.#notifier.notify();
    return decided;
  }

  /** Ends the waiting of all callers. */
  async stop(): Promise<void> {
    this.#waiting.stop();
    await this.#notifier.stop();
  }
}
