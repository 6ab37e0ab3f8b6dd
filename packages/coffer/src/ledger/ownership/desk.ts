/**
 * Where operations on one book are posted: at this process' writer while it owns the book, otherwise at the owner's. When the owner changes
 * or is silent, what was sent is asked again at the new owner under the same key; the log answers each key once.
 */
import { assert } from '../../kernel/index.ts';
import type { BookFault, BookStatus } from '../posting/observer.ts';
import { LedgerUnavailable, NotOwner } from '../posting/outages.ts';
import type { BookWriter } from '../posting/writer.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import { prepare } from '../rules/prepared.ts';
import type { Operation, Outcome } from '../rules/types.ts';
import type { PeerClient } from './peer-client.ts';

/** The owner gives up at the same moment and knows whether anything was done, so its word is worth waiting for. */
const graceMs = 500;

export type DeskOptions = {
  readonly book: number;
  readonly patienceMs: number;
  /** The connection to the owner; null: this process owns the book, or nobody does. */
  readonly owner: () => PeerClient | null;
  /** The term of the book's owner; 0: unknown. */
  readonly term: () => number;
  /** Resolves when the owner may have changed, at the latest at the deadline. */
  readonly change: (deadlineMs: number) => Promise<void>;
};

export class Desk {
  readonly #options: DeskOptions;
  #writer: BookWriter | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get book(): number {
    return this.#options.book;
  }

  /** This process' writer while it owns the book. */
  get writer(): BookWriter | null {
    return this.#writer;
  }

  open(writer: BookWriter): void {
    assert(this.#writer === null, 'a book has one writer in a process');
    this.#writer = writer;
  }

  /** Returns the writer, to be stopped. */
  close(): BookWriter | null {
    const writer = this.#writer;
    this.#writer = null;
    return writer;
  }

  /** Why the book cannot be posted to from here. */
  get fault(): BookFault | null {
    if (this.#writer) return this.#writer.fault;
    const status = this.#options.owner()?.status(this.book);
    return status ? status.fault : 'unavailable';
  }

  get status(): BookStatus {
    const term = this.#options.term();
    if (this.#writer) return { ...this.#writer.status, isOwned: true, term };
    const { book, fault } = this;
    return { book, ready: fault === null, fault, queueOperations: 0, clockSilentMs: 0, aheadMs: 0, isOwned: false, term };
  }

  /** Every hold that expired before this moment has been released, as the owner in another process says. */
  get releasedUntil(): Date | undefined {
    return this.#options.owner()?.status(this.book)?.releasedUntil;
  }

  /** Posts operations independently, or all or none when `linked`. Returns when they are committed. Throws like the writer's queue. */
  async post(operations: readonly Operation[], linked: boolean): Promise<Outcome[]> {
    const { patienceMs } = this.#options;
    const prepared = operations.map(prepare);
    const deadlineMs = performance.now() + patienceMs;
    let isSent = false;
    for (;;) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new LedgerUnavailable(isSent ? 'unknown' : 'not_done');
      try {
        return await this.#postOnce(prepared, linked, leftMs);
      } catch (failure) {
        if (!(failure instanceof NotOwner)) throw isSent ? new LedgerUnavailable('unknown', { cause: failure }) : failure;
        isSent ||= failure.isSent;
      }
      await this.#options.change(deadlineMs);
    }
  }

  /** Only at this process' writer: for other processes. */
  async postHere(prepared: readonly PreparedOperation[], linked: boolean, patienceMs: number): Promise<Outcome[]> {
    if (!this.#writer) throw new NotOwner(false);
    return await this.#writer.queue.addPrepared(prepared, linked, patienceMs);
  }

  async #postOnce(prepared: readonly PreparedOperation[], linked: boolean, leftMs: number): Promise<Outcome[]> {
    if (this.#writer) return await this.#writer.queue.addPrepared(prepared, linked, leftMs);
    const owner = this.#options.owner();
    if (!owner?.isOpen) throw new NotOwner(false);
    return await withDeadline(owner.post(this.book, prepared, linked, leftMs), leftMs + graceMs);
  }
}

/** The owner answers within the deadline or says that it did not; an owner that is silent may still post. */
async function withDeadline<T>(answer: Promise<T>, leftMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotOwner(true)), leftMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
