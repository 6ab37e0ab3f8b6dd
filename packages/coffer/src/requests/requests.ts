/** Operations of callers and operators on asynchronous requests. The runner does the work. */
import type pg from 'pg';
import { orUnknown } from '../ledger/index.ts';
import { plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { acceptedBefore, insertRequest } from './accepting.ts';
import type { Accepted, NewRequest, KeyRecord } from './accepting.ts';
import { RequestNotifier } from './notifier.ts';
import { openedRequest } from './opened.ts';
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
  readonly #metadata: MetadataVault;

  constructor(pool: pg.Pool, metadata: MetadataVault = plainMetadata) {
    this.#pool = pool;
    this.#metadata = metadata;
    this.#notifier = new RequestNotifier(pool);
    this.#waiting = new Waiting(pool);
  }

  /** Stores a request for a worker. Throws LedgerUnavailable if it is unknown whether it was stored. */
  async accept(input: NewRequest, record: KeyRecord): Promise<Accepted> {
    const accepted = await orUnknown(() => insertRequest(this.#pool, input, record, this.#metadata));
    if (accepted.kind !== 'accepted') return accepted;
    if (!accepted.replayed) this.#notifier.notify();
    return { ...accepted, request: await this.#openedOrUnknown(accepted.request) };
  }

  /** The accepted request with this wallet, key and content, which is unchanged; null if there is none. */
  async findTwin(input: NewRequest): Promise<AsyncRequest | null> {
    const before = await acceptedBefore(this.#pool, input, this.#metadata);
    return before?.kind === 'accepted' ? before.request : null;
  }

  async find(id: string, reach: RequestReach = {}): Promise<AsyncRequest | null> {
    const found = await selectRequest(this.#pool, id, reach);
    return found && (await openedRequest(this.#metadata, found));
  }

  /** The same, once it is finished or the time is up. */
  async findFinished(id: string, waitMs: number, reach: RequestReach = {}): Promise<AsyncRequest | null> {
    const found = await this.find(id, reach);
    if (!found || isFinished(found)) return found;
    await this.#waiting.finished(id, waitMs);
    return await this.find(id, reach);
  }

  async list(filter: RequestFilter): Promise<RequestPage> {
    const page = await selectRequests(this.#pool, filter);
    return { ...page, items: await Promise.all(page.items.map(async (item) => await openedRequest(this.#metadata, item))) };
  }

  /** Attempts and decisions: the last hundred lines, in order. */
  async attempts(id: string): Promise<readonly Attempt[]> {
    return await selectAttempts(this.#pool, id, attemptsShown);
  }

  /** Approves or rejects a waiting request, or replays a failed one. Throws LedgerUnavailable like `accept`. */
  async decide(id: string, decision: Decision, by: DecidedBy): Promise<Decided> {
    const decided = await orUnknown(() => decide(this.#pool, id, decision, by));
    if (!('request' in decided)) return decided;
    this.#notifier.notify();
    return { ...decided, request: await this.#openedOrUnknown(decided.request) };
  }

  /** After a change: an outage does not mean that it was not made. */
  async #openedOrUnknown(request: AsyncRequest): Promise<AsyncRequest> {
    return await orUnknown(() => openedRequest(this.#metadata, request));
  }

  /** Ends the waiting of all callers. */
  async stop(): Promise<void> {
    this.#waiting.stop();
    await this.#notifier.stop();
  }
}
