/** Runs identity's statements, each in its own transaction, and reports what is known if the database is unavailable. */
import pg from 'pg';
import { recordChange } from '../audit/index.ts';
import type { NewChange } from '../audit/index.ts';
import { estimateRows, inTransaction, isOutage, TransactionLost } from '../database/index.ts';
import type { Estimate } from '../database/index.ts';
import { assert } from '../kernel/index.ts';
import { IdentityUnavailable } from './outages.ts';

export class Queries {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async read<R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(query)).rows;
    } catch (failure) {
      throw isOutage(failure) ? new IdentityUnavailable('not_done', { cause: failure }) : failure;
    }
  }

  /** How many rows there are, roughly if there are many: see estimateRows. */
  async estimate(rows: string, values: readonly unknown[]): Promise<Estimate> {
    try {
      return await estimateRows(this.#pool, rows, values);
    } catch (failure) {
      throw isOutage(failure) ? new IdentityUnavailable('not_done', { cause: failure }) : failure;
    }
  }

  /** Several statements in one transaction. */
  async transact<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(this.#pool, work);
    } catch (failure) {
      if (!isOutage(failure)) throw failure;
      const notDone = failure instanceof TransactionLost ? failure.outcome === 'not_done' : wasCertainlyNotDone(failure);
      throw new IdentityUnavailable(notDone ? 'not_done' : 'unknown', { cause: failure });
    }
  }

  /** A statement and the record of what it changed, in one transaction; null for rows that show no change. */
  async writeRecorded<R extends pg.QueryResultRow>(
    query: pg.QueryConfig,
    changeOf: (rows: readonly R[]) => NewChange | null,
  ): Promise<R[]> {
    return await this.transact(async (client) => {
      const { rows } = await client.query<R>(query);
      const change = changeOf(rows);
      if (change) await recordChange(client, change);
      return rows;
    });
  }

  async write<R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(query)).rows;
    } catch (failure) {
      if (!isOutage(failure)) throw failure;
      throw new IdentityUnavailable(wasCertainlyNotDone(failure) ? 'not_done' : 'unknown', {
        cause: failure,
      });
    }
  }
}

/** If the server refused the statement or was never reached, nothing was done; if the connection broke, it may have committed. */
function wasCertainlyNotDone(failure: unknown): boolean {
  if (failure instanceof pg.DatabaseError) return !['08', '57'].includes((failure.code ?? '').slice(0, 2));
  assert(failure instanceof Error, 'the driver throws only Errors');
  return ('code' in failure && failure.code === 'ECONNREFUSED') || failure.message.includes('trying to connect');
}
