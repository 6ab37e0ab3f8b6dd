/** Sends each operation to the book of the wallet that initiates it. */
import { assert } from '../../kernel/index.ts';
import { LedgerUnavailable } from '../posting/outages.ts';
import type { Desk } from '../ownership/index.ts';
import { initiatorId } from '../rules/prepared.ts';
import type { Operation, Outcome } from '../rules/types.ts';
import { bookOfInitiator } from './placement.ts';

export class BookRouter {
  /** For books 1, 2, 3 … */
  readonly #desks: readonly Desk[];

  constructor(desks: readonly Desk[]) {
    this.#desks = desks;
  }

  async post(operation: Operation, book?: number): Promise<Outcome> {
    const [outcome] = await this.#post(book ?? this.#bookOf(operation), [operation], false);
    assert(outcome, 'one operation, one outcome');
    return outcome;
  }

  /** Each independently, decided in order within a book. Returns when every book involved has answered. */
  async postEach(operations: readonly Operation[], book?: number): Promise<Outcome[]> {
    const [first] = operations;
    if (!first) return [];
    if (operations.length === 1 || this.#desks.length === 1) return await this.#post(book ?? this.#bookOf(first), operations, false);
    const shares = new Map<number, number[]>();
    for (const [at, operation] of operations.entries()) {
      const number = book ?? this.#bookOf(operation);
      const share = shares.get(number);
      if (share) share.push(at);
      else shares.set(number, [at]);
    }
    const answers = await settleTogether(
      [...shares].map(([number, share]) =>
        this.#post(
          number,
          operations.filter((_, at) => share.includes(at)),
          false,
        ),
      ),
    );
    const outcomes: Outcome[] = [];
    for (const [index, share] of [...shares.values()].entries()) {
      for (const [place, at] of share.entries()) {
        const outcome = answers[index]?.[place];
        assert(outcome, 'each operation has its outcome');
        outcomes[at] = outcome;
      }
    }
    return outcomes;
  }

  /** All or none, in the book of the first operation. A wallet in another book refuses the whole group. */
  async postLinked(operations: readonly Operation[], book?: number): Promise<Outcome[]> {
    const [first] = operations;
    return first ? await this.#post(book ?? this.#bookOf(first), operations, true) : [];
  }

  #post(book: number, operations: readonly Operation[], linked: boolean): Promise<Outcome[]> {
    return this.#desk(book).post(operations, linked);
  }

  /** System accounts exist in every book; without `book`, the first one is meant. */
  #bookOf(operation: Operation): number {
    const { book } = operation as { readonly book?: number };
    return book ?? bookOfInitiator(initiatorId(operation), this.#desks.length);
  }

  #desk(book: number): Desk {
    const desk = this.#desks[book - 1];
    assert(desk, `book ${book} is one of the ledger's`);
    return desk;
  }
}

/** When only some books answered, part may have been posted: the failure must say that the outcome is unknown. */
async function settleTogether<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(parts);
  const failures = settled.filter((part) => part.status === 'rejected').map(({ reason }) => reason as unknown);
  if (failures.length === 0) return settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
  const [first] = failures;
  if (failures.length === settled.length && failures.every((failure) => !isUnknown(failure))) throw first;
  throw new LedgerUnavailable('unknown', { cause: first });
}

function isUnknown(failure: unknown): boolean {
  return failure instanceof LedgerUnavailable && failure.outcome === 'unknown';
}
