/**
 * What the ledger throws. A refusal is an answer; these are not: they say that there is no answer, and what is known about it.
 */
import pg from "pg";

/** The database could not be reached in time. `unknown` means the operation may have been posted: ask again with the same key. */
export class LedgerUnavailable extends Error {
  override readonly name = "LedgerUnavailable";
  readonly outcome: "not_done" | "unknown";

  constructor(outcome: "not_done" | "unknown", options?: ErrorOptions) {
    super(
      outcome === "not_done"
        ? "The ledger's database is away. Nothing was done: try again."
        : "The ledger's database went away before it answered. The outcome is unknown: send the same request with the same idempotency key again.",
      options,
    );
    this.outcome = outcome;
  }
}

/** More operations wait than the ledger is willing to queue. Nothing was done. */
export class LedgerOverloaded extends Error {
  override readonly name = "LedgerOverloaded";
  constructor() {
    super(
      "The ledger has more waiting than it can answer in time. Nothing was done: try again in a second.",
    );
  }
}

/** The book's writer met a bug and stopped. Going on would mean deciding from a state nobody can vouch for. */
export class LedgerHalted extends Error {
  override readonly name = "LedgerHalted";
  constructor(cause: unknown) {
    super(
      "The ledger stopped this book after an internal error; an operator has to look at the log and restart it.",
      { cause },
    );
  }
}

/**
 * Classes of PostgreSQL errors that pass without anybody mending Coffer: connection lost, resources short, operator
 * intervention, server not ready, transaction aborted by the server, lock or statement timed out, read-only standby.
 */
const passingErrorClasses = new Set(["08", "40", "53", "55", "57", "58", "25"]);

/** The database found an idempotency key that memory did not know: nothing was written. */
export function isKeyUsedBefore(failure: unknown): boolean {
  return (
    failure instanceof pg.DatabaseError &&
    failure.code === "23505" &&
    failure.constraint === "entry_by_key"
  );
}

/** True when trying again later can help; anything else the database says to a posting is a bug of ours. */
export function isOutage(failure: unknown): boolean {
  if (failure instanceof pg.DatabaseError)
    return passingErrorClasses.has((failure.code ?? "").slice(0, 2));
  // Errors of the socket and of the driver's connection handling carry no SQLSTATE.
  return (
    failure instanceof Error && (connectionFailure.test(failure.message) || isSystemError(failure))
  );
}

const connectionFailure = /connection|terminated|timeout|not queryable|ended/i;

function isSystemError(failure: Error): boolean {
  return (
    "syscall" in failure ||
    ("code" in failure && typeof failure.code === "string" && /^E[A-Z]+$/.test(failure.code))
  );
}
