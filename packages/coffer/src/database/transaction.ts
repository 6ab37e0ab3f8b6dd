/** Transactions: the only code that begins, commits and rolls back for writes through a pool. */
import pg from 'pg';

/**
 * The connection broke in a transaction. `unknown`: during the commit, so it may or may not have taken effect; `not_done`: before, so it
 * has no effect. An outage, like any broken connection.
 */
export class TransactionLost extends Error {
  override readonly name = 'TransactionLost';
  readonly outcome: 'unknown' | 'not_done';

  constructor(outcome: 'unknown' | 'not_done', cause: unknown) {
    super(outcome === 'unknown' ? 'the connection broke before the commit was answered' : 'the connection broke within a transaction', {
      cause,
    });
    this.outcome = outcome;
  }
}

export type TransactionOptions = {
  /** Statements for the beginning, such as `set local lock_timeout = '15s'`. */
  readonly settings?: string;
};

/**
 * Runs `work` in one transaction and commits it when `work` returns; when it throws, rolls back and rethrows. Only a connection whose state
 * is known returns to the pool. Throws TransactionLost when the connection broke.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query(beginText(options));
    const result = await workThenCommit(client, work);
    isBroken = false;
    return result;
  } catch (failure) {
    if (failure instanceof WithinTransaction) {
      isBroken = false;
      throw failure.cause;
    }
    throw failure;
  } finally {
    client.release(isBroken);
  }
}

/** The same on the caller's own connection. */
export async function inTransactionOn<T>(client: pg.Client, work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  await client.query(beginText(options));
  try {
    return await workThenCommit(client, work);
  } catch (failure) {
    throw failure instanceof WithinTransaction ? failure.cause : failure;
  }
}

/** Why a transaction on a healthy connection was rolled back. */
class WithinTransaction extends Error {}

function beginText({ settings }: TransactionOptions): string {
  return settings === undefined ? 'begin' : `begin; ${settings}`;
}

async function workThenCommit<Client extends pg.ClientBase, T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work(client);
  } catch (cause) {
    await client.query('rollback').catch(() => {
      throw new TransactionLost('not_done', cause);
    });
    throw new WithinTransaction('rolled back', { cause });
  }
  const { command } = await client.query('commit').catch((cause: unknown) => {
    throw isAnswered(cause) ? new WithinTransaction('refused', { cause }) : new TransactionLost('unknown', cause);
  });
  // PostgreSQL answers a commit of a failed transaction with a rollback, and without an error.
  if (command === 'ROLLBACK') {
    throw new WithinTransaction('rolled back', { cause: new Error('a statement of the transaction failed, and its failure was ignored') });
  }
  return result;
}

/** Whether the server itself reported that it did not commit. A shutdown or a broken connection does not tell. */
function isAnswered(failure: unknown): boolean {
  return failure instanceof pg.DatabaseError && !/^(08|57)/.test(failure.code ?? '08');
}
